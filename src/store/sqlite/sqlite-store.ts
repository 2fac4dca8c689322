import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { errorCode } from '../../core/errors.js';
import type { CallRecord } from '../call-record.js';
import type { CallQuery, CallStore } from '../call-store.js';
import { storeError } from '../errors.js';
import type { SqliteWorkerData, StoreAnswer, StoreCall, StoreRequest } from './worker-messages.js';

export interface SqliteStoreOptions {
  /** The database; made with its folder if it is not there. */
  readonly file: string;
  /** How long a statement waits while another process holds the lock, in ms. Default 5000. */
  readonly busyTimeoutMs?: number;
}

/**
 * Opens the database in a thread of its own and brings its tables up to date. Rejects with STORE_LOCKED, STORE_CORRUPT,
 * STORE_NEWER_SCHEMA, STORE_DRIVER_MISSING or STORE_UNAVAILABLE.
 */
export async function createSqliteStore(options: SqliteStoreOptions): Promise<CallStore> {
  const { file, busyTimeoutMs = 5000 } = options;
  try {
    await mkdir(dirname(file), { recursive: true });
    // Numbers and transcripts are the operator's alone. SQLite gives its log the database's mode.
    await (await open(file, 'a', 0o600)).close();
  } catch (error) {
    throw storeError('STORE_UNAVAILABLE', { file, reason: errorCode(error) }, error);
  }
  const store = new SqliteStore({ file, busyTimeoutMs });
  try {
    await store.opened;
  } catch (error) {
    await store.terminate();
    throw error;
  }
  return store;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

class SqliteStore implements CallStore {
  readonly opened: Promise<unknown>;
  readonly #file: string;
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #sequence = 0;
  #closing: Promise<void> | undefined;
  /** Why nothing can be asked any more, once the thread is gone. */
  #gone: Error | undefined;

  constructor(data: SqliteWorkerData) {
    this.#file = data.file;
    this.#worker = new Worker(new URL('./sqlite-worker.js', import.meta.url), { workerData: data });
    this.opened = this.#expect(0);
    this.#worker.on('message', (answer: StoreAnswer) => this.#settle(answer));
    // Import errors of the native driver surface here, before the worker can answer anything.
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(undefined));
  }

  save(record: CallRecord): Promise<void> {
    return this.#ask({ type: 'save', record }) as Promise<void>;
  }

  list(query: CallQuery): Promise<readonly CallRecord[]> {
    return this.#ask({ type: 'list', query }) as Promise<readonly CallRecord[]>;
  }

  find(key: string): Promise<CallRecord | undefined> {
    return this.#ask({ type: 'find', key }) as Promise<CallRecord | undefined>;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  async #close(): Promise<void> {
    if (this.#gone !== undefined) return;
    const exited = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    await this.#send({ type: 'close' });
    await exited;
  }

  #ask(request: StoreRequest): Promise<unknown> {
    if (this.#closing !== undefined) return Promise.reject(storeError('STORE_CLOSED'));
    if (this.#gone !== undefined) return Promise.reject(this.#gone);
    return this.#send(request);
  }

  #send(request: StoreRequest): Promise<unknown> {
    const sequence = ++this.#sequence;
    const answered = this.#expect(sequence);
    try {
      this.#worker.postMessage({ sequence, request } satisfies StoreCall);
    } catch (error) {
      // Something that is no plain data cannot cross the thread.
      this.#pending.get(sequence)?.reject(error instanceof Error ? error : new TypeError(String(error)));
      this.#pending.delete(sequence);
    }
    return answered;
  }

  #expect(sequence: number): Promise<unknown> {
    return new Promise((resolve, reject) => this.#pending.set(sequence, { resolve, reject }));
  }

  #settle({ sequence, value, failure }: StoreAnswer): void {
    const pending = this.#pending.get(sequence);
    this.#pending.delete(sequence);
    if (failure === undefined) pending?.resolve(value);
    else pending?.reject(storeError(failure.code, failure.details));
  }

  #fail(error: unknown): void {
    const reason = error === undefined ? 'its thread ended' : errorCode(error);
    this.#gone ??= isMissingDriver(error)
      ? storeError('STORE_DRIVER_MISSING', {}, error)
      : storeError('STORE_UNAVAILABLE', { file: this.#file, reason }, error);
    for (const { reject } of this.#pending.values()) reject(this.#gone);
    this.#pending.clear();
  }
}

/** The package is not there at all, or was never built. */
function isMissingDriver(error: unknown): boolean {
  return error !== undefined && ['ERR_MODULE_NOT_FOUND', 'ERR_DLOPEN_FAILED'].includes(errorCode(error));
}
