import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TypedEmitter } from '../../src/core/typed-emitter.js';
import { pronunciations } from '../../src/speech/engines/phrasebook/alignment.js';
import { hearingOf } from '../../src/speech/engines/phrasebook/languages.js';
import { Listening, type KnownPhrase } from '../../src/speech/engines/phrasebook/listening.js';
import { parsePhoneModel, type PhoneModel } from '../../src/speech/engines/phrasebook/phone-model.js';
import { ReadingStore } from '../../src/speech/engines/phrasebook/readings.js';
import type { Match } from '../../src/speech/engines/phrasebook/protocol.js';
import type {
  Phrase,
  RecognitionResult,
  Recognizer,
  RecognizerCapabilities,
  RecognizerStream,
  RecognizerStreamEvents,
} from '../../src/speech/recognizer.js';
import type { PhoneticSynthesizer } from '../../src/speech/synthesizer.js';
import { projectDir } from '../scenarios/server-process.js';

const modelDir = join(projectDir, 'src/speech/engines/phrasebook/models');

/**
 * The phrasebook without its thread: a verdict takes no time of its own and is told by {@link tick}, so that a call can be
 * played on a clock that is simulated. Hears one set of phrases.
 */
export class SteppedPhrasebook implements Recognizer {
  readonly name = 'phrasebook';
  readonly capabilities: RecognizerCapabilities = {
    sampleRatesHz: [8000],
    interim: true,
    openSpeech: false,
    dialects: ['en-gb'],
    dialectPreserving: true,
    phraseHints: true,
  };
  #told: (() => void)[] = [];

  private constructor(
    private readonly phrases: readonly Phrase[],
    private readonly known: readonly KnownPhrase[],
  ) {}

  /** `dir`: where readings are kept. Rejects as the synthesizer does. */
  static async of(
    phrases: readonly Phrase[],
    synthesizer: PhoneticSynthesizer,
    dir: string,
  ): Promise<SteppedPhrasebook> {
    const readings = new ReadingStore(synthesizer, dir);
    const models = new Map<string, PhoneModel>();
    const known: KnownPhrase[] = [];
    for (const phrase of phrases) {
      const hearing = hearingOf(phrase.dialect);
      if (hearing === undefined) throw new Error(`nobody hears ${phrase.dialect}`);
      const file = join(modelDir, `${hearing.model}.phones`);
      const model = models.get(file) ?? parsePhoneModel(await readFile(file), file);
      // One for all of one language: its work is done once.
      models.set(file, model);
      const ways = pronunciations(model, await readings.read(phrase, hearing.accents));
      known.push({ id: phrase.id, said: { model, pronunciations: ways }, taught: [] });
    }
    return new SteppedPhrasebook(phrases, known);
  }

  /** What was found by then reaches the call. */
  tick(): void {
    for (const tell of this.#told.splice(0)) tell();
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  open(): RecognizerStream {
    return new SteppedStream(
      new Listening(this.known),
      (matches) => this.#result(matches),
      (tell) => this.#told.push(tell),
    );
  }

  close(): Promise<void> {
    this.#told = [];
    return Promise.resolve();
  }

  #result(matches: readonly Match[]): RecognitionResult {
    return {
      alternatives: matches.flatMap(({ phrase, confidence }) => {
        const found = this.phrases[phrase];
        return found === undefined
          ? []
          : [{ phraseId: found.id, text: found.text, dialect: found.dialect, confidence }];
      }),
    };
  }
}

class SteppedStream extends TypedEmitter<RecognizerStreamEvents> implements RecognizerStream {
  #samples = 0;
  #closed = false;

  constructor(
    private readonly listening: Listening,
    private readonly resultOf: (matches: readonly Match[]) => RecognitionResult,
    private readonly tell: (tell: () => void) => void,
  ) {
    super();
  }

  write(samples: Int16Array): void {
    this.#samples += samples.length;
    if (!this.listening.push(samples)) return;
    const audioMs = this.#samples / 8;
    const result = this.resultOf(this.listening.verdict());
    this.tell(() => {
      if (!this.#closed) this.emit('interim', { ...result, audioMs });
    });
  }

  finish(): void {
    const result = this.resultOf(this.listening.verdict());
    this.tell(() => {
      if (this.#closed) return;
      this.emit('final', { ...result, audioMs: this.#samples / 8 });
    });
  }

  close(): void {
    this.#closed = true;
  }
}
