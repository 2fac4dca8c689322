import {
  cepstra,
  cepstrum,
  frameHopSamples,
  frameSamples,
  MelAnalyzer,
  melBands,
} from '../audio/features.js';

/** Values per frame that sentences are compared by: cepstra 1 to 12. The 0th is loudness, which lines change. */
export const FRAME_VALUES = cepstra - 1;

/** Frames this much below the loudest are pauses and stops; they are left out, so that pauses do not matter. */
const PAUSE_BELOW_LOUDEST = 10 ** (-32 / 20);
/** -50 dBFS, as the root of a frame's mean square. */
const PAUSE_FLOOR = 32768 * 10 ** (-50 / 20);

/** A sentence's sound as a sequence of voiced frames, {@link FRAME_VALUES} each. */
export interface SentenceTemplate {
  readonly text: string;
  readonly features: Float32Array;
  readonly frames: number;
}

/** Hears frames of 25 ms every 10 ms; leaves out those that are quiet. One per stream. */
export class FrameReader {
  readonly #analyzer = new MelAnalyzer();
  readonly #mel = new Float32Array(melBands);
  readonly #cepstra = new Float32Array(cepstra);
  #pending = new Int16Array(0);
  #loudest = 0;

  /** `loudest`: the level that frames are measured against from the start; it grows with what is heard. */
  constructor(loudest = 0) {
    this.#loudest = loudest;
  }

  /** Calls `voiced` with the values of each voiced frame (overwritten by the next) and its first sample's index. */
  push(samples: Int16Array, voiced: (values: Float32Array, firstSample: number) => void): void {
    const carried = this.#pending.length;
    const all = new Int16Array(carried + samples.length);
    all.set(this.#pending);
    all.set(samples, carried);
    let at = 0;
    for (; at + frameSamples <= all.length; at += frameHopSamples) {
      const level = levelOf(all, at);
      this.#loudest = Math.max(this.#loudest, level);
      if (level < Math.max(PAUSE_FLOOR, this.#loudest * PAUSE_BELOW_LOUDEST)) continue;
      this.#analyzer.analyze(all, at, this.#mel, 0);
      cepstrum(this.#mel, 0, this.#cepstra, 0);
      voiced(this.#cepstra.subarray(1), at - carried);
    }
    this.#pending = all.slice(at);
  }

  /** The stream was interrupted: what is pending does not join what comes. */
  reset(): void {
    this.#pending = new Int16Array(0);
  }
}

/** Makes a template of a spoken sentence (mono s16, 8 kHz); undefined if it is too short to be told from others. */
export function makeTemplate(text: string, samples: Int16Array): SentenceTemplate | undefined {
  let loudest = 0;
  for (let at = 0; at + frameSamples <= samples.length; at += frameHopSamples) {
    loudest = Math.max(loudest, levelOf(samples, at));
  }
  const rows: Float32Array[] = [];
  new FrameReader(loudest).push(samples, (values) => rows.push(values.slice()));
  if (rows.length < MIN_FRAMES) return undefined;
  const features = new Float32Array(rows.length * FRAME_VALUES);
  rows.forEach((row, index) => features.set(row, index * FRAME_VALUES));
  return { text, features, frames: rows.length };
}

/** 150 ms of voice: the shortest word. */
const MIN_FRAMES = 15;

/** The same sounds in the opposite order: what any speech of this voice is alike by, without being the sentence. */
export function reversed(template: SentenceTemplate): SentenceTemplate {
  const features = new Float32Array(template.features.length);
  for (let row = 0; row < template.frames; row++) {
    const from = row * FRAME_VALUES;
    features.set(
      template.features.subarray(from, from + FRAME_VALUES),
      (template.frames - 1 - row) * FRAME_VALUES,
    );
  }
  return { ...template, features };
}

function levelOf(samples: Int16Array, from: number): number {
  let sum = 0;
  for (let i = from; i < from + frameSamples; i++) sum += (samples[i] as number) ** 2;
  return Math.sqrt(sum / frameSamples);
}
