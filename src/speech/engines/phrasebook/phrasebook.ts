import { Worker } from 'node:worker_threads';
import { TypedEmitter } from '../../../core/typed-emitter.js';
import { speechError } from '../../errors.js';
import type {
  Alternative,
  Phrase,
  Recognizer,
  RecognizeOptions,
  RecognizerCapabilities,
  RecognizerStream,
  RecognizerStreamEvents,
} from '../../recognizer.js';
import type { Synthesizer } from '../../synthesizer.js';
import type {
  PhrasebookReply,
  PhrasebookRequest,
  PhrasebookWorkerData,
  PhraseTemplates,
  Recipe,
} from './protocol.js';
import { recipesOf } from './recipes.js';

export interface PhrasebookOptions {
  /** Reads the phrases to make templates of them; stays the caller's. */
  readonly synthesizer: Synthesizer;
  /** Folder of the templates' features; made when it is not there. */
  readonly templateDir: string;
}

const engineName = 'phrasebook';
const lineHz = 8000;

/** Resolves when the recognizer's worker has loaded its acoustic model. */
export async function createPhrasebook(options: PhrasebookOptions): Promise<PhrasebookRecognizer> {
  const phrasebook = new PhrasebookRecognizer(options);
  await phrasebook.start();
  return phrasebook;
}

/**
 * Recognizes a closed set of phrases by comparing what was said with readings of the phrases by the synthesizer, and
 * answers noMatch rather than guess. Everything heavy happens in a worker thread.
 */
export class PhrasebookRecognizer implements Recognizer {
  readonly name = engineName;
  readonly capabilities: RecognizerCapabilities;
  readonly #synthesizer: Synthesizer;
  readonly #templateDir: string;
  #worker: Worker | undefined;
  #ready: Promise<void> | undefined;
  readonly #streams = new Map<number, Listening>();
  readonly #loads = new Map<number, (missing: readonly string[]) => void>();
  readonly #lost = new Set<(error: Error) => void>();
  /** By the phrase's text and dialect; forgotten when the worker dies. */
  readonly #prepared = new Map<string, Promise<readonly Recipe[]>>();
  #nextId = 1;
  #closed = false;

  constructor(options: PhrasebookOptions) {
    this.#synthesizer = options.synthesizer;
    this.#templateDir = options.templateDir;
    this.capabilities = {
      sampleRatesHz: [lineHz, 16_000],
      interim: false,
      openSpeech: false,
      dialects: options.synthesizer.capabilities.dialects,
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
    await Promise.all(phrases.map((phrase) => this.#prepareOne(phrase)));
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
    for (const lose of [...this.#lost]) lose(error);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  async #begin(stream: Listening, options: RecognizeOptions): Promise<void> {
    try {
      await this.start();
      const phrases = await Promise.all(
        options.phrases.map(async (phrase): Promise<PhraseTemplates> => {
          const recipes = await this.#prepareOne(phrase);
          return { ...phrase, keys: recipes.map((recipe) => recipe.key) };
        }),
      );
      stream.begin({
        type: 'open',
        stream: stream.id,
        sampleRateHz: options.sampleRateHz,
        phrases,
      });
      this.#worker?.ref();
    } catch (error) {
      stream.fail(error as Error);
    }
  }

  #prepareOne(phrase: Phrase): Promise<readonly Recipe[]> {
    const name = JSON.stringify([phrase.dialect, phrase.text]);
    let prepared = this.#prepared.get(name);
    if (prepared === undefined) {
      prepared = this.#makeTemplates(phrase);
      this.#prepared.set(name, prepared);
      // A failure is not remembered: the next listening tries again.
      prepared.catch(() => this.#prepared.delete(name));
    }
    return prepared;
  }

  async #makeTemplates(phrase: Phrase): Promise<readonly Recipe[]> {
    const recipes = recipesOf(phrase, this.#synthesizer.name);
    const missing = await this.#load(recipes);
    for (const recipe of recipes) {
      if (!missing.includes(recipe.key)) continue;
      const samples = await this.#read(recipe);
      this.#post({ type: 'template', key: recipe.key, samples }, [samples.buffer]);
    }
    return recipes;
  }

  #load(recipes: readonly Recipe[]): Promise<readonly string[]> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        this.#loads.delete(id);
        this.#lost.delete(lose);
        this.#rest();
      };
      const lose = (error: Error): void => {
        finish();
        reject(error);
      };
      this.#lost.add(lose);
      this.#loads.set(id, (missing) => {
        finish();
        resolve(missing);
      });
      this.#worker?.ref();
      this.#post({ type: 'load', id, recipes });
    });
  }

  async #read(recipe: Recipe): Promise<Int16Array<ArrayBuffer>> {
    const request = {
      text: recipe.text,
      dialect: recipe.dialect,
      rate: recipe.rate,
      background: true,
      ...(recipe.voice === '' ? {} : { voice: recipe.voice }),
    };
    const chunks: Int16Array[] = [];
    for await (const chunk of this.#synthesizer.synthesize(request, lineHz)) chunks.push(chunk);
    const samples = new Int16Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    let at = 0;
    for (const chunk of chunks) {
      samples.set(chunk, at);
      at += chunk.length;
    }
    return samples;
  }

  #post(message: PhrasebookRequest, transfer: ArrayBuffer[] = []): void {
    this.#worker?.postMessage(message, transfer);
  }

  /** An idle recognizer must not keep a command alive that has done its work. */
  #rest(): void {
    if (this.#streams.size === 0 && this.#loads.size === 0) this.#worker?.unref();
  }

  #startWorker(): Promise<void> {
    const worker = new Worker(new URL('./phrasebook-worker.js', import.meta.url), {
      workerData: { templateDir: this.#templateDir } satisfies PhrasebookWorkerData,
    });
    this.#worker = worker;
    return new Promise<void>((resolve, reject) => {
      let reason = 'its worker ended';
      worker.on('message', (message: PhrasebookReply) => {
        if (message.type === 'ready') {
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
        if (this.#worker !== worker) return;
        this.#worker = undefined;
        this.#ready = undefined;
        this.#prepared.clear();
        for (const lose of [...this.#lost]) lose(error);
        for (const stream of [...this.#streams.values()]) stream.fail(error);
      });
    });
  }

  #hear(message: Exclude<PhrasebookReply, { type: 'ready' }>): void {
    switch (message.type) {
      case 'missing':
        return this.#loads.get(message.id)?.(message.keys);
      case 'final':
        return this.#streams.get(message.stream)?.final(message.matches);
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

  final(matches: readonly { readonly phrase: number; readonly confidence: number }[]): void {
    if (this.#done) return;
    this.#end();
    const alternatives = matches.flatMap(({ phrase: index, confidence }): Alternative[] => {
      const phrase = this.phrases[index];
      return phrase === undefined
        ? []
        : [{ phraseId: phrase.id, text: phrase.text, dialect: phrase.dialect, confidence }];
    });
    this.emit('final', { alternatives });
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
