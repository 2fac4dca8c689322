import { ChunkQueue } from '../../chunk-queue.js';
import type { PhoneTiming, SpokenAudio } from '../../synthesizer.js';
import type { SpeakMessage } from './protocol.js';

/** One sentence on its way: chunks come from the worker, the reader takes them when it likes. */
export class EspeakSentence implements SpokenAudio {
  readonly stop = new Int32Array(new SharedArrayBuffer(4));
  message: SpeakMessage | undefined;
  dialect = '';
  phones: readonly PhoneTiming[] = [];
  onDone: (() => void) | undefined;
  readonly #chunks = new ChunkQueue();

  constructor(
    readonly sampleRateHz: number,
    readonly background: boolean,
  ) {}

  get done(): boolean {
    return this.#chunks.over;
  }

  push(samples: Int16Array): void {
    this.#chunks.push(samples);
  }

  end(error?: Error): void {
    if (this.done) return;
    this.#chunks.end(error);
    this.onDone?.();
  }

  /** Nobody listens any more: chunks not read are dropped and the worker stops at its next chunk. */
  cancel(): void {
    if (this.done) return;
    Atomics.store(this.stop, 0, 1);
    this.#chunks.drop();
    this.end();
  }

  [Symbol.asyncIterator](): AsyncGenerator<Int16Array> {
    // A reader that leaves early does not want the rest.
    return this.#chunks.read(() => this.cancel());
  }
}
