import type { CallRecord } from '../call-record.js';
import type { CallQuery } from '../call-store.js';
import type { CallerMemory } from '../caller-memory.js';
import type { StoreErrorCode } from '../errors.js';
import type { TaughtEntry } from '../taught.js';

/** What the worker is started with. */
export interface SqliteWorkerData {
  readonly file: string;
  /** How long a statement waits for another process that holds the lock. */
  readonly busyTimeoutMs: number;
}

/** What may be asked of the worker. It answers in the order of asking; nothing is answered after `close`. */
export type StoreRequest =
  | { readonly type: 'save'; readonly records: readonly CallRecord[] }
  | { readonly type: 'list'; readonly query: CallQuery }
  | { readonly type: 'find'; readonly key: string }
  | { readonly type: 'pruneRefused'; readonly beforeMs: number; readonly keep: number }
  | { readonly type: 'remember'; readonly key: string; readonly memory: CallerMemory }
  | { readonly type: 'recall'; readonly key: string; readonly nowMs: number }
  | { readonly type: 'forget'; readonly key: string }
  | { readonly type: 'pruneCallers'; readonly nowMs: number; readonly seenBeforeMs: number }
  | { readonly type: 'stopCalling'; readonly key: string; readonly atMs: number }
  | { readonly type: 'stoppedSince'; readonly key: string }
  | { readonly type: 'teach'; readonly entry: TaughtEntry }
  | { readonly type: 'listTaught' }
  | { readonly type: 'unteach'; readonly id: string }
  | { readonly type: 'taughtMatched'; readonly id: string; readonly atMs: number }
  | { readonly type: 'forgetSounds'; readonly callerKey: string }
  | { readonly type: 'close' };

/** Sent to the worker. */
export interface StoreCall {
  readonly sequence: number;
  readonly request: StoreRequest;
}

/** An error as it crosses the thread: classes do not survive it. */
export interface StoreFailure {
  readonly code: StoreErrorCode;
  readonly details: Readonly<Record<string, string | number>>;
}

/** The answer to `save`: for each record why it could not be kept, or null. */
export type SaveOutcome = readonly (StoreFailure | null)[];

/** Sent by the worker; sequence 0 says whether the database could be opened. */
export interface StoreAnswer {
  readonly sequence: number;
  readonly value?: unknown;
  readonly failure?: StoreFailure;
}
