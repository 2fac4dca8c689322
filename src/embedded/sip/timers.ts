/** RFC 3261 table 4, in milliseconds. */
export interface SipTimers {
  /** Round-trip estimate: first retransmission. Default 500. */
  readonly t1Ms: number;
  /** Longest interval between retransmissions. Default 4000. */
  readonly t2Ms: number;
  /** Longest time a message stays in the network. Default 5000. */
  readonly t4Ms: number;
  /** How long an INVITE may wait for its first response before it gets a 100 (§17.2.1 allows 200). Default 0: at once. */
  readonly tryingMs: number;
}

export const defaultTimers: SipTimers = { t1Ms: 500, t2Ms: 4000, t4Ms: 5000, tryingMs: 0 };

/** Any of {@link SipTimers} left out keeps its default. */
export interface TimerOptions {
  readonly t1Ms?: number | undefined;
  readonly t2Ms?: number | undefined;
  readonly t4Ms?: number | undefined;
  readonly tryingMs?: number | undefined;
}

export function sipTimers(options: TimerOptions = {}): SipTimers {
  return {
    t1Ms: options.t1Ms ?? defaultTimers.t1Ms,
    t2Ms: options.t2Ms ?? defaultTimers.t2Ms,
    t4Ms: options.t4Ms ?? defaultTimers.t4Ms,
    tryingMs: options.tryingMs ?? defaultTimers.tryingMs,
  };
}

/** Timers B, D, F, H, J, L and M. */
export function longestWaitMs(timers: SipTimers): number {
  return 64 * timers.t1Ms;
}
