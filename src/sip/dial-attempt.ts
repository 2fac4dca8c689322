import type { DialFailed, DialResult } from './dial-outcome.js';
import type { LegEnd, LegTarget } from './invite-leg.js';

/** One way to a callee that may be tried: a trunk, or all telephones of a user at once. */
export interface DialAttempt {
  readonly trunk: string | undefined;
  /** Tried at the same time; at least one. */
  readonly targets: readonly LegTarget[];
  /** How long the other side may be silent, neither ringing nor answering a question (OPTIONS), ms. */
  readonly firstResponseMs: number;
  /** How long it may ring, ms, where that is shorter than the call's own limit. */
  readonly ringMs: number | undefined;
  /** Our offer as this way takes it. */
  offer(sdp: string): string;
  /** Where a 3xx sends us on; undefined where we may not go. */
  redirected(uri: string): LegTarget | undefined;
  /**
   * Called once, when it is over; `stopped`: because we gave up, or lost the daemon. Returns whether the next way may be
   * tried.
   */
  over(end: LegEnd, result: DialResult, stopped: boolean): boolean;
}

/** A way that cannot be tried now, and why. */
export interface NoAttempt {
  readonly refusal: DialFailed;
}
