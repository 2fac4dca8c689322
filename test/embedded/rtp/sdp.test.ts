import t from 'tap';
import fc from 'fast-check';
import { answerSdp, narrow, offerSdp, readRemoteMedia } from '../../../src/embedded/rtp/sdp.js';

const local = { address: '127.0.0.1', port: 20_000, sessionId: 1, sessionVersion: 2 };

function sdp(...lines: string[]): string {
  return ['v=0', 'o=- 1 1 IN IP4 10.0.0.1', 's=-', 't=0 0', ...lines, ''].join('\r\n');
}

t.test('our offer is as RFC 4566 and 3264 want it', (t) => {
  t.equal(
    offerSdp(local),
    [
      'v=0',
      'o=xiangyin 1 2 IN IP4 127.0.0.1',
      's=xiangyin',
      'c=IN IP4 127.0.0.1',
      't=0 0',
      'm=audio 20000 RTP/AVP 0 8 101',
      'a=rtpmap:0 PCMU/8000',
      'a=rtpmap:8 PCMA/8000',
      'a=rtpmap:101 telephone-event/8000',
      'a=fmtp:101 0-15',
      'a=ptime:20',
      'a=sendrecv',
      '',
    ].join('\r\n'),
  );
  t.match(offerSdp({ ...local, codecs: ['PCMA'], telephoneEvent: false }), /m=audio 20000 RTP\/AVP 8\r\n/);
  t.match(offerSdp({ ...local, address: '::1' }), /c=IN IP6 ::1/);
  t.match(offerSdp({ ...local, direction: 'sendonly' }), /a=sendonly/);
  t.end();
});

t.test('the answer takes the offer’s first codec that is ours, with its payload types', (t) => {
  const answer = answerSdp(
    sdp(
      'c=IN IP4 10.0.0.2',
      'm=audio 4000 RTP/AVP 111 96 0 8 126 100',
      'a=rtpmap:111 opus/48000/2',
      'a=rtpmap:96 pcma/8000/1',
      'a=rtpmap:126 telephone-event/48000',
      'a=rtpmap:100 telephone-event/8000',
      'a=ptime:30',
    ),
    local,
  );
  t.match(answer, {
    remote: { host: '10.0.0.2', port: 4000 },
    codec: 'PCMA',
    payloadType: 96,
    telephoneEventType: 100,
    ptimeMs: 30,
    direction: 'sendrecv',
    localDirection: 'sendrecv',
  });
  t.match(answer?.sdp, 'm=audio 20000 RTP/AVP 96 100\r\n');
  t.match(answer?.sdp, 'a=rtpmap:96 PCMA/8000\r\n');
  t.match(answer?.sdp, 'a=rtpmap:100 telephone-event/8000\r\n');
  t.notMatch(answer?.sdp, 'opus');
  t.end();
});

t.test('static payload types need no rtpmap, and one type alone is read', (t) => {
  t.match(readRemoteMedia(sdp('c=IN IP4 10.0.0.2', 'm=audio 4000 RTP/AVP 8')), {
    codec: 'PCMA',
    payloadType: 8,
  });
  t.match(readRemoteMedia(sdp('c=IN IP4 10.0.0.2', 'm=audio 4000 RTP/AVP 18 0')), {
    codec: 'PCMU',
    telephoneEventType: undefined,
    ptimeMs: 20,
  });
  t.equal(readRemoteMedia(sdp('c=IN IP4 10.0.0.2', 'm=audio 4000 RTP/AVP 0'), ['PCMA']), undefined);
  t.equal(
    readRemoteMedia(sdp('c=IN IP4 10.0.0.2', 'm=audio 4000 RTP/AVP 0', 'a=rtpmap:0 PCMU/16000')),
    undefined,
    'another rate is another codec',
  );
  t.end();
});

t.test('every other stream is refused with port 0, in its place', (t) => {
  const answer = answerSdp(
    sdp(
      'c=IN IP4 10.0.0.2',
      'm=video 5000 RTP/AVP 97 98',
      'a=rtpmap:97 H264/90000',
      'm=audio 4000 RTP/AVP 0',
      'm=audio 4002 RTP/AVP 0',
      'm=application 7000 UDP/BFCP *',
    ),
    local,
  );
  t.same(answer?.sdp.match(/^m=.*$/gm), [
    'm=video 0 RTP/AVP 97 98',
    'm=audio 20000 RTP/AVP 0',
    'm=audio 0 RTP/AVP 0',
    'm=application 0 UDP/BFCP *',
  ]);
  t.equal(answer?.remote?.port, 4000);
  t.end();
});

t.test('an address of the stream stands above that of the session', (t) => {
  const media = readRemoteMedia(sdp('c=IN IP4 10.0.0.2', 'm=audio 4000 RTP/AVP 0', 'c=IN IP4 10.0.0.3'));
  t.equal(media?.remote?.host, '10.0.0.3');
  t.equal(readRemoteMedia(sdp('m=audio 4000 RTP/AVP 0', 'c=IN IP6 ::1'))?.remote?.host, '::1');
  t.equal(readRemoteMedia(sdp('m=audio 4000 RTP/AVP 0')), undefined, 'no address at all');
  t.end();
});

t.test('what cannot be used is refused: secured, closed, foreign, no SDP', (t) => {
  const c = 'c=IN IP4 10.0.0.2';
  for (const lines of [
    [c, 'm=audio 4000 RTP/SAVP 0', 'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:abc'],
    [c, 'm=audio 4000 UDP/TLS/RTP/SAVPF 0'],
    [c, 'm=audio 0 RTP/AVP 0'],
    [c, 'm=audio 4000 RTP/AVP 18'],
    [c, 'm=audio 4000 RTP/AVP 101', 'a=rtpmap:101 telephone-event/8000'],
    [c],
  ]) {
    t.equal(answerSdp(sdp(...lines), local), undefined, String(lines.at(-1)));
  }
  t.equal(answerSdp('', local), undefined);
  t.equal(answerSdp('hello', local), undefined);
  t.match(
    answerSdp(sdp(c, 'm=audio 4000 RTP/SAVP 0', 'm=audio 4002 RTP/AVP 0'), local)?.sdp.match(/^m=.*$/gm),
    ['m=audio 0 RTP/SAVP 0', 'm=audio 20000 RTP/AVP 0'],
    'the plain one beside it is taken',
  );
  t.end();
});

t.test('hold: directions of stream and session, and the address of zeros', (t) => {
  const c = 'c=IN IP4 10.0.0.2';
  const m = 'm=audio 4000 RTP/AVP 0';
  const cases: [string[], string, string, boolean][] = [
    [[c, m, 'a=sendonly'], 'sendonly', 'recvonly', true],
    [[c, m, 'a=recvonly'], 'recvonly', 'sendonly', true],
    [[c, m, 'a=inactive'], 'inactive', 'inactive', true],
    [[c, 'a=sendonly', m], 'sendonly', 'recvonly', true],
    [[c, 'a=sendonly', m, 'a=sendrecv'], 'sendrecv', 'sendrecv', true],
    [['c=IN IP4 0.0.0.0', m], 'sendonly', 'recvonly', false],
    [['c=IN IP4 0.0.0.0', m, 'a=inactive'], 'inactive', 'inactive', false],
  ];
  for (const [lines, theirs, ours, address] of cases) {
    const answer = answerSdp(sdp(...lines), local);
    t.equal(answer?.direction, theirs);
    t.equal(answer?.localDirection, ours);
    t.match(answer?.sdp, `a=${ours}`);
    t.equal(answer?.remote !== undefined, address);
  }
  t.equal(narrow('sendonly', 'sendrecv'), 'sendonly');
  t.equal(narrow('recvonly', 'recvonly'), 'inactive');
  t.end();
});

t.test('an answer is read by the side that offered, whatever both prefer', (t) => {
  fc.assert(
    fc.property(
      fc.constantFrom(['PCMU'], ['PCMA'], ['PCMU', 'PCMA'], ['PCMA', 'PCMU']),
      fc.constantFrom('sendrecv', 'sendonly', 'recvonly', 'inactive'),
      fc.constantFrom('sendrecv', 'sendonly', 'recvonly', 'inactive'),
      fc.boolean(),
      fc.constantFrom(10, 20, 30, 60),
      (codecs, offered, wanted, telephoneEvent, ptimeMs) => {
        const offer = offerSdp({
          ...local,
          codecs,
          direction: offered as 'sendrecv',
          telephoneEvent,
          ptimeMs,
        });
        const answer = answerSdp(offer, { address: '::1', port: 30_000, direction: wanted as 'sendrecv' });
        const read = readRemoteMedia(answer?.sdp ?? '');
        t.equal(answer?.codec, codecs[0]);
        t.equal(answer?.ptimeMs, ptimeMs);
        t.match(read, {
          remote: { host: '::1', port: 30_000 },
          codec: codecs[0],
          payloadType: answer?.payloadType,
          direction: narrow(wanted as 'sendrecv', offered as 'sendrecv'),
        });
        t.equal(read?.telephoneEventType, telephoneEvent ? 101 : undefined);
      },
    ),
    { numRuns: 60 },
  );
  t.end();
});

t.test('no text makes it throw', (t) => {
  const whole = sdp(
    'c=IN IP4 10.0.0.2',
    'm=audio 4000 RTP/AVP 0 101',
    'a=rtpmap:101 telephone-event/8000',
    'a=ptime:x',
  );
  fc.assert(
    fc.property(fc.nat(whole.length), fc.string({ maxLength: 12 }), fc.nat(10), (at, text, cut) => {
      answerSdp(whole.slice(0, at) + text + whole.slice(at + cut), local);
      answerSdp(`${whole}${text}`, local);
    }),
    { numRuns: 500 },
  );
  t.pass('did not throw');
  t.end();
});

t.test('a port that is none is a stream that cannot be used', (t) => {
  for (const port of ['0', '65536', '70000', '99999999999999999999']) {
    const offer = sdp('c=IN IP4 10.0.0.2', `m=audio ${port} RTP/AVP 0`);
    t.equal(answerSdp(offer, local), undefined, port);
    t.equal(readRemoteMedia(offer), undefined, port);
  }
  t.equal(readRemoteMedia(sdp('c=IN IP4 10.0.0.2', 'm=audio 65535 RTP/AVP 0'))?.remote?.port, 65535);
  t.end();
});
