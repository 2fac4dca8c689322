import t from 'tap';
import { AUDIO_CODECS } from '../../../src/embedded/rtp/codec.js';
import { answerSdp, offerSdp, readRemoteMedia } from '../../../src/embedded/rtp/sdp.js';

const local = { address: '127.0.0.1', port: 20_000, sessionId: 1, codecs: AUDIO_CODECS };

function offer(types: string, ...lines: string[]): string {
  return [
    'v=0',
    'o=- 1 1 IN IP4 10.0.0.1',
    's=-',
    'c=IN IP4 10.0.0.2',
    't=0 0',
    `m=audio 4000 RTP/AVP ${types}`,
    ...lines,
    '',
  ].join('\r\n');
}

/** The lines of our answer's stream that say what is spoken. */
function formatLines(sdp: string | undefined): string[] {
  return (sdp ?? '').split('\r\n').filter((line) => /^(m=|a=rtpmap|a=fmtp)/.test(line));
}

t.test(
  'our offer lists every codec in our order, each with its rtpmap and fmtp, and keys for each clock',
  (t) => {
    t.same(formatLines(offerSdp(local)), [
      'm=audio 20000 RTP/AVP 0 8 9 96 97 98 101 99 100',
      'a=rtpmap:0 PCMU/8000',
      'a=rtpmap:8 PCMA/8000',
      'a=rtpmap:9 G722/8000',
      'a=rtpmap:96 opus/48000/2',
      'a=rtpmap:97 L16/8000',
      'a=rtpmap:98 L16/16000',
      'a=rtpmap:101 telephone-event/8000',
      'a=rtpmap:99 telephone-event/16000',
      'a=rtpmap:100 telephone-event/48000',
      'a=fmtp:96 maxplaybackrate=8000;sprop-maxcapturerate=8000;useinbandfec=1',
      'a=fmtp:101 0-15',
      'a=fmtp:99 0-15',
      'a=fmtp:100 0-15',
    ]);
    t.end();
  },
);

t.test('an offer with only opus says keys at 48 kHz and at 8 kHz', (t) => {
  t.match(formatLines(offerSdp({ ...local, codecs: ['opus'] }))[0], /RTP\/AVP 96 101 100$/);
  t.end();
});

t.test('an offer with only Opus is answered with its type, 48000 and 2, and keys at 48 kHz', (t) => {
  const answer = answerSdp(
    offer(
      '111 110 126',
      'a=rtpmap:111 opus/48000/2',
      'a=fmtp:111 minptime=10;useinbandfec=1',
      'a=rtpmap:110 telephone-event/48000',
      'a=rtpmap:126 telephone-event/8000',
    ),
    local,
  );
  t.match(answer, { codec: 'opus', payloadType: 111, telephoneEventType: 110 });
  t.same(formatLines(answer?.sdp), [
    'm=audio 20000 RTP/AVP 111 110',
    'a=rtpmap:111 opus/48000/2',
    'a=rtpmap:110 telephone-event/48000',
    'a=fmtp:111 maxplaybackrate=8000;sprop-maxcapturerate=8000;useinbandfec=1',
    'a=fmtp:110 0-15',
  ]);
  t.same(answer?.events, [
    { payloadType: 110, clockHz: 48_000 },
    { payloadType: 126, clockHz: 8000 },
  ]);
  t.end();
});

t.test('an offer of Opus with keys at 8 kHz only gets those', (t) => {
  const answer = answerSdp(
    offer('96 101', 'a=rtpmap:96 OPUS/48000/2', 'a=rtpmap:101 telephone-event/8000'),
    local,
  );
  t.match(answer, { codec: 'opus', telephoneEventType: 101 });
  t.match(answer?.sdp, 'a=rtpmap:101 telephone-event/8000');
  t.end();
});

t.test('an offer with only G.722 is answered, by its static type too', (t) => {
  for (const sdp of [offer('9'), offer('9', 'a=rtpmap:9 G722/8000')]) {
    const answer = answerSdp(sdp, local);
    t.match(answer, { codec: 'G722', payloadType: 9 });
    t.match(answer?.sdp, 'a=rtpmap:9 G722/8000\r\n');
  }
  t.end();
});

t.test('an offer with only L16 is answered at the rate it names', (t) => {
  t.match(answerSdp(offer('97', 'a=rtpmap:97 L16/16000'), local), { codec: 'L16/16000', payloadType: 97 });
  t.match(answerSdp(offer('97', 'a=rtpmap:97 L16/8000/1'), local), { codec: 'L16/8000', payloadType: 97 });
  t.equal(answerSdp(offer('97', 'a=rtpmap:97 L16/44100'), local), undefined);
  t.equal(answerSdp(offer('97', 'a=rtpmap:97 L16/16000/2'), local), undefined, 'not in stereo');
  t.equal(answerSdp(offer('11'), local), undefined, 'nor at 44.1 kHz by its static type');
  t.end();
});

t.test('the caller’s order decides: G.711 first stays G.711, a codec first that is wide is taken', (t) => {
  const maps = ['a=rtpmap:96 opus/48000/2', 'a=rtpmap:97 L16/16000'];
  const chosen = (types: string): string | undefined => answerSdp(offer(types, ...maps), local)?.codec;
  t.equal(chosen('0 8 9 96 97'), 'PCMU');
  t.equal(chosen('8 96 0'), 'PCMA');
  t.equal(chosen('18 9 0'), 'G722', 'after what we do not have');
  t.equal(chosen('96 9 0'), 'opus');
  t.equal(chosen('97 96'), 'L16/16000');
  t.end();
});

t.test('a codec that is not configured is not taken', (t) => {
  const sdp = offer('96 9 8', 'a=rtpmap:96 opus/48000/2');
  t.equal(answerSdp(sdp, { ...local, codecs: ['PCMA'] })?.codec, 'PCMA');
  t.equal(answerSdp(sdp, { ...local, codecs: ['G722', 'PCMA'] })?.codec, 'G722');
  t.equal(answerSdp(offer('9'), { ...local, codecs: ['PCMU'] }), undefined);
  t.end();
});

t.test('our answer has one codec, and the first of the offer alone may come', (t) => {
  const answer = answerSdp(offer('0 8 9', 'a=rtpmap:101 telephone-event/8000'), local);
  t.same(answer?.formats, [{ codec: 'PCMU', payloadType: 0 }]);
  t.match(formatLines(answer?.sdp)[0], /RTP\/AVP 0$/);
  t.end();
});

t.test('all codecs of an answer to our offer are known by their types', (t) => {
  const media = readRemoteMedia(
    offer('9 96 0 100', 'a=rtpmap:96 opus/48000/2', 'a=rtpmap:100 telephone-event/48000'),
    AUDIO_CODECS,
  );
  t.equal(media?.codec, 'G722');
  t.same(media?.formats, [
    { codec: 'G722', payloadType: 9 },
    { codec: 'opus', payloadType: 96 },
    { codec: 'PCMU', payloadType: 0 },
  ]);
  t.equal(media?.telephoneEventType, undefined, 'keys of 48 kHz alone do not go with G.722');
  t.end();
});

t.test('what the fmtp of Opus asks of the sender is read', (t) => {
  const wishes = (fmtp: string): unknown =>
    readRemoteMedia(offer('96', 'a=rtpmap:96 opus/48000/2', `a=fmtp:96 ${fmtp}`), AUDIO_CODECS)?.formats[0]
      ?.wishes;
  t.same(wishes('maxaveragebitrate=12000; cbr=1'), { maxBitRate: 12_000, isConstantRate: true });
  t.same(wishes('useinbandfec=1;maxaveragebitrate=40000'), { maxBitRate: 40_000, isConstantRate: false });
  t.equal(wishes('stereo=1'), undefined);
  t.equal(wishes('maxaveragebitrate=lots'), undefined);
  t.end();
});

t.test('opus with another clock is another codec, without its 2 it is meant', (t) => {
  t.equal(answerSdp(offer('96', 'a=rtpmap:96 opus/8000'), local), undefined);
  t.equal(answerSdp(offer('96', 'a=rtpmap:96 opus/48000/1'), local), undefined);
  t.match(answerSdp(offer('96', 'a=rtpmap:96 opus/48000'), local)?.sdp, 'a=rtpmap:96 opus/48000/2');
  t.end();
});
