import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { speechError } from '../../errors.js';
import type {
  PhoneticSynthesizer,
  PhoneTiming,
  SpokenAudio,
  SynthesisRequest,
  SynthesizerCapabilities,
} from '../../synthesizer.js';
import { EspeakSentence } from './espeak-sentence.js';
import type { EspeakReply, EspeakWorkerData } from './protocol.js';
import { espeakVoice, espeakVoices } from './voices.js';

export interface EspeakOptions {
  /** Words per minute at {@link SynthesisRequest.rate} 1; espeak-ng takes 80 to 450. Default 160. */
  readonly wordsPerMinute?: number;
  /** The optional npm package that holds the engine. Default `@echogarden/espeak-ng-emscripten`. */
  readonly packageName?: string;
}

const engineName = 'espeak-ng';
const defaultPackage = '@echogarden/espeak-ng-emscripten';
/** A little under espeak-ng's 175: prompts are heard over a telephone, once. */
const defaultWordsPerMinute = 160;
const engineHz = 22_050;
const slowest = 80;
const fastest = 450;

/** Rejects with `SPEECH_ENGINE_MISSING` when the optional package is not installed. Its worker starts at once. */
export async function createEspeakSynthesizer(options: EspeakOptions = {}): Promise<EspeakSynthesizer> {
  const packageName = options.packageName ?? defaultPackage;
  let packageUrl: string;
  try {
    packageUrl = pathToFileURL(createRequire(import.meta.url).resolve(packageName)).href;
  } catch (error) {
    throw speechError('SPEECH_ENGINE_MISSING', { engine: engineName, package: packageName }, error);
  }
  const synthesizer = new EspeakSynthesizer(packageUrl, options.wordsPerMinute ?? defaultWordsPerMinute);
  await synthesizer.start();
  return synthesizer;
}

/**
 * espeak-ng (GPL-3.0, optional) as WASM in a worker thread of its own. One sentence is made at a time; what somebody on
 * the line waits for goes before {@link SynthesisRequest.background}, and interrupts it: that is begun again. A worker that dies fails the sentence in hand and
 * is replaced for the next.
 */
export class EspeakSynthesizer implements PhoneticSynthesizer {
  readonly name = engineName;
  readonly capabilities: SynthesizerCapabilities = {
    sampleRatesHz: [8000, 16_000, 22_050],
    streaming: true,
    dialects: Object.keys(espeakVoices),
  };
  #worker: Worker | undefined;
  #ready: Promise<void> | undefined;
  #inHand: EspeakSentence | undefined;
  readonly #waiting: EspeakSentence[] = [];
  #nextId = 1;
  #closed = false;

  constructor(
    private readonly packageUrl: string,
    private readonly wordsPerMinute: number,
  ) {}

  /** Starts the worker if none runs; resolves when it can speak. */
  start(): Promise<void> {
    if (this.#closed) return Promise.reject(speechError('SPEECH_CLOSED', { engine: engineName }));
    this.#ready ??= this.#startWorker();
    return this.#ready;
  }

  synthesize(request: SynthesisRequest, sampleRateHz: number, signal?: AbortSignal): SpokenAudio {
    return this.#speak(request, sampleRateHz, false, signal);
  }

  async phones(request: SynthesisRequest): Promise<readonly PhoneTiming[]> {
    const sentence = this.#speak(request, engineHz, true, undefined);
    for await (const _chunk of sentence) {
      // No sound comes: the end, or the failure, is waited for.
    }
    return sentence.phones;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const error = speechError('SPEECH_CLOSED', { engine: engineName });
    for (const sentence of [...this.#waiting.splice(0), this.#inHand]) sentence?.end(error);
    this.#inHand = undefined;
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #speak(
    request: SynthesisRequest,
    sampleRateHz: number,
    phonesOnly: boolean,
    signal: AbortSignal | undefined,
  ): EspeakSentence {
    const sentence = new EspeakSentence(sampleRateHz, request.background === true);
    const voice = espeakVoice(request.dialect, request.voice);
    if (this.#closed) {
      sentence.end(speechError('SPEECH_CLOSED', { engine: engineName }));
    } else if (!this.capabilities.sampleRatesHz.includes(sampleRateHz)) {
      sentence.end(speechError('SPEECH_RATE_UNSUPPORTED', { engine: engineName, sampleRateHz }));
    } else if (voice === undefined) {
      sentence.end(noVoice(request.dialect, request.voice ?? 'default'));
    } else {
      const rate = this.wordsPerMinute * (request.rate ?? 1);
      sentence.begin(this.#nextId++, {
        text: request.text,
        voice,
        wordsPerMinute: Math.round(Math.min(fastest, Math.max(slowest, rate))),
        sampleRateHz,
        phonesOnly,
      });
      sentence.dialect = request.dialect;
      this.#enqueue(sentence, signal);
    }
    return sentence;
  }

  #enqueue(sentence: EspeakSentence, signal: AbortSignal | undefined): void {
    if (signal?.aborted === true) return sentence.end();
    const abort = (): void => sentence.cancel();
    signal?.addEventListener('abort', abort, { once: true });
    sentence.onDone = () => signal?.removeEventListener('abort', abort);
    if (sentence.background) this.#waiting.push(sentence);
    else {
      this.#beforeBackground(sentence);
      this.#inHand?.makeWay();
    }
    void this.#next();
  }

  #beforeBackground(sentence: EspeakSentence): void {
    const first = this.#waiting.findIndex((other) => other.background);
    this.#waiting.splice(first < 0 ? this.#waiting.length : first, 0, sentence);
  }

  async #next(): Promise<void> {
    if (this.#inHand !== undefined) return;
    let sentence = this.#waiting.shift();
    while (sentence?.done === true) sentence = this.#waiting.shift();
    if (sentence?.message === undefined) return;
    this.#inHand = sentence;
    try {
      await this.start();
      this.#worker?.ref();
      this.#worker?.postMessage(sentence.message);
    } catch (error) {
      sentence.end(error as Error);
      this.#release(sentence);
    }
  }

  #release(sentence: EspeakSentence): void {
    if (this.#inHand !== sentence) return;
    this.#inHand = undefined;
    this.#worker?.unref();
    if (!this.#closed) void this.#next();
  }

  #startWorker(): Promise<void> {
    const worker = new Worker(new URL('./espeak-worker.js', import.meta.url), {
      workerData: { packageUrl: this.packageUrl } satisfies EspeakWorkerData,
    });
    this.#worker = worker;
    return new Promise<void>((resolve, reject) => {
      let reason = 'its worker ended';
      worker.on('message', (message: EspeakReply) => {
        if (message.type === 'ready') {
          // An idle engine must not keep a command alive that has done its work.
          if (this.#inHand === undefined) worker.unref();
          resolve();
        } else this.#hear(message);
      });
      worker.on('error', (error) => (reason = error.message));
      worker.on('exit', () => {
        const error = speechError('SPEECH_ENGINE_FAILED', { engine: engineName, reason });
        reject(this.#closed ? speechError('SPEECH_CLOSED', { engine: engineName }) : error);
        if (this.#worker !== worker) return;
        this.#worker = undefined;
        this.#ready = undefined;
        const sentence = this.#inHand;
        if (sentence === undefined) return;
        sentence.end(error);
        this.#release(sentence);
      });
    });
  }

  #hear(message: Exclude<EspeakReply, { type: 'ready' }>): void {
    const sentence = this.#inHand;
    if (sentence?.message?.id !== message.id) return;
    switch (message.type) {
      case 'chunk':
        return sentence.push(message.samples);
      case 'phones':
        sentence.phones = message.phones;
        return;
      case 'end':
        if (sentence.makesWay) {
          sentence.begin(this.#nextId++, sentence.message);
          this.#beforeBackground(sentence);
        } else sentence.end();
        break;
      case 'noVoice':
        sentence.end(noVoice(sentence.dialect, sentence.message.voice));
        break;
      case 'failed':
        sentence.end(speechError('SPEECH_ENGINE_FAILED', { engine: engineName, reason: message.reason }));
        break;
    }
    this.#release(sentence);
  }
}

function noVoice(dialect: string, voice: string): Error {
  return speechError('SPEECH_NO_VOICE', { engine: engineName, dialect, voice });
}
