import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { concatSamples } from '../audio/pcm.js';
import { sentenceWanted } from './channels.js';
import { RecentSentences } from './recent-sentences.js';
import { SentenceFiles } from './sentence-files.js';
import type { SpokenAudio, SynthesisRequest, Synthesizer } from './synthesizer.js';

/** A synthesizer, or a chain of them, each with sentences of its own. */
export interface CacheableSynthesizer extends Synthesizer {
  synthesize(
    request: SynthesisRequest,
    sampleRateHz: number,
    signal?: AbortSignal,
  ): SpokenAudio & {
    /** Who made all of it, once it is complete; absent where there is one engine only. */
    readonly spokenBy?: string | undefined;
  };
  /** Those that speak the dialect, in the order in which they are asked, and whether they would be asked now. */
  enginesFor?(dialect: string): readonly { readonly name: string; readonly available: boolean }[];
}

export interface SynthesisCacheOptions {
  readonly synthesizer: CacheableSynthesizer;
  /** Voice that an engine uses where a request names none; another one is another sentence. Default: not known. */
  readonly voiceOf?: (engine: string, dialect: string) => string | undefined;
  /** Folder of the WAV files; made when it is not there. */
  readonly dir: string;
  /** The least recently used files go when all together are larger. 0 writes none. Default 256 MiB, about 4.5 hours of speech. */
  readonly limitBytes?: number;
  /** Default 8000: what the media server plays without converting. */
  readonly sampleRateHz?: number;
  /** Memory for the sentences that were said last. Default 16 MiB, about 17 minutes of speech. */
  readonly memoryBytes?: number;
}

export interface CachedSpeech {
  /** Absolute or as {@link SynthesisCacheOptions.dir} is: a mono PCM16 WAV file that a media server may play itself. */
  readonly path: string;
  readonly samples: Int16Array;
}

export interface PrepareOptions {
  /** Whether what somebody waits for goes before it. Default true. */
  readonly background?: boolean;
  /**
   * Whether it may be kept, on the disk too. Not what is filled in during a call: that is in memory only, and only until
   * it was said once. Default false.
   */
  readonly store?: boolean;
  /** Aborted when none of it is wanted any more: what was made and not kept is forgotten. */
  readonly signal?: AbortSignal;
}

const defaultLimitBytes = 256 * 1024 * 1024;
const defaultMemoryBytes = 16 * 1024 * 1024;
/** Sentences of live calls made ahead, about 90 s of speech for each of 40 calls' next words. */
const aheadBytes = 4 * 1024 * 1024;
/** Made ahead at once: more would only wait for one another in the engines. */
const preparedAtOnce = 2;
/** Length of the chunks in which a stored sentence is given. */
const chunkMs = 100;
/** Part of the key: raise when the same request must sound otherwise. */
const version = 1;

/** Sentences as WAV files by text, voice, rate and engine, so that no sentence is made twice. */
export class SynthesisCache {
  readonly #synthesizer: CacheableSynthesizer;
  readonly #dir: string;
  readonly #voiceOf: NonNullable<SynthesisCacheOptions['voiceOf']>;
  readonly #files: SentenceFiles;
  readonly #sampleRateHz: number;
  readonly #making = new Map<string, Promise<CachedSpeech>>();
  readonly #recent: RecentSentences;
  /** What live calls are likely to say next. */
  readonly #ahead = new RecentSentences(aheadBytes);
  /** Sentences that were asked for as such, and not by a call: they are the same in every call. */
  readonly #fixed = new Set<string>();
  readonly #queue: { prepare: () => Promise<void> }[] = [];
  #preparing = 0;

  constructor(options: SynthesisCacheOptions) {
    this.#synthesizer = options.synthesizer;
    this.#dir = options.dir;
    this.#voiceOf = options.voiceOf ?? (() => undefined);
    this.#sampleRateHz = options.sampleRateHz ?? 8000;
    this.#files = new SentenceFiles(options.dir, options.limitBytes ?? defaultLimitBytes, this.#sampleRateHz);
    this.#recent = new RecentSentences(options.memoryBytes ?? defaultMemoryBytes);
  }

  /** Where the sentence's file is or would be; by default that of the first engine for the dialect. */
  pathOf(request: SynthesisRequest, speaker = this.#engines(request)[0]?.name): string {
    const engine = speaker ?? this.#synthesizer.name;
    const key = JSON.stringify([
      version,
      engine,
      this.#sampleRateHz,
      request.voice ?? this.#voiceOf(engine, request.dialect) ?? '',
      request.dialect,
      request.rate ?? 1,
      request.text,
    ]);
    return join(this.#dir, `${createHash('sha256').update(key).digest('hex').slice(0, 40)}.wav`);
  }

  /** The whole sentence, made if need be; two that ask at once wait for one synthesis. Rejects as the engine does. */
  get(request: SynthesisRequest): Promise<CachedSpeech> {
    const path = this.pathOf(request);
    this.#fixed.add(nameOf(request));
    const making = this.#making.get(path);
    if (making !== undefined) return making;
    const made = this.#getOrMake(path, request).finally(() => this.#making.delete(path));
    this.#making.set(path, made);
    return made;
  }

  /**
   * The sentence as a stream: at once if it is stored, else as it is made; stored, beside the call, when it is complete
   * and `store` says so, or {@link get} was asked for it before. What may hold a caller's data (a number read back) is not
   * to be stored.
   */
  speak(request: SynthesisRequest, signal?: AbortSignal, store = true): SpokenAudio {
    const sampleRateHz = this.#sampleRateHz;
    return {
      sampleRateHz,
      [Symbol.asyncIterator]: () => this.#stream(request, signal, store),
    };
  }

  /**
   * Makes sentences before they are needed, a few at a time, in order; what is there already costs nothing. Resolves when
   * all are there, were aborted or could not be made; never rejects.
   */
  async prepare(requests: readonly SynthesisRequest[], options: PrepareOptions = {}): Promise<void> {
    await Promise.all(
      requests.map(
        (request) =>
          new Promise<void>((resolve) => {
            this.#queue.push({ prepare: () => this.#prepareOne(request, options).then(resolve, resolve) });
            this.#work();
          }),
      ),
    );
  }

  #work(): void {
    while (this.#preparing < preparedAtOnce) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      this.#preparing += 1;
      void next.prepare().finally(() => {
        this.#preparing -= 1;
        this.#work();
      });
    }
  }

  async #prepareOne(request: SynthesisRequest, options: PrepareOptions): Promise<void> {
    const { background = true, store = false, signal } = options;
    const path = this.pathOf(request);
    if (signal?.aborted === true || this.#ahead.get(path) !== undefined) return;
    if ((await this.#find(request)) !== undefined) return;
    const made = { ...request, background };
    if (store) {
      await this.get(made);
      return;
    }
    const { samples } = await this.#make(made, signal);
    // One that was aborted meanwhile is not whole.
    if (isAborted(signal)) return;
    this.#ahead.keep(path, samples);
    signal?.addEventListener('abort', () => this.#ahead.forget(path), { once: true });
  }

  async *#stream(
    request: SynthesisRequest,
    signal: AbortSignal | undefined,
    store: boolean,
  ): AsyncGenerator<Int16Array> {
    // In memory: the first packet leaves with the next tick.
    const recalled = this.#takeAhead(request) ?? this.#recall(request);
    const stored = recalled ?? (await this.#find(request));
    const from = recalled !== undefined ? 'memory' : stored !== undefined ? 'disk' : 'engine';
    sentenceWanted.publish({ from });
    if (stored !== undefined) {
      yield* this.#chunks(stored, signal);
      return;
    }
    const chunks: Int16Array[] = [];
    let path: string | undefined;
    try {
      const audio = this.#synthesizer.synthesize(request, this.#sampleRateHz, signal);
      for await (const chunk of audio) {
        chunks.push(chunk);
        yield chunk;
      }
      path = this.#pathOfMade(request, audio);
    } catch (error) {
      // Said before by an engine that is not the first choice: better than silence.
      const other = chunks.length === 0 ? await this.#findOfAny(request) : undefined;
      if (other === undefined) throw error;
      yield* this.#chunks(other, signal);
      return;
    }
    // Beside the call: whoever speaks learns only now that these were the last words, and a disk may be full or slow.
    if ((store || this.#fixed.has(nameOf(request))) && signal?.aborted !== true && path !== undefined) {
      void this.#store(path, concatSamples(chunks)).catch(() => undefined);
    }
  }

  *#chunks(samples: Int16Array, signal: AbortSignal | undefined): Generator<Int16Array> {
    const chunkSamples = (this.#sampleRateHz * chunkMs) / 1000;
    for (let at = 0; at < samples.length && signal?.aborted !== true; at += chunkSamples) {
      yield samples.subarray(at, at + chunkSamples);
    }
  }

  async #getOrMake(path: string, request: SynthesisRequest): Promise<CachedSpeech> {
    // From the disk, whatever memory has: the file is to be there.
    const stored = await this.#files.read(path);
    if (stored !== undefined) {
      this.#recent.keep(path, stored);
      return { path, samples: stored };
    }
    const made = await this.#make(request);
    if (made.path !== undefined) await this.#store(made.path, made.samples);
    return { path: made.path ?? path, samples: made.samples };
  }

  async #make(request: SynthesisRequest, signal?: AbortSignal) {
    const chunks: Int16Array[] = [];
    const audio = this.#synthesizer.synthesize(request, this.#sampleRateHz, signal);
    for await (const chunk of audio) chunks.push(chunk);
    return { samples: concatSamples(chunks), path: this.#pathOfMade(request, audio) };
  }

  /** Undefined where several engines had a part in it: it is no engine's sentence. */
  #pathOfMade(
    request: SynthesisRequest,
    audio: { readonly spokenBy?: string | undefined },
  ): string | undefined {
    if (!('spokenBy' in audio)) return this.pathOf(request);
    return audio.spokenBy === undefined ? undefined : this.pathOf(request, audio.spokenBy);
  }

  #engines({ dialect }: SynthesisRequest): readonly { readonly name: string; readonly available: boolean }[] {
    return this.#synthesizer.enginesFor?.(dialect) ?? [{ name: this.#synthesizer.name, available: true }];
  }

  #recall(request: SynthesisRequest): Int16Array | undefined {
    for (const path of this.#inOrder(request)) {
      const samples = this.#recent.get(path);
      if (samples !== undefined) return samples;
    }
    return undefined;
  }

  /** What was made ahead for one call is said once. */
  #takeAhead(request: SynthesisRequest): Int16Array | undefined {
    const path = this.pathOf(request);
    const samples = this.#ahead.get(path);
    if (samples !== undefined) this.#ahead.forget(path);
    return samples;
  }

  async #find(request: SynthesisRequest): Promise<Int16Array | undefined> {
    for (const path of this.#inOrder(request)) {
      const samples = await this.#read(path);
      if (samples !== undefined) return samples;
    }
    return undefined;
  }

  async #findOfAny(request: SynthesisRequest): Promise<Int16Array | undefined> {
    for (const { name } of this.#engines(request)) {
      const samples = await this.#read(this.pathOf(request, name));
      if (samples !== undefined) return samples;
    }
    return undefined;
  }

  /** Files of the engine that would speak now, and of those before it that are left alone at present. */
  #inOrder(request: SynthesisRequest): string[] {
    const paths: string[] = [];
    for (const { name, available } of this.#engines(request)) {
      paths.push(this.pathOf(request, name));
      if (available) break;
    }
    return paths;
  }

  async #read(path: string): Promise<Int16Array | undefined> {
    const recent = this.#recent.get(path);
    if (recent !== undefined) return recent;
    const samples = await this.#files.read(path);
    if (samples !== undefined) this.#recent.keep(path, samples);
    return samples;
  }

  async #store(path: string, samples: Int16Array): Promise<void> {
    this.#recent.keep(path, samples);
    await this.#files.write(path, samples);
  }
}

function nameOf({ text, dialect, voice = '', rate = 1 }: SynthesisRequest): string {
  return JSON.stringify([text, dialect, voice, rate]);
}

/** Asked anew: what was false before an await may be true after it. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}
