import { ChunkQueue } from '../../src/speech/chunk-queue.js';
import type {
  SpokenAudio,
  SpokenWord,
  SynthesisRequest,
  Synthesizer,
  SynthesizerCapabilities,
} from '../../src/speech/synthesizer.js';

/** A sentence that a test makes piece by piece. */
export class ScriptedSentence implements SpokenAudio {
  words?: readonly SpokenWord[];
  readonly #chunks = new ChunkQueue();

  constructor(
    readonly request: SynthesisRequest,
    public sampleRateHz: number,
    readonly signal: AbortSignal | undefined,
  ) {}

  /** `ms` of sound, each sample of this value. */
  push(ms: number, value = 1): void {
    this.#chunks.push(new Int16Array((this.sampleRateHz * ms) / 1000).fill(value));
  }

  end(): void {
    this.#chunks.end();
  }

  fail(error: Error): void {
    this.#chunks.end(error);
  }

  [Symbol.asyncIterator](): AsyncGenerator<Int16Array> {
    return this.#chunks.read(() => undefined);
  }
}

/** An engine without a voice: a test says what each sentence sounds like. It never ends by itself, as broken ones do. */
export class ScriptedSynthesizer implements Synthesizer {
  readonly capabilities: SynthesizerCapabilities;
  readonly sentences: ScriptedSentence[] = [];
  /** What happens with each sentence as it is asked for; may throw. */
  onAsked: (sentence: ScriptedSentence) => void = () => undefined;
  closed = 0;

  constructor(
    readonly name: string,
    capabilities: Partial<SynthesizerCapabilities> = {},
  ) {
    this.capabilities = { sampleRatesHz: [8000], streaming: true, dialects: ['en-gb'], ...capabilities };
  }

  synthesize(request: SynthesisRequest, sampleRateHz: number, signal?: AbortSignal): SpokenAudio {
    const sentence = new ScriptedSentence(request, sampleRateHz, signal);
    this.sentences.push(sentence);
    this.onAsked(sentence);
    return sentence;
  }

  close(): Promise<void> {
    this.closed += 1;
    return Promise.resolve();
  }

  get last(): ScriptedSentence {
    const last = this.sentences.at(-1);
    if (last === undefined) throw new Error(`${this.name} was not asked`);
    return last;
  }
}
