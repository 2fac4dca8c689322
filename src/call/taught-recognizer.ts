import { TypedEmitter } from '../core/typed-emitter.js';
import { findWording, type TaughtWording } from '../dialect/taught-phrases.js';
import type {
  Alternative,
  RecognitionResult,
  Recognizer,
  RecognizeOptions,
  RecognizerCapabilities,
  RecognizerStream,
  RecognizerStreamEvents,
} from '../speech/recognizer.js';

/** What calls know of what was taught; changed while they go on. */
export interface TaughtInCalls {
  readonly wordings: readonly TaughtWording[];
  /** A caller was understood by it. Must not throw. */
  matched(id: string): void;
}

/** Any recognizer, and what was taught: words that open speech wrote and that stand for a phrase are that phrase. */
export class TaughtRecognizer implements Recognizer {
  constructor(
    private readonly engine: Recognizer,
    private readonly taught: TaughtInCalls,
  ) {}

  get name(): string {
    return this.engine.name;
  }

  get capabilities(): RecognizerCapabilities {
    return this.engine.capabilities;
  }

  prepare(...args: Parameters<Recognizer['prepare']>): Promise<void> {
    return this.engine.prepare(...args);
  }

  hears(dialects: readonly string[]): boolean {
    return this.engine.hears?.(dialects) ?? true;
  }

  open(options: RecognizeOptions): RecognizerStream {
    return new TaughtListening(this.engine.open(options), options, this.taught);
  }

  close(): Promise<void> {
    return this.engine.close();
  }
}

class TaughtListening extends TypedEmitter<RecognizerStreamEvents> implements RecognizerStream {
  /** What was taught by which the latest result was told. */
  #by: string | undefined;

  constructor(
    private readonly stream: RecognizerStream,
    private readonly options: RecognizeOptions,
    private readonly taught: TaughtInCalls,
  ) {
    super();
    stream.on('ready', () => this.emit('ready'));
    stream.on('interim', (result) => {
      const understood = this.#understood(result);
      this.#by = understood.alternatives[0]?.taught;
      this.emit('interim', understood);
    });
    stream.on('final', (result) => {
      const understood = this.#understood(result);
      this.#by = understood.alternatives[0]?.taught;
      this.#count();
      this.emit('final', understood);
    });
    stream.on('error', (error) => this.emit('error', error));
  }

  write(samples: Int16Array): void {
    this.stream.write(samples);
  }

  finish(): void {
    this.stream.finish();
  }

  /** What was understood before the end is not waited for any longer: then the last interim result counts. */
  close(): void {
    this.#count();
    this.stream.close();
    this.removeAllListeners();
  }

  #count(): void {
    const by = this.#by;
    this.#by = undefined;
    if (by !== undefined) this.taught.matched(by);
  }

  #understood(result: RecognitionResult): RecognitionResult {
    const [best, ...others] = result.alternatives;
    if (best === undefined || best.phraseId !== undefined || this.taught.wordings.length === 0) return result;
    const { phrases, alsoIn = [] } = this.options;
    const all = [...phrases, ...alsoIn.flatMap((other) => other.phrases)];
    const found = findWording(best.text, all, this.taught.wordings);
    if (found === undefined) return result;
    const { phrase, wording } = found;
    const told: Alternative = { ...best, phraseId: phrase.id, dialect: phrase.dialect, taught: wording.id };
    return { ...result, alternatives: [told, ...others] };
  }
}
