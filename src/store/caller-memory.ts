/** What told the dialect. `choice`: the caller said or keyed it; `words`: what he said. */
export type MemorySource = 'choice' | 'words';

/**
 * On what it is kept. `notice`: the operator tells his callers of it elsewhere (an announcement, his terms); `given`: the
 * caller was asked in a call and agreed.
 */
export type MemoryConsent = 'notice' | 'given';

/** What is remembered of one telephone number. Times are wall-clock milliseconds since 1970. */
export interface CallerMemory {
  /** Id of the dialect catalogue. */
  readonly dialect: string;
  /** Language of the dialect, as in the catalogue. */
  readonly language: string;
  /** How sure the last call was that told it, 0 to 1. */
  readonly confidence: number;
  readonly source: MemorySource;
  /** Calls that told the same dialect; older ones count for less, so that it has fractions. */
  readonly confirmations: number;
  /** What the caller wanted in the last calls, the latest first. */
  readonly lastIntents: readonly string[];
  /** Speed at which the caller likes to be spoken to, 1 is the voice's own; null: never asked for another. */
  readonly voiceSpeed: number | null;
  readonly lastSeenMs: number;
  readonly consent: MemoryConsent;
  /** Not given out from then on, and thrown away soon after. */
  readonly expiresAtMs: number;
}

/**
 * Where memories of callers are kept, by the keyed hash that `CallerKeys` makes of a number: whoever reads the store
 * alone learns no number. One contract suite (test/store-contract) runs on each implementation. Everything rejects with a
 * `STORE_` error of errors.ts.
 */
export interface CallerMemoryStore {
  /** Replaces what was remembered under the key. */
  remember(key: string, memory: CallerMemory): Promise<void>;
  /** Undefined if there is nothing, or if it has expired at `nowMs`. */
  recall(key: string, nowMs: number): Promise<CallerMemory | undefined>;
  /** Resolves with whether there was something. */
  forget(key: string): Promise<boolean>;
  /** Throws away what has expired, and what was last seen before `seenBeforeMs`. Resolves with how many went. */
  prune(nowMs: number, seenBeforeMs: number): Promise<number>;
  /**
   * Somebody at this number asked not to be called any more. Neither {@link forget} nor {@link prune} takes that back: who
   * wants to be forgotten does not want to be called the more, and a hash is all that is kept.
   */
  stopCalling(key: string, atMs: number): Promise<void>;
  /** When that was first asked; undefined: never. */
  stoppedSince(key: string): Promise<number | undefined>;
}
