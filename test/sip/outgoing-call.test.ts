import type Srf from 'drachtio-srf';
import t, { type Test } from 'tap';
import { systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import { Dialer, type DialRequest } from '../../src/sip/dialer.js';
import type { DialResult } from '../../src/sip/dial-outcome.js';
import { connectApp, sdp, serverEmpty, startServer } from '../embedded/drachtio/harness.js';
import { agent, empty, next, uriOf } from '../embedded/sip/phones.js';

// Each has its own server and phones, and waits most of its time for 64 * T1.
t.jobs = 4;

/** A drachtio server, a dialer at it, and a carrier's or callee's user agent. */
async function setUp(t: Test) {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  const srf = (await connectApp(t, server)) as unknown as Srf;
  const dialer = new Dialer({
    srf,
    clock: systemClock,
    logger: silentLogger,
    locations: { bindings: () => [] },
    trunks: { linesFor: () => [], mayDial: () => true },
  });
  const gone = async (): Promise<boolean> =>
    (await serverEmpty(server)) && (await empty(phone)) && dialer.dialling === 0;
  const place = (request: Partial<DialRequest> = {}) => dialer.place({ to: uriOf(phone), ...request });
  return { server, phone, dialer, place, gone };
}

function failed(result: DialResult): Exclude<DialResult, { outcome: 'answered' }> {
  if (result.outcome === 'answered') throw new Error('it was answered');
  return result;
}

t.test(
  'an answered call tells of ringing and early media, and gives the dialog and the answer',
  async (t) => {
    const { phone, place, gone } = await setUp(t);
    phone.on('invite', (incoming) => {
      t.match(incoming.request.get('from'), /^"?.*<sip:100@127\.0\.0\.1:\d+>/);
      t.equal(incoming.request.body, sdp);
      incoming.respond(180);
      incoming.respond(183, undefined, { body: `${sdp}a=early\r\n` });
      incoming.accept({ body: `${sdp}a=answer\r\n` });
    });
    const call = place({ from: '100' });
    const heard: string[] = [];
    call.on('ringing', () => heard.push('ringing')).on('earlyMedia', (early) => heard.push(early.slice(-9)));
    const result = await call.dial(sdp);
    if (result.outcome !== 'answered') throw new Error(result.detail);
    t.strictSame(heard, ['ringing', 'a=early\r\n']);
    t.equal(result.sdp, `${sdp}a=answer\r\n`);
    t.equal(call.sipCallId, result.dialog.sipCallId);
    await result.dialog.bye();
    t.ok(await gone());
  },
);

for (const [status, outcome] of [
  [486, 'busy'],
  [603, 'refused'],
  [404, 'failed'],
] as const) {
  t.test(`${status} ends as ${outcome}`, async (t) => {
    const { phone, place, gone } = await setUp(t);
    phone.on('invite', (incoming) => incoming.respond(status));
    const result = failed(await place().dial(sdp));
    t.match(result, { outcome, sipStatus: status });
    t.ok(await gone());
  });
}

t.test('nobody answers within the ring time: CANCEL, then noAnswer', async (t) => {
  const { phone, place, gone } = await setUp(t);
  const cancelled = new Promise((resolve) => {
    phone.on('invite', (incoming) => {
      incoming.respond(180);
      void next(incoming, 'cancel').then(resolve);
    });
  });
  const result = failed(await place({ ringMs: 150 }).dial(sdp));
  await cancelled;
  t.match(result, { outcome: 'noAnswer', sipStatus: 487, q850Cause: 19 });
  t.ok(await gone());
});

t.test('cancelled at once, while ringing, and when the 200 crosses', async (t) => {
  const { phone, place, gone } = await setUp(t);
  const atOnce = place();
  phone.once('invite', (incoming) => void next(incoming, 'cancel'));
  const first = atOnce.dial(sdp);
  atOnce.cancel();
  t.match(await first, { outcome: 'cancelled' });

  const before = place();
  before.cancel();
  t.match(await before.dial(sdp), { outcome: 'cancelled', sipStatus: null });

  const ringing = place();
  phone.once('invite', (incoming) => incoming.respond(180));
  ringing.on('ringing', () => ringing.cancel());
  t.match(await ringing.dial(sdp), { outcome: 'cancelled', sipStatus: 487 });

  const crossing = place();
  const ended = new Promise<unknown>((resolve) => {
    phone.once('invite', (incoming) => {
      incoming.respond(180);
      void next(incoming.accept({ body: sdp }), 'ended').then(resolve);
    });
  });
  crossing.on('ringing', () => crossing.cancel());
  t.match(await crossing.dial(sdp), { outcome: 'cancelled' });
  t.strictSame(await ended, ['remote-bye']);
  t.ok(await gone());
});
