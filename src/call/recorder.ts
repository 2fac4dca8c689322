import { open, type FileHandle } from 'node:fs/promises';
import { wavHeader } from '../audio/wav.js';
import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { callError } from './errors.js';

const sampleRateHz = 8000;
const channels = 2;
const headerBytes = 44;

/** Samples of each channel that are gathered before they are written, half a second: a crash loses at most that. */
const blockSamples = 4000;

/** Blocks that may wait for a disk that stalls, a minute (2 MB); then the recording ends rather than the memory. */
const maxWaitingBlocks = 120;

/**
 * Writes the call's stereo recording as it comes: left what the caller said, right what the caller heard. After each
 * block the header says the true length, so that the file can be opened at any time. Owned by the call.
 */
export class Recorder {
  #block = new Int16Array(blockSamples * channels);
  #filled = 0;
  #waitingBlocks = 0;
  #writtenBytes = 0;
  #writes: Promise<void>;
  #file: FileHandle | undefined;
  #closed = false;
  #failed = false;
  #samples = 0;

  constructor(
    readonly path: string,
    private readonly logger: Logger,
    /** Given by tests that need a disk that stalls. */
    private readonly openFile: (path: string) => Promise<FileHandle> = (path) => open(path, 'wx', 0o640),
  ) {
    this.#writes = this.#open();
  }

  /** Samples of each channel taken so far. */
  get samples(): number {
    return this.#samples;
  }

  /** Hot. One frame of both channels, of equal length; copied. */
  write(caller: Int16Array, heard: Int16Array): void {
    if (this.#closed) return;
    for (let i = 0; i < caller.length; i += 1) {
      const at = this.#filled * channels;
      this.#block[at] = caller[i] ?? 0;
      this.#block[at + 1] = heard[i] ?? 0;
      this.#filled += 1;
      if (this.#filled === blockSamples) this.#flush();
    }
    this.#samples += caller.length;
  }

  /** Resolves when everything is on disk. Safe to call twice. Never rejects: a full disk does not break a call. */
  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#flush();
      this.#writes = this.#writes
        .then(() => this.#file?.close())
        .catch((error: unknown) => this.#fail(error));
    }
    await this.#writes;
  }

  #flush(): void {
    if (this.#filled === 0) return;
    const block = this.#block.subarray(0, this.#filled * channels);
    this.#block = new Int16Array(blockSamples * channels);
    this.#filled = 0;
    if (this.#failed) return;
    if (this.#waitingBlocks === maxWaitingBlocks) {
      this.#fail(callError('CALL_DISK_STALLED'));
      return;
    }
    this.#waitingBlocks += 1;
    this.#writes = this.#writes
      .then(() => this.#append(block))
      .catch((error: unknown) => this.#fail(error))
      .finally(() => (this.#waitingBlocks -= 1));
  }

  async #open(): Promise<void> {
    try {
      this.#file = await this.openFile(this.path);
      await this.#file.write(wavHeader({ sampleRateHz, channels, dataBytes: 0 }), 0, headerBytes, 0);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #append(block: Int16Array): Promise<void> {
    if (this.#file === undefined || this.#failed) return;
    const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
    await this.#file.write(bytes, 0, bytes.length, headerBytes + this.#writtenBytes);
    this.#writtenBytes += bytes.length;
    await this.#file.write(
      wavHeader({ sampleRateHz, channels, dataBytes: this.#writtenBytes }),
      0,
      headerBytes,
      0,
    );
  }

  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.logger.error(
      { code: errorCode(error), path: this.path },
      'recording stopped: the file cannot be written',
    );
  }
}
