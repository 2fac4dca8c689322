import type { Clock, Timer } from '../core/clock.js';
import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { CallRecord } from './call-record.js';
import type { CallQuery, CallStore } from './call-store.js';

export interface RefusedCallsOptions {
  /** How long the record of a refused INVITE is kept, ms. */
  readonly maxAgeMs: number;
  /** How many are kept at most; 0: none. */
  readonly maxCount: number;
  /** In a flood no more than so many a second are stored. */
  readonly perSecond: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How often what is too old or too much is thrown away, and a flood is told. */
const pruneEveryMs = 60_000;

/** An INVITE that got no call: nothing of it is kept beside its record. */
export function isRefused(record: CallRecord): boolean {
  const { direction, endReason, recording, journal } = record;
  return direction === 'inbound' && endReason === 'rejected' && recording === null && journal === null;
}

/**
 * A store in which refused INVITEs cannot fill the disk, whoever sends them; every other record goes through untouched.
 * Closes the store that it was given.
 */
export class BoundedRefusals implements CallStore {
  #second = -1;
  #thisSecond = 0;
  #notKept = 0;
  #timer: Timer | undefined;
  #closed = false;

  constructor(
    private readonly store: CallStore,
    private readonly options: RefusedCallsOptions,
  ) {
    this.#prune();
  }

  save(record: CallRecord): Promise<void> {
    if (!isRefused(record) || this.#hasRoom()) return this.store.save(record);
    this.#notKept++;
    return Promise.resolve();
  }

  list(query: CallQuery): Promise<readonly CallRecord[]> {
    return this.store.list(query);
  }

  find(key: string): Promise<CallRecord | undefined> {
    return this.store.find(key);
  }

  pruneRefused(beforeMs: number, keep: number): Promise<number> {
    return this.store.pruneRefused(beforeMs, keep);
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    return this.store.close();
  }

  #hasRoom(): boolean {
    const { clock, perSecond, maxCount } = this.options;
    const second = Math.floor(clock.nowMs() / 1000);
    if (second !== this.#second) this.#thisSecond = 0;
    this.#second = second;
    return maxCount > 0 && ++this.#thisSecond <= perSecond;
  }

  #prune(): void {
    const { clock, logger, maxAgeMs, maxCount } = this.options;
    if (this.#notKept > 0 && maxCount > 0) {
      logger.warn(
        { notKept: this.#notKept },
        'a flood of refused INVITEs: so many of their records were not kept',
      );
    }
    this.#notKept = 0;
    this.store.pruneRefused(clock.wallMs() - maxAgeMs, maxCount).catch((error: unknown) => {
      if (!this.#closed) logger.warn({ code: errorCode(error) }, 'refused calls could not be pruned');
    });
    this.#timer = clock.after(pruneEveryMs, () => this.#prune());
  }
}
