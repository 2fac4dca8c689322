import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeWav, parseWav } from '../audio/wav.js';
import { RecentSentences } from './recent-sentences.js';
import type { SpokenAudio, SynthesisRequest, Synthesizer } from './synthesizer.js';

export interface SynthesisCacheOptions {
  readonly synthesizer: Synthesizer;
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

const defaultLimitBytes = 256 * 1024 * 1024;
const defaultMemoryBytes = 16 * 1024 * 1024;
/** Length of the chunks in which a stored sentence is given. */
const chunkMs = 100;
/** An unfinished file older than this belongs to a process that died. */
const abandonedMs = 3_600_000;
/** Part of the key: raise when the same request must sound otherwise. */
const version = 1;

/**
 * Sentences as WAV files, so that no sentence is made twice. A file appears under its name only when it is whole
 * (written aside, renamed), so a crash leaves nothing that could be taken for a sentence; one that cannot be read is
 * made anew.
 */
export class SynthesisCache {
  readonly #synthesizer: Synthesizer;
  readonly #dir: string;
  readonly #limitBytes: number;
  readonly #sampleRateHz: number;
  readonly #making = new Map<string, Promise<CachedSpeech>>();
  readonly #recent: RecentSentences;
  #usedBytes: number | undefined;
  #trimming: Promise<void> | undefined;

  constructor(options: SynthesisCacheOptions) {
    this.#synthesizer = options.synthesizer;
    this.#dir = options.dir;
    this.#limitBytes = options.limitBytes ?? defaultLimitBytes;
    this.#sampleRateHz = options.sampleRateHz ?? 8000;
    this.#recent = new RecentSentences(options.memoryBytes ?? defaultMemoryBytes);
  }

  /** Where the sentence's file is or would be. */
  pathOf(request: SynthesisRequest): string {
    const key = JSON.stringify([
      version,
      this.#synthesizer.name,
      this.#sampleRateHz,
      request.voice ?? '',
      request.dialect,
      request.rate ?? 1,
      request.text,
    ]);
    return join(this.#dir, `${createHash('sha256').update(key).digest('hex').slice(0, 40)}.wav`);
  }

  /** The whole sentence, made if need be; two that ask at once wait for one synthesis. Rejects as the engine does. */
  get(request: SynthesisRequest): Promise<CachedSpeech> {
    const path = this.pathOf(request);
    const making = this.#making.get(path);
    if (making !== undefined) return making;
    const made = this.#getOrMake(path, request).finally(() => this.#making.delete(path));
    this.#making.set(path, made);
    return made;
  }

  /**
   * The sentence as a stream: at once if it is stored, else as it is made; stored, beside the call, when it is complete
   * and `store` says so. What may hold a caller's data (a number read back) is not to be stored.
   */
  speak(request: SynthesisRequest, signal?: AbortSignal, store = true): SpokenAudio {
    const sampleRateHz = this.#sampleRateHz;
    return {
      sampleRateHz,
      [Symbol.asyncIterator]: () => this.#stream(request, signal, store),
    };
  }

  async *#stream(
    request: SynthesisRequest,
    signal: AbortSignal | undefined,
    store: boolean,
  ): AsyncGenerator<Int16Array> {
    const path = this.pathOf(request);
    // What was said lately is there without waiting for the disk: the first packet leaves with the next tick.
    const stored = this.#recent.get(path) ?? (await this.#read(path));
    if (stored !== undefined) {
      const chunkSamples = (this.#sampleRateHz * chunkMs) / 1000;
      for (let at = 0; at < stored.length && signal?.aborted !== true; at += chunkSamples) {
        yield stored.subarray(at, at + chunkSamples);
      }
      return;
    }
    const chunks: Int16Array[] = [];
    for await (const chunk of this.#synthesizer.synthesize(request, this.#sampleRateHz, signal)) {
      chunks.push(chunk);
      yield chunk;
    }
    // Beside the call: whoever speaks learns only now that these were the last words, and a disk may be full or slow.
    if (store && signal?.aborted !== true) void this.#store(path, joinChunks(chunks)).catch(() => undefined);
  }

  async #getOrMake(path: string, request: SynthesisRequest): Promise<CachedSpeech> {
    const stored = await this.#read(path);
    if (stored !== undefined) return { path, samples: stored };
    const chunks: Int16Array[] = [];
    for await (const chunk of this.#synthesizer.synthesize(request, this.#sampleRateHz)) {
      chunks.push(chunk);
    }
    const samples = joinChunks(chunks);
    await this.#store(path, samples);
    return { path, samples };
  }

  async #read(path: string): Promise<Int16Array | undefined> {
    let bytes: Uint8Array;
    try {
      bytes = await readFile(path);
    } catch {
      return undefined;
    }
    try {
      const wav = parseWav(bytes);
      if (wav.sampleRateHz === this.#sampleRateHz && wav.channels === 1) {
        const now = new Date();
        await utimes(path, now, now).catch(() => undefined);
        this.#recent.keep(path, wav.samples);
        return wav.samples;
      }
    } catch {
      // Damaged: made anew below.
    }
    await rm(path, { force: true });
    return undefined;
  }

  async #store(path: string, samples: Int16Array): Promise<void> {
    this.#recent.keep(path, samples);
    if (this.#limitBytes === 0) return;
    await mkdir(this.#dir, { recursive: true });
    const aside = `${path}.${randomBytes(6).toString('hex')}.tmp`;
    const bytes = encodeWav(samples, { sampleRateHz: this.#sampleRateHz, channels: 1 });
    try {
      await writeFile(aside, bytes);
      await rename(aside, path);
    } catch (error) {
      await rm(aside, { force: true }).catch(() => undefined);
      throw error;
    }
    if (this.#usedBytes !== undefined) this.#usedBytes += bytes.length;
    if (this.#usedBytes === undefined || this.#usedBytes > this.#limitBytes) {
      this.#trimming ??= this.#trim(path).finally(() => (this.#trimming = undefined));
      await this.#trimming;
    }
  }

  /** Removes what was used longest ago until the rest is within the limit; `newest` stays whatever its size. */
  async #trim(newest: string): Promise<void> {
    const files: { path: string; bytes: number; usedMs: number }[] = [];
    for (const name of await readdir(this.#dir)) {
      const path = join(this.#dir, name);
      const info = await stat(path).catch(() => undefined);
      if (info === undefined) continue;
      if (name.endsWith('.tmp')) {
        if (Date.now() - info.mtimeMs > abandonedMs) await rm(path, { force: true });
      } else if (name.endsWith('.wav')) {
        files.push({ path, bytes: info.size, usedMs: info.mtimeMs });
      }
    }
    let used = files.reduce((sum, file) => sum + file.bytes, 0);
    for (const file of files.sort((a, b) => a.usedMs - b.usedMs)) {
      if (used <= this.#limitBytes) break;
      if (file.path === newest) continue;
      await rm(file.path, { force: true });
      used -= file.bytes;
    }
    this.#usedBytes = used;
  }
}

function joinChunks(chunks: readonly Int16Array[]): Int16Array {
  const joined = new Int16Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined;
}
