import type { Clock, Timer } from '../../core/clock.js';

/** A clock that knows how many of its timers are pending: what calls left behind is seen here. */
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
    let isPending = true;
    this.#pending += 1;
    const over = (): void => {
      if (isPending) this.#pending -= 1;
      isPending = false;
    };
    const timer = this.clock.after(delayMs, () => {
      over();
      fn();
    });
    return {
      cancel: () => {
        over();
        timer.cancel();
      },
    };
  }
}
