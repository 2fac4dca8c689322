import { wavHeader } from '../audio/wav.js';
import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { Disk, DiskFile } from './disk.js';

const sampleRateHz = 8000;
const channels = 2;
const headerBytes = 44;

/** Samples of each channel that are gathered before they are written, a second: a crash loses at most that. */
const blockSamples = 8000;

/**
 * Writes the call's stereo recording as it comes: left what the caller said, right what the caller heard. After each
 * block the header says the true length, so that the file can be opened at any time. Owned by the call.
 */
export class Recorder {
  readonly #file: DiskFile;
  #block = new Int16Array(blockSamples * channels);
  #filled = 0;
  #writtenBytes = 0;
  #closing: Promise<void> | undefined;
  #samples = 0;

  /** `path`: relative to the data folder. */
  constructor(disk: Disk, path: string, logger: Logger) {
    this.#file = disk.open(path, (error) =>
      logger.error({ code: errorCode(error), path }, 'recording stopped: the file cannot be written'),
    );
    // A recording without a single block is a recording all the same.
    this.#writeHeader();
  }

  /** Samples of each channel taken so far, also those that no disk took. */
  get samples(): number {
    return this.#samples;
  }

  /** Hot. One frame of both channels, of equal length; copied. */
  write(caller: Int16Array, heard: Int16Array): void {
    if (this.#closing !== undefined) return;
    this.#samples += caller.length;
    let block = this.#block;
    let at = this.#filled * channels;
    for (let i = 0; i < caller.length; i += 1) {
      block[at] = caller[i] as number;
      block[at + 1] = heard[i] as number;
      at += channels;
      if (at < block.length) continue;
      this.#filled = blockSamples;
      this.#flush();
      this.#block = block = new Int16Array(blockSamples * channels);
      at = 0;
    }
    this.#filled = at / channels;
  }

  /** Resolves when everything is on disk. Safe to call twice. Never rejects: a full disk does not break a call. */
  close(): Promise<void> {
    if (this.#closing === undefined) {
      this.#flush();
      this.#closing = this.#file.close();
    }
    return this.#closing;
  }

  /** Gives the block away. */
  #flush(): void {
    if (this.#filled === 0) return;
    const block = this.#block.subarray(0, this.#filled * channels);
    this.#filled = 0;
    this.#file.write(block, headerBytes + this.#writtenBytes);
    this.#writtenBytes += block.byteLength;
    this.#writeHeader();
  }

  #writeHeader(): void {
    this.#file.write(wavHeader({ sampleRateHz, channels, dataBytes: this.#writtenBytes }), 0);
  }
}
