import { ChunkQueue } from '../../chunk-queue.js';
import { speechError } from '../../errors.js';
import type { SpokenAudio, SpokenWord, SynthesisRequest } from '../../synthesizer.js';
import { errorOf, type EngineLink, type LinkStream, type StreamMessage } from './engine-link.js';

/** No sentence is longer, ms; what an engine sends beyond would only fill the memory. */
const maxSentenceMs = 180_000;

/** Twice as many as the longest sentence has in frames of 20 ms: each costs memory, however small. */
const maxFrames = 18_000;

/** One sentence of an engine of the protocol: chunks come from the link, the reader takes them when it likes. */
export class RemoteSentence implements SpokenAudio, LinkStream {
  readonly #words: SpokenWord[] = [];
  readonly #chunks = new ChunkQueue();
  #link: EngineLink | undefined;
  #id = 0;
  #samples = 0;
  #frames = 0;
  #begun = false;
  /** Waits for a link no more; set by who made it. */
  giveUp: () => void = () => undefined;

  constructor(
    private readonly engine: string,
    private readonly request: SynthesisRequest,
    /** The engine's own code. */
    private readonly dialect: string,
    private readonly voice: string | undefined,
    readonly sampleRateHz: number,
    private readonly signal: AbortSignal | undefined,
  ) {
    if (signal?.aborted === true) this.cancel();
    else signal?.addEventListener('abort', this.cancel, { once: true });
  }

  get words(): readonly SpokenWord[] {
    return this.#words;
  }

  /** There is a link. */
  begin(link: EngineLink): void {
    if (this.#chunks.over) return;
    const { text, rate, background } = this.request;
    const { sampleRateHz, dialect, voice } = this;
    const can = link.hello?.synthesizer;
    if (can === undefined) return this.#refuse('it has no synthesizer');
    if (!can.sampleRatesHz.includes(sampleRateHz)) {
      return this.fail(speechError('SPEECH_RATE_UNSUPPORTED', { engine: this.engine, sampleRateHz }));
    }
    if (can.maxTextLength !== undefined && text.length > can.maxTextLength)
      return this.#refuse('the text is too long');
    this.#link = link;
    this.#id = link.begin(this);
    const sent = link.send({
      type: 'say',
      stream: this.#id,
      text,
      dialect,
      sampleRateHz,
      ...(voice !== undefined && { voice }),
      ...(rate !== undefined && { rate: within(rate, can.rate) }),
      ...(background === true && { background }),
    });
    if (sent) return;
    link.end(this.#id, 'over');
    this.#refuse('the text is too long');
  }

  receive(message: StreamMessage): string | undefined {
    switch (message.type) {
      case 'begin':
        if (this.#begun) return "'begin' comes once";
        this.#begun = true;
        if (message.sampleRateHz === this.sampleRateHz) return undefined;
        return 'the audio has the sample rate that was asked for';
      case 'words':
        if (this.#words.length + message.words.length > 10_000) return 'a sentence has at most 10000 words';
        this.#words.push(...message.words);
        return undefined;
      case 'end':
        if (!this.#begun) return "'begin' comes before 'end'";
        this.#link?.end(this.#id, 'over');
        this.#end();
        return undefined;
      case 'error':
        this.#link?.end(this.#id, 'over');
        this.fail(errorOf(this.engine, message));
        return undefined;
      case 'ready':
      case 'interim':
      case 'final':
        return `a sentence has no '${message.type}'`;
    }
  }

  receiveAudio(samples: Int16Array): string | undefined {
    if (!this.#begun) return "'begin' comes before the audio";
    this.#samples += samples.length;
    if ((this.#samples * 1000) / this.sampleRateHz > maxSentenceMs) {
      return `a sentence lasts at most ${String(maxSentenceMs)} ms`;
    }
    if (++this.#frames > maxFrames) return `a sentence has at most ${String(maxFrames)} binary frames`;
    this.#chunks.push(samples);
    return undefined;
  }

  fail(error: Error): void {
    if (this.#chunks.over) return;
    this.#end(error);
  }

  /** Nobody listens any more: what was not read is dropped. An arrow function: it is a listener of the signal. */
  readonly cancel = (): void => {
    if (this.#chunks.over) return;
    this.#chunks.drop();
    this.#link?.end(this.#id, 'cancelled');
    if (!this.#begun) this.#link?.suspect();
    this.#end();
  };

  [Symbol.asyncIterator](): AsyncGenerator<Int16Array> {
    // A reader that leaves early does not want the rest.
    return this.#chunks.read(this.cancel);
  }

  #refuse(reason: string): void {
    this.fail(speechError('SPEECH_REQUEST_REFUSED', { engine: this.engine, reason }));
  }

  #end(error?: Error): void {
    this.#chunks.end(error);
    this.signal?.removeEventListener('abort', this.cancel);
    this.giveUp();
  }
}

function within(rate: number, range: { readonly min: number; readonly max: number } | undefined): number {
  return range === undefined ? rate : Math.min(range.max, Math.max(range.min, rate));
}
