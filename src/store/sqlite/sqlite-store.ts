import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { errorCode } from '../../core/errors.js';
import type { CallRecord } from '../call-record.js';
import type { CallQuery, CallStore } from '../call-store.js';
import type { CallerMemory, CallerMemoryStore } from '../caller-memory.js';
import { storeError } from '../errors.js';
import type { TaughtEntry, TaughtStore } from '../taught.js';
import type {
  SaveOutcome,
  SqliteWorkerData,
  StoreAnswer,
  StoreCall,
  StoreRequest,
} from './worker-messages.js';

export interface SqliteStoreOptions {
  /** The database; made with its folder if it is not there. */
  readonly file: string;
  /** How long a statement waits while another process holds the lock, in ms. Default 5000. */
  readonly busyTimeoutMs?: number;
}

/** Everything that one database keeps, behind one thread. */
export interface SqliteStores extends CallStore {
  readonly callers: CallerMemoryStore;
  readonly taught: TaughtStore;
}

/**
 * Opens the database in a thread of its own and brings its tables up to date. Rejects with STORE_LOCKED, STORE_CORRUPT,
 * STORE_NEWER_SCHEMA, STORE_DRIVER_MISSING or STORE_UNAVAILABLE.
 */
export async function createSqliteStore(options: SqliteStoreOptions): Promise<SqliteStores> {
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

/**
 * Records of so long are handed to the thread together, ms: at 80 calls per second every record by itself would cost two
 * wake-ups of a thread and a commit.
 */
const gatherMs = 100;

/** As many at most: a row has 18 variables, a statement 32766. */
const maxGathered = 500;

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

class SqliteStore implements SqliteStores {
  readonly opened: Promise<unknown>;
  readonly callers: CallerMemoryStore = {
    remember: (key, memory) => this.#now({ type: 'remember', key, memory }) as Promise<void>,
    recall: (key, nowMs) => this.#now({ type: 'recall', key, nowMs }) as Promise<CallerMemory | undefined>,
    forget: (key) => this.#now({ type: 'forget', key }) as Promise<boolean>,
    prune: (nowMs, seenBeforeMs) =>
      this.#now({ type: 'pruneCallers', nowMs, seenBeforeMs }) as Promise<number>,
    stopCalling: (key, atMs) => this.#now({ type: 'stopCalling', key, atMs }) as Promise<void>,
    stoppedSince: (key) => this.#now({ type: 'stoppedSince', key }) as Promise<number | undefined>,
  };
  readonly taught: TaughtStore = {
    teach: (entry) => this.#now({ type: 'teach', entry }) as Promise<void>,
    list: () => this.#now({ type: 'listTaught' }) as Promise<readonly TaughtEntry[]>,
    unteach: (id) => this.#now({ type: 'unteach', id }) as Promise<boolean>,
    matched: (id, atMs) => this.#now({ type: 'taughtMatched', id, atMs }) as Promise<void>,
    forgetSounds: (callerKey) => this.#now({ type: 'forgetSounds', callerKey }) as Promise<number>,
  };
  readonly #file: string;
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  /** Records not handed over yet, each with whoever waits for it. */
  #gathered: (Pending & { readonly record: CallRecord })[] = [];
  #gathering: NodeJS.Timeout | undefined;
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
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    return new Promise<unknown>((resolve, reject) => {
      this.#gathered.push({ record, resolve, reject });
      if (this.#gathered.length === maxGathered) this.#saveGathered();
      else this.#gathering ??= setTimeout(() => this.#saveGathered(), gatherMs);
    }) as Promise<void>;
  }

  list(query: CallQuery): Promise<readonly CallRecord[]> {
    return this.#ask({ type: 'list', query }) as Promise<readonly CallRecord[]>;
  }

  find(key: string): Promise<CallRecord | undefined> {
    return this.#ask({ type: 'find', key }) as Promise<CallRecord | undefined>;
  }

  pruneRefused(beforeMs: number, keep: number): Promise<number> {
    return this.#ask({ type: 'pruneRefused', beforeMs, keep }) as Promise<number>;
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
    this.#saveGathered();
    const exited = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    await this.#send({ type: 'close' });
    await exited;
  }

  #ask(request: StoreRequest): Promise<unknown> {
    // Whatever is asked finds what was saved before.
    this.#saveGathered();
    return this.#now(request);
  }

  /** Without the calls that were saved before: what is asked has nothing to do with them. */
  #now(request: StoreRequest): Promise<unknown> {
    const refusal = this.#refusal();
    return refusal === undefined ? this.#send(request) : Promise.reject(refusal);
  }

  #refusal(): Error | undefined {
    return this.#closing === undefined ? this.#gone : storeError('STORE_CLOSED');
  }

  #saveGathered(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    const gathered = this.#gathered;
    this.#gathered = [];
    if (gathered.length > 0) this.#save(gathered);
  }

  #save(gathered: readonly (Pending & { readonly record: CallRecord })[]): void {
    this.#send({ type: 'save', records: gathered.map(({ record }) => record) }).then(
      (outcomes) => {
        for (const [index, { resolve, reject }] of gathered.entries()) {
          const failure = (outcomes as SaveOutcome)[index];
          if (failure === null || failure === undefined) resolve(undefined);
          else reject(storeError(failure.code, failure.details));
        }
      },
      (error: Error) => {
        // One that is no plain data must not take the others with it.
        if (gathered.length > 1 && error.name === 'DataCloneError')
          for (const one of gathered) this.#save([one]);
        else for (const { reject } of gathered) reject(error);
      },
    );
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
    clearTimeout(this.#gathering);
    for (const { reject } of [...this.#pending.values(), ...this.#gathered]) reject(this.#gone);
    this.#pending.clear();
    this.#gathered = [];
  }
}

/** The package is not there at all, or was never built. */
function isMissingDriver(error: unknown): boolean {
  return error !== undefined && ['ERR_MODULE_NOT_FOUND', 'ERR_DLOPEN_FAILED'].includes(errorCode(error));
}
