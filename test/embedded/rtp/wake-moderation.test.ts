import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import { WakeModeration } from '../../../src/embedded/rtp/wake-moderation.js';

function world(dueInMs = 15) {
  const rests: number[] = [];
  const order: string[] = [];
  const world = { nowMs: 1000, dueInMs, rests };
  const moderation = new WakeModeration(
    () => world.nowMs,
    () => world.dueInMs,
    () => void order.push('handed over'),
    (ms) => {
      order.push('rested');
      rests.push(ms);
      world.nowMs += ms;
    },
  );
  /** A round of I/O that brings so many packets, and takes so long. */
  const round = async (packets: number, tookMs = 0.5): Promise<void> => {
    for (let i = 0; i < packets; i++) moderation.packet();
    world.nowMs += tookMs;
    await setImmediate();
  };
  return { world, rests, order, moderation, round };
}

t.test('with few calls the thread never rests', async (t) => {
  const { rests, round } = world();
  for (let ms = 0; ms < 200; ms++) await round(1, 1);
  t.same(rests, []);
});

t.test('what waits to be sent is handed over before a rest', async (t) => {
  const { order, round } = world();
  for (let ms = 0; ms < 100; ms++) await round(10);
  t.ok(order.length > 2);
  t.same(order.slice(0, 4), ['handed over', 'rested', 'handed over', 'rested']);
});

t.test('with many it rests until four milliseconds after the round began', async (t) => {
  const { rests, round } = world();
  for (let ms = 0; ms < 80; ms++) await round(10);
  rests.length = 0;
  for (let ms = 0; ms < 10; ms++) await round(10);
  t.same(rests, Array<number>(10).fill(3.5));
});

t.test('a thread that has enough to do does not rest', async (t) => {
  const { rests, round } = world();
  for (let ms = 0; ms < 80; ms++) await round(10);
  rests.length = 0;
  for (let ms = 0; ms < 10; ms++) await round(20, 4.5);
  t.same(rests, []);
});

t.test('what must be done in time is not slept through', async (t) => {
  const { world: now, rests, round } = world();
  for (let ms = 0; ms < 80; ms++) await round(10);
  rests.length = 0;
  now.dueInMs = 0.5;
  await round(10);
  now.dueInMs = 0.1;
  await round(10);
  t.same(rests, [0.5]);
});

t.test('when the calls have ended it does not rest any more', async (t) => {
  const { world: now, rests, round } = world();
  for (let ms = 0; ms < 80; ms++) await round(10);
  now.nowMs += 60_000;
  rests.length = 0;
  for (let ms = 0; ms < 25; ms++) await round(1, 1);
  t.same(rests, []);
});

t.test('closed, it lets the thread go on', async (t) => {
  const { rests, moderation, round } = world();
  for (let ms = 0; ms < 80; ms++) await round(10);
  rests.length = 0;
  moderation.close();
  await round(10);
  t.same(rests, []);
});
