import { readFile } from 'node:fs/promises';
import { concatSamples, deinterleave } from '../audio/pcm.js';
import { resample } from '../audio/resample.js';
import { tone } from '../audio/tone.js';
import { parseWav } from '../audio/wav.js';
import type { RecordedPrompts } from './recorded-prompts.js';

const sampleRateHz = 8_000;

/** Two soft falling notes, 360 ms, 24 dB below full scale: well above -40 dB for 200 ms, and no alarm. */
const wordless = concatSamples(
  [392, 330].map((hz) =>
    tone({ frequenciesHz: [hz], durationMs: 180, sampleRateHz, levelDb: -24, fadeMs: 15 }),
  ),
);

/** Of the fillers of one wait the second says so in words, then every so many; the tone tells that we are there. */
const wordsEvery = 4;

/** What a caller hears while an answer takes long: in memory, so that nothing that hangs can keep it back. */
export class Fillers {
  #words: ReadonlyMap<string, Int16Array> = new Map();

  constructor(
    private readonly recorded: RecordedPrompts,
    /** Speaks the words where nobody recorded them; undefined: nobody can. */
    private readonly speak: ((text: string, dialect: string) => Promise<Int16Array | undefined>) | undefined,
  ) {}

  /** Reads or makes the words in these dialects, one after the other. Never rejects: the tone is there without them. */
  async load(dialects: readonly string[]): Promise<void> {
    const words = new Map<string, Int16Array>();
    for (const dialect of dialects) {
      const prompt = this.recorded.house('one-moment', dialect);
      if (prompt === undefined) continue;
      const path = this.recorded.find('one-moment', prompt.dialect);
      const samples =
        (path === undefined ? undefined : await readRecording(path)) ??
        (await this.speak?.(prompt.text, prompt.dialect).catch(() => undefined));
      if (samples !== undefined && samples.length > 0) words.set(dialect, samples);
    }
    this.#words = words;
  }

  /** Mono s16 at 8 kHz; `nth` counts from 0 within one wait. Not to be changed. */
  get(dialect: string, nth: number): Int16Array {
    return (nth % wordsEvery === 1 ? this.#words.get(dialect) : undefined) ?? wordless;
  }
}

/** A recording as mono s16 at 8 kHz; undefined if it cannot be read. */
export async function readRecording(path: string): Promise<Int16Array | undefined> {
  try {
    const { samples, channels, sampleRateHz: rateHz } = parseWav(await readFile(path));
    const [mono = samples] = channels === 1 ? [samples] : deinterleave(samples, channels);
    return await resample(mono, rateHz, sampleRateHz);
  } catch {
    return undefined;
  }
}
