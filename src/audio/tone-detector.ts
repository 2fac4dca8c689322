import { goertzel } from './goertzel.js';

export interface ToneDetectorOptions {
  /** All of them must sound together. */
  readonly frequenciesHz: readonly number[];
  readonly sampleRateHz: number;
  /** So long the tone must sound before it is reported. Default 100: a voice holds no pure tone that long. */
  readonly leastMs?: number;
  /** Share of the sound's energy that the tones must have. Default 0.7: 4 dB above everything else. */
  readonly leastShare?: number;
  /** Quieter sound is none, in dB of full scale. Default -42. */
  readonly leastDb?: number;
}

/** None of several tones may be this much weaker than its even part of them: telephones tilt a pair by 8 dB at most. */
const LEAST_PART = 0.15;
/** A frame here and there may be spoilt by loss: so many, between good ones, do not end the tone. */
const SPOILT_FRAMES = 1;

/** Hears one tone, of one or several frequencies, in frames of equal length (20 ms is meant). */
export class ToneDetector {
  readonly #leastMs: number;
  readonly #leastShare: number;
  readonly #leastPower: number;
  #soundingMs = 0;
  #spoilt = 0;
  #isReported = false;

  constructor(private readonly options: ToneDetectorOptions) {
    this.#leastMs = options.leastMs ?? 100;
    this.#leastShare = options.leastShare ?? 0.7;
    this.#leastPower = (32768 * 10 ** ((options.leastDb ?? -42) / 20)) ** 2;
  }

  /** Hot. True once for each time the tone sounds, in the frame that makes it long enough. */
  push(samples: Int16Array): boolean {
    if (!this.#isTone(samples)) {
      this.#spoilt += 1;
      if (this.#spoilt > SPOILT_FRAMES) {
        this.#soundingMs = 0;
        this.#isReported = false;
      }
      return false;
    }
    this.#spoilt = 0;
    this.#soundingMs += (samples.length * 1000) / this.options.sampleRateHz;
    if (this.#isReported || this.#soundingMs < this.#leastMs) return false;
    this.#isReported = true;
    return true;
  }

  #isTone(samples: Int16Array): boolean {
    const { frequenciesHz, sampleRateHz } = this.options;
    let total = 0;
    for (let i = 0; i < samples.length; i++) total += (samples[i] as number) ** 2;
    const power = total / Math.max(1, samples.length);
    if (power < this.#leastPower) return false;
    let sum = 0;
    let weakest = Infinity;
    for (let i = 0; i < frequenciesHz.length; i++) {
      // A sine of amplitude A has the power A^2 / 2.
      const tone = goertzel(samples, frequenciesHz[i] as number, sampleRateHz) / 2;
      sum += tone;
      weakest = Math.min(weakest, tone);
    }
    return sum >= power * this.#leastShare && weakest >= (sum / frequenciesHz.length) * LEAST_PART;
  }
}
