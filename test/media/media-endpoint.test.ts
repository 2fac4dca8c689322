import t from 'tap';
import { ManualClock } from '../../src/core/clock.js';
import { silentLogger, type Logger } from '../../src/core/logger.js';
import type { ForkPlan } from '../../src/media/audio-fork.js';
import { MediaEndpoint } from '../../src/media/media-endpoint.js';
import { FakeMrfEndpoint } from './fake-endpoint.js';

function setUp(plan: ForkPlan = 'stereo') {
  const mrf = new FakeMrfEndpoint();
  const clock = new ManualClock();
  const warnings: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (_fields, message) => void warnings.push(message) };
  let released = 0;
  const endpoint = new MediaEndpoint(mrf.asEndpoint, plan, clock, logger, () => (released += 1));
  const events: string[] = [];
  endpoint.on('key', (key) => events.push(`key ${key}`)).on('gone', (cause) => events.push(`gone ${cause}`));
  return { mrf, clock, endpoint, events, warnings, released: () => released };
}

/** What is asked before the hangup, without waiting for it. */
const measuring = ['uuid_set_media_stats test-uuid', 'uuid_dump test-uuid json'];

const loop = () => new Promise((resolve) => setImmediate(resolve));

t.test('closing hangs up once, and is over when the media server has said BYE', async (t) => {
  const { mrf, clock, endpoint, events, released } = setUp();
  const closing = endpoint.close();
  void endpoint.close();
  t.equal(released(), 0);
  mrf.pending.get('destroy')?.done();
  await closing;
  t.equal(released(), 1);
  t.same(mrf.commands, [...measuring, 'destroy']);
  t.equal(endpoint.quality, undefined, 'nobody waits for figures');
  t.equal(mrf.legEnds, 0);
  t.equal(clock.pendingTimers, 0);
  mrf.emit('dtmf', { dtmf: '1' });
  mrf.emit('destroy', { reason: 'NORMAL_CLEARING' });
  t.same(events, [], 'who has closed is told nothing more');
});

t.test('what was measured before the hangup is there when it is over', async (t) => {
  const { mrf, endpoint } = setUp();
  const closing = endpoint.close();
  const body = '{"variable_rtp_audio_in_packet_count":"50","variable_rtp_audio_out_packet_count":"49"}';
  mrf.pending.get('api')?.done({ getBody: () => body });
  await loop();
  mrf.pending.get('destroy')?.done();
  await closing;
  t.match(endpoint.quality, { packetsReceived: 50, packetsSent: 49, lossReceived: null });
});

t.test('what the media server says of a call that it ends by itself is kept', async (t) => {
  const { mrf, endpoint } = setUp();
  const headers: Record<string, string> = {
    variable_rtp_audio_in_packet_count: '50',
    variable_rtp_audio_out_packet_count: '90',
  };
  endpoint.on('gone', () => void endpoint.close());
  mrf.emit('destroy', { reason: 'MEDIA_TIMEOUT' });
  mrf.conn.emit('esl::event::CHANNEL_CALLSTATE::test-uuid', { getHeader: (name: string) => headers[name] });
  t.match(endpoint.quality, { packetsReceived: 50, packetsSent: 90 });
  t.end();
});

t.test('a media server that says no BYE has its SIP leg ended after the limit', async (t) => {
  const { mrf, clock, endpoint, released, warnings } = setUp();
  const closing = endpoint.close();
  clock.advance(3000);
  await closing;
  t.equal(mrf.legEnds, 1);
  t.equal(released(), 1);
  t.equal(warnings.length, 1);
});

t.test('an endpoint that the media server hung up is told once and not hung up again', async (t) => {
  const { mrf, endpoint, events, released } = setUp();
  mrf.emit('dtmf', { dtmf: '#' });
  mrf.emit('destroy', { reason: 'MEDIA_TIMEOUT' });
  mrf.emit('destroy', { reason: 'MEDIA_TIMEOUT' });
  t.same(events, ['key #', 'gone MEDIA_TIMEOUT']);
  await endpoint.close();
  t.same(mrf.commands, []);
  t.equal(mrf.legEnds, 0, 'its BYE is on the way');
  t.equal(released(), 1);
});

t.test('a connection that broke: the SIP leg is ended by us', async (t) => {
  const { mrf, endpoint, events, released } = setUp();
  mrf.emit('destroy');
  t.same(events, ['gone connection lost']);
  await endpoint.close();
  t.equal(mrf.legEnds, 1);
  t.equal(released(), 1);
});

t.test('a re-INVITE that the media server refuses, or never answers, is not acceptable', async (t) => {
  const { mrf, clock, endpoint } = setUp();
  const agreed = endpoint.modify('v=1');
  mrf.pending.get('modify')?.done('v=2');
  t.equal(await agreed, 'v=2');
  const refused = endpoint.modify('v=3');
  mrf.pending.get('modify')?.fail(Object.assign(new Error('488'), { status: 488 }));
  await t.rejects(refused, { code: 'MEDIA_NOT_ACCEPTABLE', sipStatus: 488 });
  const silent = endpoint.modify('v=4');
  clock.advance(5000);
  await t.rejects(silent, { code: 'MEDIA_NOT_ACCEPTABLE' });
  t.equal(clock.pendingTimers, 0);
});

t.test(
  'an answer without the audio that was offered is a refusal, and what was agreed before holds again',
  async (t) => {
    const { mrf, clock, endpoint } = setUp();
    const audio = (port: number): string => `v=0\r\nm=audio ${port} RTP/AVP 0\r\n`;
    const [agreed, unknown, refusing, off] = [audio(4000), audio(4002), audio(0), audio(0)];
    const first = endpoint.modify(unknown);
    mrf.pending.get('modify')?.done(refusing);
    await t.rejects(first, { code: 'MEDIA_NOT_ACCEPTABLE', sipStatus: 488 });
    t.same(mrf.commands, [`modify ${unknown}`], 'nothing was agreed before');
    mrf.remote.sdp = agreed;
    const second = endpoint.modify(unknown);
    mrf.pending.get('modify')?.done(refusing);
    await loop();
    t.equal(mrf.commands.at(-1), `modify ${agreed}`);
    mrf.pending.get('modify')?.done(agreed);
    await t.rejects(second, { code: 'MEDIA_NOT_ACCEPTABLE' });
    const third = endpoint.modify(off);
    mrf.pending.get('modify')?.done(refusing);
    t.equal(await third, refusing, 'audio that the other side turns off is no refusal');
    t.equal(clock.pendingTimers, 0);
  },
);

t.test('a re-INVITE under way ends with the endpoint, whoever ends it', async (t) => {
  for (const end of ['close', 'crash'] as const) {
    const { mrf, clock, endpoint } = setUp();
    const changing = endpoint.modify('v=1');
    if (end === 'crash') mrf.emit('destroy');
    const closing = endpoint.close();
    await t.rejects(changing, { code: 'MEDIA_ENDPOINT_GONE' }, end);
    mrf.pending.get('destroy')?.done();
    await closing;
    t.equal(clock.pendingTimers, 0);
  }
});

t.test('one stereo fork where that does everything; elsewhere mono first, stereo second', async (t) => {
  const one = setUp();
  const started = one.endpoint.startForks({ speak: 'ws://a', listen: '' });
  one.mrf.pending.get('fork')?.done();
  await started;
  t.same(one.mrf.commands, ['fork stereo call ws://a true']);
  const two = setUp('mono-and-stereo');
  const both = two.endpoint.startForks({ speak: 'ws://a', listen: 'ws://b' });
  t.equal(
    two.mrf.commands.length,
    1,
    'the second waits for the first: the stereo fork must hold what it injects',
  );
  two.mrf.pending.get('fork')?.done();
  await loop();
  two.mrf.pending.get('fork')?.done();
  await both;
  t.same(two.mrf.commands, ['fork mono speak ws://a true', 'fork stereo listen ws://b false']);
});

t.test('a fork that the media server refuses is a failed fork', async (t) => {
  const { mrf, endpoint } = setUp();
  const started = endpoint.startForks({ speak: 'ws://a', listen: '' });
  mrf.pending.get('fork')?.fail(new Error('-ERR no such module'));
  await t.rejects(started, { code: 'MEDIA_FORK_FAILED', sipStatus: 503 });
});

t.test('a playback ends by itself, by a stop, or by a failure', async (t) => {
  const { mrf, endpoint } = setUp();
  const whole = endpoint.play(['/a.wav']);
  mrf.pending.get('play')?.done();
  t.equal(await whole.finished, 'done');
  whole.stop();
  t.same(mrf.commands, ['play /a.wav'], 'what is over is not stopped');

  const cut = endpoint.play(['/a.wav', '/b.wav']);
  cut.stop();
  cut.stop();
  t.same(mrf.commands.slice(1), ['play /a.wav,/b.wav', 'uuid_break test-uuid all']);
  mrf.pending.get('play')?.done();
  t.equal(await cut.finished, 'stopped');

  const failed = endpoint.play(['/c.wav']);
  mrf.pending.get('play')?.fail(new Error('File Not Found'));
  await t.rejects(failed.finished, { code: 'MEDIA_PLAYBACK_FAILED' });
  const unheard = endpoint.play(['/d.wav']);
  mrf.pending.get('play')?.fail(new Error('nobody waits for this'));
  await loop();
  t.ok(unheard, 'a failure that nobody awaits does not end the process');
});

t.test('a fork command that is never answered fails at its limit', async (t) => {
  const { clock, endpoint } = setUp();
  const forks = endpoint.startForks({ speak: 'ws://speak', listen: '' });
  clock.advance(5000);
  await t.rejects(forks, { code: 'MEDIA_FORK_FAILED' });
  t.equal(clock.pendingTimers, 0);
});
