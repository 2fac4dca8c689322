import { ChunkQueue } from '../../chunk-queue.js';
import type { PhoneTiming, SpokenAudio } from '../../synthesizer.js';
import type { SpeakMessage } from './protocol.js';

/** What is to be said, but for what tells one attempt at it from another. */
export type EspeakWords = Omit<SpeakMessage, 'id' | 'stop'>;

/** So often a sentence in the background makes way for others; then it is made to its end, or it would never be. */
const mostWaysMade = 3;

/**
 * One sentence on its way: chunks come from the worker, the reader takes them when it likes. In the background it is given
 * when it is whole: it can be begun anew, and espeak-ng says nothing twice alike.
 */
export class EspeakSentence implements SpokenAudio {
  dialect = '';
  phones: readonly PhoneTiming[] = [];
  onDone: (() => void) | undefined;
  readonly #chunks = new ChunkQueue();
  #held: Int16Array[] = [];
  #message: SpeakMessage | undefined;
  #waysMade = 0;
  #makesWay = false;

  constructor(
    readonly sampleRateHz: number,
    readonly background: boolean,
  ) {}

  /** What the worker is told, and is told again after {@link makeWay}. */
  get message(): SpeakMessage | undefined {
    return this.#message;
  }

  get done(): boolean {
    return this.#chunks.over;
  }

  /** Whether it must be begun again when the worker has let go of it. */
  get makesWay(): boolean {
    return this.#makesWay && !this.done;
  }

  /** From its first word. `id`: of no other attempt. */
  begin(id: number, words: EspeakWords): void {
    this.#held = [];
    this.#makesWay = false;
    this.#message = { ...words, id, stop: new Int32Array(new SharedArrayBuffer(4)) };
  }

  /** Somebody on the line waits for the worker: it stops at its next chunk, if it may. */
  makeWay(): void {
    const { background, done } = this;
    if (!background || done || this.#makesWay || this.#waysMade >= mostWaysMade) return;
    // Phones are told in one go, and soon.
    if (this.#message?.phonesOnly !== false) return;
    this.#waysMade += 1;
    this.#makesWay = true;
    this.#stop();
  }

  push(samples: Int16Array): void {
    if (this.background) this.#held.push(samples);
    else this.#chunks.push(samples);
  }

  end(error?: Error): void {
    if (this.done) return;
    if (error === undefined) for (const chunk of this.#held) this.#chunks.push(chunk);
    this.#held = [];
    this.#chunks.end(error);
    this.onDone?.();
  }

  /** Nobody listens any more: chunks not read are dropped and the worker stops at its next chunk. */
  cancel(): void {
    if (this.done) return;
    this.#stop();
    this.#held = [];
    this.#chunks.drop();
    this.end();
  }

  [Symbol.asyncIterator](): AsyncGenerator<Int16Array> {
    // A reader that leaves early does not want the rest.
    return this.#chunks.read(() => this.cancel());
  }

  #stop(): void {
    if (this.#message !== undefined) Atomics.store(this.#message.stop, 0, 1);
  }
}
