import { goertzel } from './goertzel.js';

/** A beep that was heard. */
export interface Beep {
  readonly frequencyHz: number;
  /** As a peak, 0 to 1. */
  readonly amplitude: number;
  /** How long it had sounded when it was reported. */
  readonly durationMs: number;
}

const SAMPLE_RATE_HZ = 8000;
const FRAME_SAMPLES = 160;
/** Two frames are looked at together: 25 Hz apart is told apart. */
const WINDOW_SAMPLES = 2 * FRAME_SAMPLES;
const BIN_HZ = SAMPLE_RATE_HZ / WINDOW_SAMPLES;
/** Answering machines beep at 400 to 2000 Hz; the hum of a line and most voices' pitch lie below. */
const LOWEST_BIN = Math.round(400 / BIN_HZ);
const HIGHEST_BIN = Math.round(2600 / BIN_HZ);
/** So much of the energy must lie in the peak: a vowel with its harmonics has seldom more than 0.8. */
const LEAST_PURITY = 0.92;
/** Quieter than this is no beep: -40 dB of full scale, as a peak. */
const LEAST_AMPLITUDE = 10 ** (-40 / 20);
/** How far a steady tone may wander from where it began, and how much its loudness from frame to frame. */
const MAX_DRIFT_HZ = 12;
const MAX_STEP_DB = 3;
/** The shortest beep that counts: machines beep for 200 ms and longer. */
const LEAST_MS = 160;

const hann = Float64Array.from(
  { length: WINDOW_SAMPLES },
  (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / WINDOW_SAMPLES),
);

/**
 * Hears the beep of an answering machine: one pure tone of any frequency, steady in pitch and loudness for a while. It looks
 * at how much of the sound lies in the peak of its spectrum, so it needs no list of machines. Frames are 20 ms of 8 kHz. A
 * ringing tone of one frequency is a beep too: begin after the answer.
 */
export class BeepDetector {
  readonly #window = new Float64Array(WINDOW_SAMPLES);
  readonly #recent = new Int16Array(WINDOW_SAMPLES);
  readonly #bins = new Float64Array(HIGHEST_BIN + 3);
  #steadyMs = 0;
  #firstHz = 0;
  #lastAmplitude = 0;
  #isReported = false;

  /** Hot. The beep, once each, in the frame that makes it long enough. */
  push(samples: Int16Array): Beep | undefined {
    this.#recent.copyWithin(0, FRAME_SAMPLES);
    this.#recent.set(samples.subarray(0, FRAME_SAMPLES), FRAME_SAMPLES);
    const peak = this.#peak();
    if (peak === undefined) {
      this.#reset();
      return undefined;
    }
    const stepDb = Math.abs(20 * Math.log10(peak.amplitude / Math.max(this.#lastAmplitude, 1e-9)));
    const isSteady = Math.abs(peak.frequencyHz - this.#firstHz) <= MAX_DRIFT_HZ && stepDb <= MAX_STEP_DB;
    if (!isSteady || this.#steadyMs === 0) {
      this.#reset();
      this.#firstHz = peak.frequencyHz;
    }
    this.#steadyMs += (FRAME_SAMPLES * 1000) / SAMPLE_RATE_HZ;
    this.#lastAmplitude = peak.amplitude;
    if (this.#isReported || this.#steadyMs < LEAST_MS) return undefined;
    this.#isReported = true;
    return { ...peak, durationMs: this.#steadyMs };
  }

  #reset(): void {
    this.#steadyMs = 0;
    this.#isReported = false;
  }

  /** The purest tone in the window, or nothing that is pure and loud enough. */
  #peak(): { frequencyHz: number; amplitude: number } | undefined {
    let energy = 0;
    for (let i = 0; i < WINDOW_SAMPLES; i++) {
      const sample = (this.#recent[i] as number) * (hann[i] as number);
      this.#window[i] = sample;
      energy += sample * sample;
    }
    // The window takes 3/8 of a steady sound's power. Silence is found before the spectrum is looked at.
    const amplitude = Math.sqrt((2 * energy) / (WINDOW_SAMPLES * 0.375)) / 32768;
    if (amplitude < LEAST_AMPLITUDE) return undefined;
    let top = LOWEST_BIN;
    for (let bin = LOWEST_BIN - 2; bin <= HIGHEST_BIN + 2; bin++) {
      this.#bins[bin] = goertzel(this.#window, bin * BIN_HZ, SAMPLE_RATE_HZ);
      const isInside = bin >= LOWEST_BIN && bin <= HIGHEST_BIN;
      if (isInside && (this.#bins[bin] as number) > (this.#bins[top] as number)) top = bin;
    }
    let inPeak = 0;
    let weighted = 0;
    for (let bin = top - 2; bin <= top + 2; bin++) {
      inPeak += this.#bins[bin] as number;
      weighted += (this.#bins[bin] as number) * bin;
    }
    // By Parseval: all bins of one side hold half the energy, and goertzel() counts in squared amplitudes.
    const purity = (inPeak * WINDOW_SAMPLES) / (2 * energy);
    if (purity < LEAST_PURITY) return undefined;
    return { frequencyHz: (weighted / inPeak) * BIN_HZ, amplitude };
  }
}
