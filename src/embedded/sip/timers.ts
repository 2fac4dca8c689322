import type { Clock, Timer } from '../../core/clock.js';

/** RFC 3261 table 4, in milliseconds. */
export interface SipTimers {
  /** Round-trip estimate: first retransmission. Default 500. */
  readonly t1Ms: number;
  /** Longest interval between retransmissions. Default 4000. */
  readonly t2Ms: number;
  /** Longest time a message stays in the network. Default 5000. */
  readonly t4Ms: number;
}

export const defaultTimers: SipTimers = { t1Ms: 500, t2Ms: 4000, t4Ms: 5000 };

/** Any of {@link SipTimers} left out keeps its default. */
export interface TimerOptions {
  readonly t1Ms?: number | undefined;
  readonly t2Ms?: number | undefined;
  readonly t4Ms?: number | undefined;
}

export function sipTimers(options: TimerOptions = {}): SipTimers {
  return {
    t1Ms: options.t1Ms ?? defaultTimers.t1Ms,
    t2Ms: options.t2Ms ?? defaultTimers.t2Ms,
    t4Ms: options.t4Ms ?? defaultTimers.t4Ms,
  };
}

/** Timers B, D, F, H, J, L and M. */
export function longestWaitMs(timers: SipTimers): number {
  return 64 * timers.t1Ms;
}

/** A clock that knows how many of its timers still wait, so that "nothing is left" can be asked. */
export class CountingClock implements Clock {
  #pending = 0;

  constructor(private readonly clock: Clock) {}

  get pending(): number {
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
