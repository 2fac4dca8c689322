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

/** Where call records are kept. One contract suite (test/store-contract) runs on each implementation. */
export interface CallStore {
  /** Keeps the record; a second save of the same id replaces the first. Rejects with STORE_UNAVAILABLE. */
  save(record: CallRecord): Promise<void>;
  list(query: CallQuery): Promise<readonly CallRecord[]>;
  /** Finds by id, or by an unambiguous beginning of it (at least 4 characters), or by SIP Call-ID. */
  find(id: string): Promise<CallRecord | undefined>;
  /** Resolves when everything saved is on disk. Safe to call twice. */
  close(): Promise<void>;
}
