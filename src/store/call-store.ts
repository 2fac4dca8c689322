import type { CallRecord } from './call-record.js';

export interface CallQuery {
  /** At most this many, newest first. Default 20. */
  readonly limit?: number;
  /** Only calls received at or after this wall-clock time. */
  readonly sinceMs?: number;
  /** Only calls of this called number. */
  readonly calledNumber?: string;
  /** Only calls of this calling number. */
  readonly callingNumber?: string;
}

/**
 * Where call records are kept. One contract suite (test/store-contract) runs on each implementation. Everything rejects
 * with a `STORE_` error of errors.ts: retryable when the same may work later (a lock, a full disk), else not.
 */
export interface CallStore {
  /** Keeps the record with its turns, or nothing of it; a second save of the same id replaces the first. */
  save(record: CallRecord): Promise<void>;
  /** Newest first; has everything whose save() was called before. */
  list(query: CallQuery): Promise<readonly CallRecord[]>;
  /**
   * Finds by id, by SIP Call-ID, or by a beginning of an id (at least 4 characters) that only one call has. Rejects with
   * STORE_AMBIGUOUS_ID, naming them, when several have it.
   */
  find(key: string): Promise<CallRecord | undefined>;
  /**
   * Throws away the records of refused INVITEs (`isRefused`) that were received before `beforeMs`, and of the rest all but
   * the newest `keep`. Resolves with how many went.
   */
  pruneRefused(beforeMs: number, keep: number): Promise<number>;
  /** Resolves when everything saved is on disk. Safe to call twice; nothing can be asked after it (STORE_CLOSED). */
  close(): Promise<void>;
}
