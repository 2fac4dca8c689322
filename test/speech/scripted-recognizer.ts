import { TypedEmitter } from '../../src/core/typed-emitter.js';
import type {
  Phrase,
  RecognitionResult,
  Recognizer,
  RecognizeOptions,
  RecognizerCapabilities,
  RecognizerStream,
  RecognizerStreamEvents,
} from '../../src/speech/recognizer.js';

/** A listening that a test plays the engine of; it tells even after it was closed, as broken engines do. */
export class ScriptedListening extends TypedEmitter<RecognizerStreamEvents> implements RecognizerStream {
  /** Every sample written. */
  readonly written: number[] = [];
  finished = 0;
  closed = 0;
  writeFailure: Error | undefined;

  constructor(readonly options: RecognizeOptions) {
    super();
  }

  write(samples: Int16Array): void {
    if (this.writeFailure !== undefined) throw this.writeFailure;
    this.written.push(...samples);
  }

  finish(): void {
    this.finished += 1;
  }

  close(): void {
    this.closed += 1;
  }

  tell<K extends keyof RecognizerStreamEvents>(event: K, ...args: RecognizerStreamEvents[K]): void {
    this.emit(event, ...args);
  }
}

/** An engine without ears: a test says what each listening hears. */
export class ScriptedRecognizer implements Recognizer {
  readonly capabilities: RecognizerCapabilities;
  readonly listenings: ScriptedListening[] = [];
  readonly prepared: (readonly Phrase[])[] = [];
  openFailure: Error | undefined;
  prepareFailure: Error | undefined;
  closed = 0;
  /** What happens as soon as a listening is opened. */
  onOpen: (listening: ScriptedListening) => void = () => undefined;

  constructor(
    readonly name: string,
    capabilities: Partial<RecognizerCapabilities> = {},
  ) {
    this.capabilities = {
      sampleRatesHz: [8000],
      interim: true,
      openSpeech: true,
      dialects: ['en-gb'],
      dialectPreserving: false,
      phraseHints: true,
      ...capabilities,
    };
  }

  prepare(phrases: readonly Phrase[]): Promise<void> {
    this.prepared.push(phrases);
    return this.prepareFailure === undefined ? Promise.resolve() : Promise.reject(this.prepareFailure);
  }

  open(options: RecognizeOptions): RecognizerStream {
    if (this.openFailure !== undefined) throw this.openFailure;
    const listening = new ScriptedListening(options);
    this.listenings.push(listening);
    this.onOpen(listening);
    return listening;
  }

  close(): Promise<void> {
    this.closed += 1;
    return Promise.resolve();
  }

  get last(): ScriptedListening {
    const last = this.listenings.at(-1);
    if (last === undefined) throw new Error(`${this.name} was not asked`);
    return last;
  }
}

/** What an engine heard; without words: noMatch. */
export function heard(text = '', more: Partial<RecognitionResult> = {}): RecognitionResult {
  const alternatives = text === '' ? [] : [{ phraseId: undefined, text, dialect: 'en-gb', confidence: 0.9 }];
  return { alternatives, ...more };
}
