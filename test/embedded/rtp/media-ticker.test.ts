import t from 'tap';
import { ManualClock, systemClock, type Clock } from '../../../src/core/clock.js';
import { silentLogger, type Logger } from '../../../src/core/logger.js';
import { MediaTicker } from '../../../src/embedded/rtp/media-ticker.js';

/** A clock whose timers come late by what `lateness` says, as under load. */
function lateClock(clock: ManualClock, lateness: (n: number) => number): Clock {
  let n = 0;
  return {
    nowMs: () => clock.nowMs(),
    wallMs: () => clock.wallMs(),
    after: (delayMs, fn) => clock.after(delayMs + lateness(n++), fn),
  };
}

t.test('an hour of late wake-ups has exactly the ticks of an hour', (t) => {
  const clock = new ManualClock();
  const ticker = new MediaTicker({
    clock: lateClock(clock, (n) => (n * 7) % 19),
    logger: silentLogger,
  });
  let count = 0;
  let last = 0;
  ticker.add((tick, idealMs, wakeMs) => {
    if (tick !== ++count || idealMs !== tick * 20 || wakeMs < idealMs) t.fail(`tick ${tick} at ${idealMs}`);
    last = tick;
  });
  clock.advance(3_600_000 + 19);
  t.equal(count, 180_000);
  t.equal(last, 180_000);
  t.equal(ticker.stats.skipped, 0);
  t.equal(ticker.stats.maxLatenessMs, 18);
  ticker.close();
  t.equal(clock.pendingTimers, 0);
  t.end();
});

t.test('after a stall the missed ticks run at once, those beyond the limit never', (t) => {
  const clock = new ManualClock();
  let stallMs = 0;
  const ticker = new MediaTicker({ clock: lateClock(clock, () => stallMs), logger: silentLogger });
  const seen: { tick: number; wakeMs: number }[] = [];
  ticker.add((tick, _idealMs, wakeMs) => {
    seen.push({ tick, wakeMs });
    stallMs = tick === 5 ? 100 : tick === 20 ? 1000 : 0;
  });
  clock.advance(2000);
  const ticks = seen.map(({ tick }) => tick);
  t.same(
    ticks.slice(0, 20),
    Array.from({ length: 20 }, (_, i) => i + 1),
    'none lost in a stall of 100 ms',
  );
  t.same(
    seen.filter(({ wakeMs }) => wakeMs === 220).map(({ tick }) => tick),
    [6, 7, 8, 9, 10, 11],
  );
  t.equal(ticks[20], 61, 'a stall of a second: 200 ms are caught up');
  t.equal(ticker.stats.skipped, 40);
  t.equal(ticks.at(-1), 100);
  ticker.close();
  t.end();
});

t.test('sleeps while nobody listens, and wakes on the same grid', (t) => {
  const clock = new ManualClock();
  const ticker = new MediaTicker({ clock, logger: silentLogger });
  t.equal(clock.pendingTimers, 0);
  const seen: number[] = [];
  const listener = (tick: number): void => void seen.push(tick);
  ticker.add(listener);
  clock.advance(45);
  ticker.remove(listener);
  t.equal(clock.pendingTimers, 0);
  t.notOk(ticker.active);
  clock.advance(1005);
  ticker.add(listener);
  ticker.add(listener);
  clock.advance(10);
  t.same(seen, [1, 2, 53]);
  ticker.close();
  ticker.close();
  ticker.add(listener);
  clock.advance(100);
  t.same(seen, [1, 2, 53]);
  t.equal(clock.pendingTimers, 0);
  t.end();
});

t.test('a listener may take itself or others away, or throw, in the middle of a tick', (t) => {
  const clock = new ManualClock();
  const warnings: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (_fields, message) => void warnings.push(message) };
  const ticker = new MediaTicker({ clock, logger });
  const seen: string[] = [];
  const second = (): void => void seen.push('second');
  const first = (): void => {
    seen.push('first');
    ticker.remove(first);
    ticker.remove(second);
    throw new Error('broken');
  };
  ticker.add(first);
  ticker.add(second);
  ticker.add(() => void seen.push('third'));
  clock.advance(40);
  t.same(seen, ['first', 'third', 'third']);
  t.equal(warnings.length, 1);
  ticker.close();
  t.end();
});

t.test('a listener that leaves and comes back within its tick starts one timer only', (t) => {
  const clock = new ManualClock();
  const ticker = new MediaTicker({ clock, logger: silentLogger });
  let count = 0;
  const listener = (): void => {
    count++;
    ticker.remove(listener);
    ticker.add(listener);
  };
  ticker.add(listener);
  clock.advance(200);
  t.equal(count, 10);
  t.equal(clock.pendingTimers, 1);
  ticker.close();
  t.end();
});

t.test('on the system clock half a second has 25 ticks, none much too early', async (t) => {
  const ticker = new MediaTicker({ clock: systemClock, logger: silentLogger });
  t.teardown(() => ticker.close());
  let earliest = 0;
  const ticks: number[] = [];
  await new Promise<void>((done) => {
    ticker.add((tick, idealMs) => {
      ticks.push(tick);
      earliest = Math.min(earliest, systemClock.nowMs() - idealMs);
      if (tick >= 25) done();
    });
  });
  const elapsedMs = systemClock.nowMs() - ticker.originMs;
  t.ok(earliest >= -1, `never more than a millisecond early: ${earliest}`);
  t.ok(elapsedMs >= 499);
  t.equal(ticks.length + ticker.stats.skipped, ticks.at(-1));
});
