/**
 * Something that a caller said, was not understood, and that somebody then taught: by its words where an engine wrote
 * them, by its sound where none did.
 */
export interface TaughtEntry {
  /** `taught-9f3c1a7e`. */
  readonly id: string;
  /** Catalogue id of what was spoken. */
  readonly dialect: string;
  /** What the engine wrote; null for a sound. */
  readonly words: string | null;
  /** The caller's channel of the recording, mono s16 at 8 kHz; null for words. */
  readonly sound: Int16Array | null;
  /** The intent that it stands for; null: only what {@link phrases} say. */
  readonly intent: string | null;
  /** Wherever one of these phrases of a dialplan is listened for, what was taught is another wording of it. Empty: an intent alone. */
  readonly phrases: readonly TaughtPhrase[];
  readonly callId: string;
  /** As `calls show` counts: 1 is the first. */
  readonly turn: number;
  /** Keyed hash of the caller's number, so that he can be forgotten; null for a caller without one. */
  readonly callerKey: string | null;
  readonly taughtBy: string;
  /** Wall-clock milliseconds since 1970, as the next. */
  readonly taughtAtMs: number;
  /** How often a caller was understood by it. */
  readonly matches: number;
  readonly lastMatchedMs: number | null;
}

export interface TaughtPhrase {
  readonly text: string;
  readonly dialect: string;
}

/**
 * Where what was taught is kept. One contract suite (test/store-contract) runs on each implementation. Everything rejects
 * with a `STORE_` error of errors.ts.
 */
export interface TaughtStore {
  /** Keeps it; one of the same id is replaced. */
  teach(entry: TaughtEntry): Promise<void>;
  /** All, the first taught first. */
  list(): Promise<readonly TaughtEntry[]>;
  /** Takes it back. Resolves with whether it was there. */
  unteach(id: string): Promise<boolean>;
  /** Callers were understood by it once more; nothing happens if it was taken back meanwhile. */
  matched(id: string, atMs: number): Promise<void>;
  /** Takes back every sound that was cut from a recording of this caller. Resolves with how many went. */
  forgetSounds(callerKey: string): Promise<number>;
}
