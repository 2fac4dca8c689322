import { open, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { mixInto, bytesToSamples, deinterleave } from '../../audio/pcm.js';
import { resample } from '../../audio/resample.js';
import { parseWav } from '../../audio/wav.js';
import type { Clock } from '../../core/clock.js';
import { errorCode } from '../../core/errors.js';
import { BufferSource, SAMPLE_RATE_HZ, SilenceSource, type AudioSource } from './audio-source.js';
import { freeSwitchError } from './errors.js';
import { parseToneScript, ToneSource } from './tone-stream.js';

export interface SoundLibraryOptions {
  readonly clock: Clock;
  /** Where relative paths begin when the channel has no sound_prefix. */
  readonly soundsDir?: string | undefined;
  /** Text to 8 kHz mono; without it `say:` and `speak` cannot be opened. */
  readonly synthesize?: ((text: string, voice: string | undefined) => Promise<Int16Array>) | undefined;
  /** Decoded sound kept in memory; default 64 MiB. */
  readonly cacheBytes?: number;
}

/** What a file or a download may have: an hour of 16-bit stereo at 48 kHz is refused, a long recording is not. */
const MAX_FILE_BYTES = 256 << 20;
const MAX_DOWNLOAD_BYTES = 32 << 20;
/** Connect and whole transfer together: a prompt server slower than this is down. */
const DOWNLOAD_LIMIT_MS = 10_000;
/** How long a downloaded prompt is played again without asking. */
const DOWNLOAD_FRESH_MS = 60_000;

interface DecodedSound {
  readonly samples: Int16Array;
  readonly nativeRateHz: number;
}

interface CachedSound extends DecodedSound {
  /** Changes when the file does; for downloads the time until which it is fresh. */
  readonly stamp: string;
  readonly freshUntilMs: number;
}

/**
 * Opens what `playback` names: files (absolute, or under sound_prefix), raw samples (`.r8` ... `.r48`), tones, silence,
 * URLs, text. Decoded sounds are cached, so that a prompt starts within a frame and is decoded once for all calls.
 */
export class SoundLibrary {
  readonly #cache = new Map<string, CachedSound>();
  readonly #downloads = new Map<string, Promise<CachedSound>>();
  readonly #stopped = new AbortController();
  #cachedBytes = 0;

  constructor(private readonly options: SoundLibraryOptions) {}

  /** Rejects with FREESWITCH_FILE_NOT_FOUND for everything that cannot be played, as the real server reports it. */
  async open(
    name: string,
    options: { prefix?: string | undefined; voice?: string | undefined; offsetSamples?: number },
  ): Promise<AudioSource> {
    const scheme = /^([a-z_]+):\/\/(.*)$/s.exec(name);
    if (scheme?.[1] === 'silence_stream') return openSilence(scheme[2] ?? '');
    if (scheme?.[1] === 'tone_stream') return openTone(scheme[2] ?? '');
    const text = /^(?:say|speak):(.+)$/s.exec(name)?.[1];
    const { offsetSamples = 0 } = options;
    if (text !== undefined)
      return new BufferSource(await this.speak(text, options.voice), { isReadAhead: false });
    if (scheme?.[1] === 'http_cache' || scheme?.[1] === 'httapi')
      return this.open(innerUrl(scheme[2] ?? ''), options);
    if (scheme?.[1] === 'http' || scheme?.[1] === 'https') {
      return fromSound(await this.#url(name), offsetSamples);
    }
    if (scheme?.[1] === 'file') return this.open(scheme[2] ?? '', options);
    if (scheme !== null) throw notFound('unknown scheme');
    const base = options.prefix ?? this.options.soundsDir ?? process.cwd();
    const path = isAbsolute(name) ? name : join(base, name);
    return fromSound(await this.#file(path), offsetSamples);
  }

  get canSpeak(): boolean {
    return this.options.synthesize !== undefined;
  }

  /** Text as sound. Rejects when no synthesizer was given or it fails. */
  async speak(text: string, voice: string | undefined): Promise<Int16Array> {
    if (this.options.synthesize === undefined) throw notFound('no synthesizer');
    return this.options.synthesize(text, voice);
  }

  /** Aborts downloads and forgets all sounds. */
  close(): void {
    this.#stopped.abort();
    this.#cache.clear();
    this.#cachedBytes = 0;
  }

  async #file(path: string): Promise<DecodedSound> {
    let stamp: string;
    try {
      const stats = await stat(path);
      if (!stats.isFile() || stats.size > MAX_FILE_BYTES) throw notFound('not a file, or too large');
      stamp = `${stats.mtimeMs}-${stats.size}`;
    } catch (error) {
      throw notFound(errorCode(error));
    }
    const cached = this.#cache.get(path);
    if (cached !== undefined && cached.stamp === stamp) return this.#used(path, cached);
    const handle = await open(path, 'r').catch((error: unknown) => {
      throw notFound(errorCode(error));
    });
    try {
      const sound = await decode(await handle.readFile(), path);
      this.#keep(path, { ...sound, stamp, freshUntilMs: Number.POSITIVE_INFINITY });
      return sound;
    } finally {
      await handle.close();
    }
  }

  async #url(url: string): Promise<DecodedSound> {
    const cached = this.#cache.get(url);
    if (cached !== undefined && cached.freshUntilMs > this.options.clock.nowMs())
      return this.#used(url, cached);
    let download = this.#downloads.get(url);
    if (download === undefined) {
      download = this.#download(url).finally(() => this.#downloads.delete(url));
      this.#downloads.set(url, download);
    }
    return download;
  }

  async #download(url: string): Promise<CachedSound> {
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(DOWNLOAD_LIMIT_MS)]);
    let bytes: Buffer;
    try {
      const response = await fetch(url, { signal });
      if (!response.ok || response.body === null) throw notFound(`HTTP ${response.status}`);
      const parts: Uint8Array[] = [];
      let total = 0;
      for await (const part of response.body as AsyncIterable<Uint8Array>) {
        total += part.length;
        if (total > MAX_DOWNLOAD_BYTES) throw notFound('too large');
        parts.push(part);
      }
      bytes = Buffer.concat(parts);
    } catch (error) {
      throw notFound(errorCode(error));
    }
    const sound: CachedSound = {
      ...(await decode(bytes, new URL(url).pathname)),
      stamp: url,
      freshUntilMs: this.options.clock.nowMs() + DOWNLOAD_FRESH_MS,
    };
    this.#keep(url, sound);
    return sound;
  }

  #used(key: string, sound: CachedSound): DecodedSound {
    // A Map keeps the order of insertion: re-inserting makes the first key the one unused for longest.
    this.#cache.delete(key);
    this.#cache.set(key, sound);
    return sound;
  }

  #keep(key: string, sound: CachedSound): void {
    const limitBytes = this.options.cacheBytes ?? 64 << 20;
    const old = this.#cache.get(key);
    if (old !== undefined) {
      this.#cache.delete(key);
      this.#cachedBytes -= old.samples.byteLength;
    }
    if (sound.samples.byteLength > limitBytes / 4 || this.#stopped.signal.aborted) return;
    this.#cache.set(key, sound);
    this.#cachedBytes += sound.samples.byteLength;
    for (const [oldest, { samples }] of this.#cache) {
      if (this.#cachedBytes <= limitBytes) break;
      this.#cache.delete(oldest);
      this.#cachedBytes -= samples.byteLength;
    }
  }
}

function notFound(reason: string): Error {
  return freeSwitchError('FREESWITCH_FILE_NOT_FOUND', { reason });
}

/** `http_cache://{timeout=5}http://host/file`: here every URL is cached; one without a scheme is meant by http. */
function innerUrl(rest: string): string {
  const url = rest.replace(/^\{[^}]*\}/, '');
  if (/^https?:\/\//i.test(url)) return url;
  if (/^[a-z_]+:\/\//i.test(url)) throw notFound('no URL');
  return `http://${url}`;
}

function openSilence(argument: string): AudioSource {
  const [durationMs, noise] = argument.split(',').map(Number);
  if (durationMs === undefined || Number.isNaN(durationMs)) throw notFound('silence without length');
  return new SilenceSource(durationMs, noise ?? 0);
}

function openTone(script: string): AudioSource {
  const parsed = parseToneScript(script);
  if (parsed === undefined) throw notFound('unreadable tone script');
  return new ToneSource(parsed.steps, parsed.loops);
}

function fromSound({ samples, nativeRateHz }: DecodedSound, offsetSamples: number): AudioSource {
  return new BufferSource(samples, { offsetSamples, nativeRateHz });
}

/** Raw samples by extension (`.r8`, `.r16`, ...: kHz), WAV by its first bytes; several channels become their sum. */
async function decode(bytes: Buffer, name: string): Promise<DecodedSound> {
  const raw = /\.r(8|16|24|32|48|64)$/i.exec(name);
  if (raw !== null) {
    const nativeRateHz = Number(raw[1]) * 1000;
    return { samples: await resample(bytesToSamples(bytes), nativeRateHz, SAMPLE_RATE_HZ), nativeRateHz };
  }
  try {
    const wav = parseWav(bytes);
    let samples = wav.samples;
    if (wav.channels > 1) {
      const [first = new Int16Array(), ...rest] = deinterleave(wav.samples, wav.channels);
      for (const other of rest) mixInto(first, other);
      samples = first;
    }
    return {
      samples: await resample(samples, wav.sampleRateHz, SAMPLE_RATE_HZ),
      nativeRateHz: wav.sampleRateHz,
    };
  } catch (error) {
    throw notFound(errorCode(error));
  }
}
