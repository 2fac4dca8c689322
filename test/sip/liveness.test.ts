import t from 'tap';
import { ManualClock } from '../../src/core/clock.js';
import { Liveness } from '../../src/sip/liveness.js';
import { sdp } from '../embedded/drachtio/harness.js';
import { agent, empty } from '../embedded/sip/phones.js';
import { answered, portOf, real, testbed } from './carriers.js';

/** A side that gives these answers, one each time it is asked. */
function asked(answers: readonly (number | undefined)[]) {
  const clock = new ManualClock();
  const left = [...answers];
  const gone: number[] = [];
  const liveness = new Liveness(
    clock,
    1000,
    () => Promise.resolve(left.shift()),
    (status) => gone.push(status),
  );
  const after = async (ms: number) => {
    await Promise.resolve();
    clock.advance(ms);
    await Promise.resolve();
  };
  return { clock, gone, liveness, after, left: () => left.length };
}

t.test('a side that answered and then does not, or knows the call no more, is gone', async (t) => {
  for (const status of [408, 481]) {
    const { clock, gone, after, left } = asked([200, 501, undefined, status, 200]);
    for (let i = 0; i < 3; i++) {
      t.same(gone, []);
      await after(1000);
    }
    t.same(gone, [status]);
    t.equal(clock.pendingTimers, 0);
    t.equal(left(), 1, 'and is asked no more');
  }
});

t.test('a side that never answered is not asked again, and is not taken for gone', async (t) => {
  for (const answers of [[408], [481], [undefined, 408]]) {
    const { clock, gone, after, left } = asked(answers);
    for (let i = 0; i < 3; i++) await after(1000);
    t.same(gone, []);
    t.equal(left(), 0);
    t.equal(clock.pendingTimers, 0);
  }
});

t.test('nothing is asked after the end, and an answer that comes then says nothing', async (t) => {
  const { clock, gone, liveness, after, left } = asked([200, 481]);
  await after(0);
  liveness.stop();
  liveness.stop();
  await after(5000);
  t.equal(left(), 1);
  t.same(gone, []);
  t.equal(clock.pendingTimers, 0);
});

t.test('a dialog that is watched ends when its telephone knows it no more, and leaves nothing', async (t) => {
  const phone = await agent(t, 'desk');
  const source = { protocol: 'udp', address: '127.0.0.1', port: portOf(phone) } as const;
  const bed = await testbed(t, { carriers: 0, bindings: () => [{ contact: 'sip:alice@192.0.2.7', source }] });
  let options = 0;
  phone.on('invite', (incoming) => {
    incoming.accept({ body: sdp }).on('request', ({ request, respond }) => {
      t.equal(request.method, 'OPTIONS');
      respond(++options < 3 ? 200 : 481);
    });
  });
  const { dialog } = answered(await bed.dialer.place({ to: 'alice' }).dial(sdp));
  const ended = new Promise<unknown>((resolve) => dialog.on('ended', resolve));
  dialog.watch(20);
  dialog.watch(20);
  t.match(await ended, {
    end: 'error',
    q850Cause: 41,
    detail: 'the other side does not know this call any more (481 to our OPTIONS)',
  });
  t.equal(options, 3);
  await dialog.bye();
  t.ok(await bed.gone());
  t.ok(await empty(phone));
});

t.test(
  'a dialog that is watched ends when its telephone vanishes',
  { skip: real !== undefined },
  async (t) => {
    const phone = await agent(t, 'desk');
    const source = { protocol: 'udp', address: '127.0.0.1', port: portOf(phone) } as const;
    const bed = await testbed(t, {
      carriers: 0,
      bindings: () => [{ contact: 'sip:alice@192.0.2.7', source }],
      // Timer F is 64 times the first.
      server: { timers: { t1Ms: 5, t2Ms: 40, t4Ms: 40 } },
    });
    const wasAsked = new Promise<void>((resolve) => {
      phone.on('invite', (incoming) => {
        incoming.accept({ body: sdp }).on('request', ({ respond }) => {
          respond(200);
          resolve();
        });
      });
    });
    const { dialog } = answered(await bed.dialer.place({ to: 'alice' }).dial(sdp));
    const ended = new Promise<unknown>((resolve) => dialog.on('ended', resolve));
    dialog.watch(20);
    await wasAsked;
    await phone.close();
    t.match(await ended, {
      end: 'error',
      q850Cause: 102,
      detail: 'the other side does not respond any more (408 to our OPTIONS)',
    });
    t.ok(await bed.gone());
  },
);
