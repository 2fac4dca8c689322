import { dirname, join } from 'node:path';
import type { Clock } from '../core/clock.js';
import { within } from '../core/deadline.js';
import type { Logger } from '../core/logger.js';
import type { Disk } from './disk.js';
import { callError } from './errors.js';
import { Journal } from './journal.js';
import { Recorder } from './recorder.js';

/** How long an ended call may wait for the disk to take its files, ms. */
const closeLimitMs = 5000;

export interface CallFilesOptions {
  readonly id: string;
  readonly recording: boolean;
  /** Recordings and journals lie on it by day. */
  readonly disk: Disk;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What a call leaves on disk: its journal and its recording. Owned by the call. */
export class CallFiles {
  #recorder: Recorder | undefined;
  #journal: Journal | undefined;
  #folder: Promise<void> | undefined;
  /** `calls/20261121/20261121-013502-9f3c1a7e`, relative to the data folder. */
  readonly #base: string;

  constructor(private readonly options: CallFilesOptions) {
    this.#base = join('calls', options.id.slice(0, 8), options.id);
  }

  /** Undefined before {@link open}. */
  get journal(): Journal | undefined {
    return this.#journal;
  }

  /** Relative to the data folder; null if there is none. */
  get names(): { readonly recording: string | null; readonly journal: string | null } {
    return {
      recording: this.#recorder === undefined ? null : `${this.#base}.wav`,
      journal: this.#journal === undefined ? null : `${this.#base}.journal.jsonl`,
    };
  }

  /** Makes the folder, beside the making of the endpoint: the answer need not wait for the disk. */
  makeFolder(): Promise<void> {
    this.#folder = this.options.disk.makeFolder(dirname(this.#base));
    return this.#folder;
  }

  open(): Journal {
    const { recording, disk, clock, logger } = this.options;
    if (recording) this.#recorder = new Recorder(disk, `${this.#base}.wav`, logger);
    const position = (): number | undefined => this.#recorder?.samples;
    this.#journal = new Journal(disk, `${this.#base}.journal.jsonl`, clock, position, logger);
    return this.#journal;
  }

  /** Hot. One frame of both channels, of equal length; copied. */
  record(caller: Int16Array, heard: Int16Array): void {
    this.#recorder?.write(caller, heard);
  }

  /** Rejects CALL_DISK_STALLED: a disk that takes nothing must not keep the call; the files are closed when it does. */
  async close(): Promise<void> {
    // A folder that could not be made has been told of where it was awaited; the call that ended before leaves none half made.
    const folder = this.#folder?.catch(() => undefined);
    const closed = Promise.all([folder, this.#recorder?.close(), this.#journal?.close()]).then(
      () => undefined,
    );
    await within(this.options.clock, closeLimitMs, closed, () => callError('CALL_DISK_STALLED'));
  }
}
