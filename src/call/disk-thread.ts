import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../core/clock.js';
import { within } from '../core/deadline.js';
import { StateMachine, type TransitionTable } from '../core/state-machine.js';
import type { DiskOrder, DiskOutcome } from './disk-order.js';
import type { Disk, DiskFile } from './disk.js';
import { callError } from './errors.js';

/** Orders of so long go to the thread as one message, ms: to wake it costs more than most of them. */
const gatherMs = 10;

/** What of one file may wait for a disk that stalls, bytes: a minute of a recording. Then the file ends rather than the memory. */
const maxWaitingBytes = 2_000_000;

/** How long the end may wait for the disk, ms. */
const closeLimitMs = 5000;

type Done = (error: Error | undefined) => void;

/** What {@link DiskThread} asks of its thread. Given by tests that need a disk that stalls. */
export type DiskPort = Pick<Worker, 'postMessage' | 'terminate'> & {
  on(event: 'message', listener: (outcomes: readonly DiskOutcome[]) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'exit', listener: () => void): unknown;
};

/**
 * The disk behind a thread of its own: what all calls write costs the main thread one message now and then, and a disk
 * that stalls holds nobody up. Owned by the composition root.
 */
export class DiskThread implements Disk {
  #orders: DiskOrder[] = [];
  #given: ArrayBuffer[] = [];
  /** Who waits for the orders that are out or gathered, in their order. */
  readonly #waiting: Done[] = [];
  #gathering: Timer | undefined;
  #sequence = 0;
  /** Folders made or being made: one a day. */
  readonly #folders = new Map<string, Promise<void>>();
  readonly #exited: Promise<void>;
  /** Why nothing can be ordered any more. */
  #gone: Error | undefined;
  #closing: Promise<void> | undefined;

  /** `dataDir`: the folder below which all paths are. */
  constructor(
    private readonly dataDir: string,
    private readonly clock: Clock,
    private readonly port: DiskPort = new Worker(new URL('./disk-worker.js', import.meta.url)),
  ) {
    port.on('message', (outcomes) => this.#settle(outcomes));
    port.on('error', (error) => this.#fail(callError('CALL_DISK_GONE', { reason: error.message }, error)));
    this.#exited = new Promise((resolve) => port.on('exit', () => resolve()));
    void this.#exited.then(() => this.#fail(callError('CALL_DISK_GONE', { reason: 'it ended' })));
  }

  makeFolder(path: string): Promise<void> {
    const known = this.#folders.get(path);
    if (known !== undefined) return known;
    const made = new Promise<void>((resolve, reject) => {
      this.#order({ type: 'makeFolder', path: join(this.dataDir, path) }, (error) =>
        error === undefined ? resolve() : reject(error),
      );
    });
    this.#folders.set(path, made);
    // The next call may find the disk mended.
    made.catch(() => this.#folders.delete(path));
    return made;
  }

  open(path: string, failed: (error: Error) => void): DiskFile {
    const file = ++this.#sequence;
    const opened = new ThreadFile(file, (order, done) => this.#order(order, done), failed);
    opened.open(join(this.dataDir, path));
    return opened;
  }

  /** Resolves when all that was ordered is carried out, or the disk has had its time. Safe to call twice; never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#post();
    if (this.#gone === undefined) this.port.postMessage(null);
    const late = (): Error => callError('CALL_DISK_STALLED');
    await within(this.clock, closeLimitMs, this.#exited, late).catch(() => this.port.terminate());
  }

  #order(order: DiskOrder, done: Done): void {
    if (this.#gone !== undefined || this.#closing !== undefined) {
      done(this.#gone ?? callError('CALL_DISK_GONE', { reason: 'the server closes' }));
      return;
    }
    this.#orders.push(order);
    this.#waiting.push(done);
    if (order.type === 'write' && order.data instanceof Int16Array)
      this.#given.push(order.data.buffer as ArrayBuffer);
    this.#gathering ??= this.clock.after(gatherMs, () => this.#post());
  }

  #post(): void {
    this.#gathering?.cancel();
    this.#gathering = undefined;
    if (this.#orders.length === 0 || this.#gone !== undefined) return;
    this.port.postMessage(this.#orders, this.#given);
    this.#orders = [];
    this.#given = [];
  }

  #settle(outcomes: readonly DiskOutcome[]): void {
    for (const [index, done] of this.#waiting.splice(0, outcomes.length).entries()) {
      const failure = outcomes[index];
      done(failure ? Object.assign(new Error(failure.message), { code: failure.code }) : undefined);
    }
  }

  #fail(error: Error): void {
    this.#gone ??= error;
    this.#gathering?.cancel();
    this.#orders = [];
    for (const done of this.#waiting.splice(0)) done(this.#gone);
  }
}

/** `closing`: what was given is still written; `failed`: nothing is, for what would lie after a hole is worth nothing. */
type State = 'open' | 'closing' | 'failed' | 'closed';

const moves: TransitionTable<State> = {
  open: ['closing', 'failed'],
  closing: ['failed', 'closed'],
  failed: ['closed'],
  closed: [],
};

class ThreadFile implements DiskFile {
  readonly #machine = new StateMachine<State>(moves, 'open');
  #waitingBytes = 0;
  #closed: Promise<void> | undefined;

  constructor(
    private readonly file: number,
    private readonly order: (order: DiskOrder, done: Done) => void,
    private readonly failed: (error: Error) => void,
  ) {}

  open(path: string): void {
    this.order({ type: 'open', file: this.file, path }, (error) => this.#done(error));
  }

  write(data: string | Uint8Array | Int16Array, at: number): void {
    if (this.#machine.state !== 'open') return;
    const bytes = typeof data === 'string' ? data.length : data.byteLength;
    if (this.#waitingBytes + bytes > maxWaitingBytes) {
      this.#done(callError('CALL_DISK_STALLED'));
      return;
    }
    this.#waitingBytes += bytes;
    this.order({ type: 'write', file: this.file, data, at }, (error) => {
      this.#waitingBytes -= bytes;
      this.#done(error);
    });
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#machine.move('closing');
      this.order({ type: 'close', file: this.file }, (error) => {
        this.#done(error);
        this.#machine.move('closed');
        resolve();
      });
    });
    return this.#closed;
  }

  #done(error: Error | undefined): void {
    if (error !== undefined && this.#machine.move('failed')) this.failed(error);
  }
}
