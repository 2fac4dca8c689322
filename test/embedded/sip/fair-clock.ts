import { ManualClock, type Clock } from '../../../src/core/clock.js';

/** Of the time between two looks no more passes than this, ms. */
const mostStepMs = 4;

/**
 * The system's time, but while this process stands still (a busy machine) time stands still for all that goes by this clock: SIP's
 * timers, shortened for a test to 0.6 s, do not run out before the packets that wait have been read.
 */
function startFairClock(): Clock {
  const clock = new ManualClock(Date.now());
  let lastMs = performance.now();
  setInterval(() => {
    const nowMs = performance.now();
    clock.advance(Math.min(nowMs - lastMs, mostStepMs));
    lastMs = nowMs;
  }, 2).unref();
  return clock;
}

/** One for all in a test process. */
export const fairClock = startFairClock();
