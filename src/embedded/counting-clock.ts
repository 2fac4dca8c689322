import type { Clock, Timer } from '../core/clock.js';

/** A clock that knows how many of its timers still wait: what calls left behind is seen here. */
export class CountingClock implements Clock {
  #pending = 0;

  constructor(private readonly clock: Clock) {}

  get pendingTimers(): number {
    return this.#pending;
  }

  nowMs(): number {
    return this.clock.nowMs();
  }

  wallMs(): number {
    return this.clock.wallMs();
  }

  after(delayMs: number, fn: () => void): Timer {
    let waiting = true;
    this.#pending++;
    const done = (): boolean => {
      if (!waiting) return false;
      waiting = false;
      this.#pending--;
      return true;
    };
    const timer = this.clock.after(delayMs, () => {
      if (done()) fn();
    });
    return {
      cancel: () => {
        if (done()) timer.cancel();
      },
    };
  }
}
