import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { TypedEmitter } from '../../../core/typed-emitter.js';
import { speechError } from '../../errors.js';
import type {
  Alternative,
  Phrase,
  RecognitionResult,
  Recognizer,
  RecognizeOptions,
  RecognizerCapabilities,
  RecognizerStream,
  RecognizerStreamEvents,
} from '../../recognizer.js';
import type { PhoneticSynthesizer } from '../../synthesizer.js';
import { hearingOf, hearings } from './languages.js';
import type {
  Match,
  PhrasebookReply,
  PhrasebookRequest,
  PhrasebookWorkerData,
  PhraseReadings,
  SoundRefusal,
  TaughtSound,
} from './protocol.js';
import { ReadingStore } from './readings.js';
import { TaughtSounds } from './taught-sounds.js';

export interface PhrasebookOptions {
  /** Tells how the phrases are said; stays the caller's. */
  readonly synthesizer: PhoneticSynthesizer;
  /** Folder in which that is kept; made when it is not there. */
  readonly templateDir: string;
  /** Folder of the acoustic models. Default: the ones in the sources. */
  readonly modelDir?: string;
}

const engineName = 'phrasebook';
/** The models are no code and are not compiled: from dist/src/speech/engines/phrasebook back to the sources. */
const ownModels = fileURLToPath(
  new URL('../../../../../src/speech/engines/phrasebook/models', import.meta.url),
);

type Prepared = NonNullable<PhraseReadings['said']>;

/** Resolves when the recognizer's worker runs. */
export async function createPhrasebook(options: PhrasebookOptions): Promise<PhrasebookRecognizer> {
  const phrasebook = new PhrasebookRecognizer(options);
  await phrasebook.start();
  return phrasebook;
}

/**
 * Recognizes a closed set of phrases by comparing what was said with the sounds that the synthesizer would make, and
 * answers noMatch rather than guess. Everything heavy happens in a worker thread.
 */
export class PhrasebookRecognizer implements Recognizer {
  readonly name = engineName;
  readonly capabilities: RecognizerCapabilities;
  readonly #readings: ReadingStore;
  readonly #modelDir: string;
  #worker: Worker | undefined;
  #ready: Promise<void> | undefined;
  readonly #streams = new Map<number, Listening>();
  /** By the phrase's text and dialect. */
  readonly #prepared = new Map<string, Promise<Prepared>>();
  readonly #taught = new TaughtSounds((message) => this.#post(message));
  /** Models that this worker was told to warm. */
  readonly #warm = new Set<string>();
  #nextId = 1;
  #closed = false;

  constructor(options: PhrasebookOptions) {
    this.#readings = new ReadingStore(options.synthesizer, options.templateDir);
    this.#modelDir = options.modelDir ?? ownModels;
    this.capabilities = {
      sampleRatesHz: [8000, 16_000],
      interim: true,
      openSpeech: false,
      dialects: Object.keys(hearings),
      dialectPreserving: true,
      phraseHints: true,
    };
  }

  /** Starts the worker if none runs. */
  start(): Promise<void> {
    if (this.#closed) return Promise.reject(speechError('SPEECH_CLOSED', { engine: engineName }));
    this.#ready ??= this.#startWorker();
    return this.#ready;
  }

  /** Reads the phrases that were never read, in the background; rejects as the synthesizer does. */
  async prepare(phrases: readonly Phrase[]): Promise<void> {
    await this.start();
    const prepared = await Promise.all(phrases.map((phrase) => this.#prepareOne(phrase)));
    this.#warmUp(phrases.map(({ id }, index) => ({ id, said: prepared[index], taught: [] })));
  }

  /**
   * From now on what sounds like this recording is another wording of its phrases. Resolves with why it cannot be used,
   * undefined if it can; rejects SPEECH_CLOSED or SPEECH_ENGINE_FAILED.
   */
  async teach(sound: TaughtSound): Promise<SoundRefusal | undefined> {
    await this.start();
    this.#worker?.ref();
    try {
      return await this.#taught.teach(sound);
    } finally {
      this.#rest();
    }
  }

  /** Takes it back; safe for an id that nobody knows. */
  unteach(id: string): void {
    this.#taught.unteach(id);
  }

  open(options: RecognizeOptions): RecognizerStream {
    const stream = new Listening(this.#nextId++, options.phrases, (message) => this.#post(message));
    stream.onDone = () => {
      this.#streams.delete(stream.id);
      this.#rest();
    };
    if (this.#closed) {
      stream.failLater(speechError('SPEECH_CLOSED', { engine: engineName }));
    } else if (!this.capabilities.sampleRatesHz.includes(options.sampleRateHz)) {
      stream.failLater(
        speechError('SPEECH_RATE_UNSUPPORTED', {
          engine: engineName,
          sampleRateHz: options.sampleRateHz,
        }),
      );
    } else {
      this.#streams.set(stream.id, stream);
      void this.#begin(stream, options);
    }
    return stream;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const error = speechError('SPEECH_CLOSED', { engine: engineName });
    for (const stream of [...this.#streams.values()]) stream.fail(error);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  async #begin(stream: Listening, options: RecognizeOptions): Promise<void> {
    try {
      await this.start();
      const phrases = await this.#readingsOf(options.phrases);
      stream.begin({ type: 'open', stream: stream.id, sampleRateHz: options.sampleRateHz, phrases });
      this.#worker?.ref();
    } catch (error) {
      stream.fail(error as Error);
    }
  }

  /** A phrase that nobody can read (Wu) is heard by what was taught; rejects SPEECH_NO_VOICE when none of all can be heard. */
  async #readingsOf(phrases: readonly Phrase[]): Promise<PhraseReadings[]> {
    const readings = await Promise.all(
      phrases.map(async (phrase): Promise<PhraseReadings> => {
        const { id, text, dialect } = phrase;
        const said = hearingOf(dialect) === undefined ? undefined : await this.#prepareOne(phrase);
        return { id, said, taught: this.#taught.of(text, dialect) };
      }),
    );
    const [first] = phrases;
    if (
      first !== undefined &&
      readings.every(({ said, taught }) => said === undefined && taught.length === 0)
    ) {
      await this.#prepareOne(first);
    }
    return readings;
  }

  #prepareOne(phrase: Phrase): Promise<Prepared> {
    const name = JSON.stringify([phrase.dialect, phrase.text]);
    let prepared = this.#prepared.get(name);
    if (prepared === undefined) {
      prepared = this.#makeReadings(phrase);
      this.#prepared.set(name, prepared);
      // A failure is not remembered: the next listening tries again.
      prepared.catch(() => this.#prepared.delete(name));
    }
    return prepared;
  }

  /** The first verdicts of a model take many times as long as others: they are not to be a caller's. */
  #warmUp(phrases: readonly PhraseReadings[]): void {
    for (const model of new Set(phrases.flatMap(({ said }) => said?.model ?? []))) {
      if (this.#warm.has(model)) continue;
      this.#warm.add(model);
      this.#post({ type: 'warm', phrases: phrases.filter(({ said }) => said?.model === model) });
    }
  }

  async #makeReadings(phrase: Phrase): Promise<Prepared> {
    const hearing = hearingOf(phrase.dialect);
    if (hearing === undefined) {
      throw speechError('SPEECH_NO_VOICE', {
        engine: engineName,
        dialect: phrase.dialect,
        voice: 'none',
      });
    }
    const readings = await this.#readings.read(phrase, hearing.accents);
    return { model: hearing.model, readings };
  }

  #post(message: PhrasebookRequest, transfer: ArrayBuffer[] = []): void {
    this.#worker?.postMessage(message, transfer);
  }

  /** An idle recognizer must not keep a command alive that has done its work. */
  #rest(): void {
    if (this.#streams.size === 0 && !this.#taught.isTeaching) this.#worker?.unref();
  }

  #startWorker(): Promise<void> {
    const worker = new Worker(new URL('./phrasebook-worker.js', import.meta.url), {
      workerData: { modelDir: this.#modelDir } satisfies PhrasebookWorkerData,
    });
    this.#worker = worker;
    return new Promise<void>((resolve, reject) => {
      let reason = 'its worker ended';
      worker.on('message', (message: PhrasebookReply) => {
        if (message.type === 'ready') {
          this.#taught.workerStarted();
          resolve();
          this.#rest();
        } else this.#hear(message);
      });
      worker.on('error', (error) => (reason = error.message));
      worker.on('exit', () => {
        const error = this.#closed
          ? speechError('SPEECH_CLOSED', { engine: engineName })
          : speechError('SPEECH_ENGINE_FAILED', { engine: engineName, reason });
        reject(error);
        this.#taught.workerGone(error);
        if (this.#worker !== worker) return;
        this.#worker = undefined;
        this.#ready = undefined;
        this.#warm.clear();
        for (const stream of [...this.#streams.values()]) stream.fail(error);
      });
    });
  }

  #hear(message: Exclude<PhrasebookReply, { type: 'ready' }>): void {
    switch (message.type) {
      case 'interim':
        return this.#streams.get(message.stream)?.interim(message.matches, message.audioMs);
      case 'final':
        return this.#streams.get(message.stream)?.final(message.matches, message.audioMs);
      case 'taught':
        return this.#taught.answered(message);
      case 'failed':
        return this.#streams
          .get(message.stream)
          ?.fail(speechError('SPEECH_ENGINE_FAILED', { engine: engineName, reason: message.reason }));
    }
  }
}

/** One listening; what comes before the worker has the templates waits here in order. */
class Listening extends TypedEmitter<RecognizerStreamEvents> implements RecognizerStream {
  onDone: (() => void) | undefined;
  #waiting: PhrasebookRequest[] | undefined = [];
  #finished = false;
  #done = false;

  constructor(
    readonly id: number,
    private readonly phrases: readonly Phrase[],
    private readonly post: (message: PhrasebookRequest, transfer?: ArrayBuffer[]) => void,
  ) {
    super();
  }

  write(samples: Int16Array): void {
    if (this.#finished || this.#done || samples.length === 0) return;
    this.#send({ type: 'audio', stream: this.id, samples: samples.slice() });
  }

  finish(): void {
    if (this.#finished || this.#done) return;
    this.#finished = true;
    this.#send({ type: 'finish', stream: this.id });
  }

  close(): void {
    if (this.#done) return;
    if (this.#waiting === undefined) this.post({ type: 'close', stream: this.id });
    this.#end();
  }

  begin(open: PhrasebookRequest): void {
    if (this.#done) return;
    this.post(open);
    for (const message of this.#waiting ?? []) this.post(message);
    this.#waiting = undefined;
  }

  interim(matches: readonly Match[], audioMs: number): void {
    if (!this.#done) this.emit('interim', this.#result(matches, audioMs));
  }

  final(matches: readonly Match[], audioMs: number): void {
    if (this.#done) return;
    this.#end();
    this.emit('final', this.#result(matches, audioMs));
  }

  fail(error: Error): void {
    if (this.#done) return;
    this.#end();
    this.emit('error', error);
  }

  /** For what is known to be wrong in open(): the one who opened has no listener yet. */
  failLater(error: Error): void {
    queueMicrotask(() => this.fail(error));
  }

  #result(matches: readonly Match[], audioMs: number): RecognitionResult {
    const alternatives = matches.flatMap(({ phrase: index, confidence, taught }): Alternative[] => {
      const phrase = this.phrases[index];
      return phrase === undefined
        ? []
        : [
            {
              phraseId: phrase.id,
              text: phrase.text,
              dialect: phrase.dialect,
              confidence,
              ...(taught !== undefined && { taught }),
            },
          ];
    });
    return { alternatives, audioMs };
  }

  #send(message: PhrasebookRequest): void {
    if (this.#waiting === undefined) this.post(message);
    else this.#waiting.push(message);
  }

  #end(): void {
    this.#done = true;
    this.#waiting = undefined;
    this.onDone?.();
  }
}
