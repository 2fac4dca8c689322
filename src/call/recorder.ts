import { open, type FileHandle } from 'node:fs/promises';
import { wavHeader } from '../audio/wav.js';
import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { StateMachine, type TransitionTable } from '../core/state-machine.js';
import { callError } from './errors.js';

const sampleRateHz = 8000;
const channels = 2;
const headerBytes = 44;

/** Samples of each channel that are gathered before they are written, a second: a crash loses at most that. */
const blockSamples = 8000;

/** Blocks that may wait for a disk that stalls, a minute (2 MB); then the recording ends rather than the memory. */
const maxWaitingBlocks = 60;

/** `closing`: what was taken is still written; `failed`: nothing is any more, but what comes is still counted. */
type State = 'recording' | 'closing' | 'failed';

const moves: TransitionTable<State> = {
  recording: ['closing', 'failed'],
  closing: ['failed'],
  failed: [],
};

/**
 * Writes the call's stereo recording as it comes: left what the caller said, right what the caller heard. After each
 * block the header says the true length, so that the file can be opened at any time. Owned by the call.
 */
export class Recorder {
  readonly #machine = new StateMachine<State>(moves, 'recording');
  #block = new Int16Array(blockSamples * channels);
  #filled = 0;
  #waitingBlocks = 0;
  #writtenBytes = 0;
  #writes: Promise<void>;
  #file: FileHandle | undefined;
  #closing: Promise<void> | undefined;
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
    const { state } = this.#machine;
    if (state === 'closing') return;
    this.#samples += caller.length;
    if (state === 'failed') return;
    let block = this.#block;
    let at = this.#filled * channels;
    for (let i = 0; i < caller.length; i += 1) {
      block[at] = caller[i] as number;
      block[at + 1] = heard[i] as number;
      at += channels;
      if (at < block.length) continue;
      this.#filled = blockSamples;
      this.#flush();
      block = this.#block;
      at = 0;
    }
    this.#filled = at / channels;
  }

  /** Resolves when everything is on disk. Safe to call twice. Never rejects: a full disk does not break a call. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #close(): Promise<void> {
    this.#flush();
    this.#machine.move('closing');
    return this.#writes.then(() => this.#finish()).catch((error: unknown) => this.#fail(error));
  }

  #flush(): void {
    if (this.#filled === 0 || this.#machine.state === 'failed') return;
    const block = this.#block.subarray(0, this.#filled * channels);
    this.#block = new Int16Array(blockSamples * channels);
    this.#filled = 0;
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
    } catch (error) {
      this.#fail(error);
    }
  }

  async #append(block: Int16Array): Promise<void> {
    if (this.#file === undefined || this.#machine.state === 'failed') return;
    const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
    const at = headerBytes + this.#writtenBytes;
    this.#writtenBytes += bytes.length;
    if (at === headerBytes) {
      // The first block and its header in one.
      await this.#file.write(Buffer.concat([this.#header(), bytes]), 0, headerBytes + bytes.length, 0);
      return;
    }
    await this.#file.write(bytes, 0, bytes.length, at);
    // When more waits, the header of the last one is enough.
    if (this.#waitingBlocks === 1) await this.#file.write(this.#header(), 0, headerBytes, 0);
  }

  async #finish(): Promise<void> {
    if (this.#file === undefined) return;
    // A recording without a single block is a recording all the same.
    if (this.#writtenBytes === 0) await this.#file.write(this.#header(), 0, headerBytes, 0);
    await this.#file.close();
  }

  #header(): Uint8Array {
    return wavHeader({ sampleRateHz, channels, dataBytes: this.#writtenBytes });
  }

  #fail(error: unknown): void {
    if (!this.#machine.move('failed')) return;
    this.logger.error(
      { code: errorCode(error), path: this.path },
      'recording stopped: the file cannot be written',
    );
  }
}
