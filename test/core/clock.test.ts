import t from 'tap';
import { ManualClock, systemClock } from '../../src/core/clock.js';

t.test('timers fire in order of due time, then of creation, each at its own due time', async (t) => {
  const clock = new ManualClock(1000);
  const fired: [string, number][] = [];
  const note = (name: string) => () => void fired.push([name, clock.nowMs()]);
  clock.after(30, note('late'));
  clock.after(10, note('first'));
  clock.after(10, note('second'));
  clock.after(-5, note('now'));
  clock.advance(20);
  t.same(fired, [
    ['now', 0],
    ['first', 10],
    ['second', 10],
  ]);
  t.equal(clock.pendingTimers, 1);
  t.equal(clock.nowMs(), 20);
  t.equal(clock.wallMs(), 1020);
  clock.advance(10);
  t.same(fired.at(-1), ['late', 30]);
});

t.test('a timer set by a timer fires in the same advance if it falls due in it', async (t) => {
  const clock = new ManualClock();
  const at: number[] = [];
  const again = (): void => {
    at.push(clock.nowMs());
    clock.after(10, again);
  };
  clock.after(10, again);
  clock.advance(35);
  t.same(at, [10, 20, 30]);
});

t.test('a cancelled timer never fires, cancelling twice or late is nothing', async (t) => {
  const clock = new ManualClock();
  let fired = 0;
  const gone = clock.after(10, () => (fired += 1));
  const cutByOther = clock.after(10, () => (fired += 1));
  clock.after(5, () => cutByOther.cancel());
  const kept = clock.after(6, () => (fired += 1));
  gone.cancel();
  gone.cancel();
  clock.advance(100);
  kept.cancel();
  t.equal(fired, 1);
  t.equal(clock.pendingTimers, 0);
});

t.test('the system clock fires once, and not when cancelled', async (t) => {
  const beganMs = systemClock.nowMs();
  await new Promise<void>((resolve) => {
    systemClock.after(5, () => t.fail('was cancelled')).cancel();
    systemClock.after(15, resolve);
  });
  t.ok(systemClock.nowMs() - beganMs >= 13);
  t.ok(Math.abs(systemClock.wallMs() - Date.now()) < 1000);
});
