import type { Clock, Timer } from '../core/clock.js';
import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { Disk, DiskFile } from './disk.js';

/** Raised when a line's shape changes. */
export const journalVersion = 1;

/** Lines of so long are written at once, ms: a call's beginning has many. A crash loses at most that. */
const gatherMs = 250;

/** One line. `atMs` counts from the INVITE's arrival; `sample` is the offset into the recording, where there is one. */
export interface JournalLine {
  readonly v: number;
  readonly atMs: number;
  readonly sample?: number;
  readonly type: string;
  readonly [field: string]: unknown;
}

/**
 * Everything that decided a call, one JSON line each: what came in (keys, results, timers, versions) and what was
 * decided. The pure cores fed with it decide the same again. Owned by the call.
 */
export class Journal {
  readonly #file: DiskFile;
  readonly #startMs: number;
  #lines = '';
  #writtenBytes = 0;
  #gathering: Timer | undefined;
  #closed: Promise<void> | undefined;

  /** `path`: relative to the data folder. */
  constructor(
    disk: Disk,
    path: string,
    private readonly clock: Clock,
    /** Current offset into the recording, samples; undefined before it began. */
    private readonly position: () => number | undefined,
    logger: Logger,
  ) {
    this.#startMs = clock.nowMs();
    this.#file = disk.open(path, (error) =>
      logger.error({ code: errorCode(error), path }, 'journal cannot be written'),
    );
  }

  write(type: string, fields: Readonly<Record<string, unknown>> = {}): void {
    if (this.#closed !== undefined) return;
    const sample = this.position();
    const line: JournalLine = {
      v: journalVersion,
      atMs: Math.round((this.clock.nowMs() - this.#startMs) * 10) / 10,
      ...(sample !== undefined && { sample }),
      type,
      ...fields,
    };
    this.#lines += `${JSON.stringify(line)}\n`;
    this.#gathering ??= this.clock.after(gatherMs, () => this.#write());
  }

  /** Resolves when everything is written, also when it could not be. Safe to call twice. */
  close(): Promise<void> {
    if (this.#closed === undefined) {
      this.#write();
      this.#closed = this.#file.close();
    }
    return this.#closed;
  }

  #write(): void {
    this.#gathering?.cancel();
    this.#gathering = undefined;
    if (this.#lines === '') return;
    this.#file.write(this.#lines, this.#writtenBytes);
    this.#writtenBytes += Buffer.byteLength(this.#lines);
    this.#lines = '';
  }
}
