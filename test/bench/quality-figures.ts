/**
 * How near a sound is to the one it was made of: segmental SNR and log-spectral distance after time alignment. Pure; mono,
 * 16 bit, both at one rate.
 */

export interface QualityFigures {
  /** By so many samples the degraded sound is late. */
  readonly delaySamples: number;
  /** Mean over the frames with sound, each limited to -10..50 dB: the higher the better. */
  readonly segmentalSnrDb: number;
  /** Mean over the frames with sound: the root mean square of the difference of the two spectra in dB; 0 is the same. */
  readonly logSpectralDistanceDb: number;
}

/** 20 ms at 8 kHz: a packet, so that a lost one is a frame that fails. */
const FRAME_SECONDS = 0.02;
const FRAME_SNR_LIMITS_DB = [-10, 50] as const;

/** Frames so far below the loudest one are silence, in which nothing can be heard wrong. */
const ACTIVE_DB = 40;

/** Of a frame's spectrum, what lies so far below its peak is not compared: nobody hears it beside the peak. */
const SPECTRUM_RANGE_DB = 50;

/** The longest delay of a codec pair is 50 ms. */
const LONGEST_DELAY_SECONDS = 0.08;

export function compareSounds(
  original: Int16Array,
  degraded: Int16Array,
  rateHz: number,
  bandHz: readonly [low: number, high: number],
): QualityFigures {
  const delaySamples = findDelay(original, degraded, Math.round(LONGEST_DELAY_SECONDS * rateHz));
  const aligned = degraded.subarray(delaySamples);
  const length = Math.min(original.length, aligned.length);
  const frame = Math.round(FRAME_SECONDS * rateHz);
  const spectra = new Spectra(rateHz, bandHz);
  const loudest = loudestFrame(original, length, frame);
  let frames = 0;
  let snrSum = 0;
  let distanceSum = 0;
  for (let at = 0; at + frame <= length; at += frame) {
    const signal = energy(original, undefined, at, frame);
    if (signal < loudest * 10 ** (-ACTIVE_DB / 10)) continue;
    const noise = energy(original, aligned, at, frame);
    const snrDb = 10 * Math.log10(signal / Math.max(noise, 1e-9));
    snrSum += Math.min(FRAME_SNR_LIMITS_DB[1], Math.max(FRAME_SNR_LIMITS_DB[0], snrDb));
    distanceSum += spectra.distanceDb(original, aligned, at);
    frames++;
  }
  return {
    delaySamples,
    segmentalSnrDb: frames === 0 ? Number.NaN : snrSum / frames,
    logSpectralDistanceDb: frames === 0 ? Number.NaN : distanceSum / frames,
  };
}

/** The delay at which the two sounds are most alike. */
function findDelay(original: Int16Array, degraded: Int16Array, longest: number): number {
  let best = 0;
  let bestProduct = -Infinity;
  const length = Math.min(original.length, degraded.length) - longest;
  for (let delay = 0; delay <= longest; delay++) {
    let product = 0;
    // Every third sample says enough, and no period of a sound is hidden from it for long.
    for (let i = 0; i < length; i += 3) product += (original[i] as number) * (degraded[i + delay] as number);
    if (product > bestProduct) [best, bestProduct] = [delay, product];
  }
  return best;
}

function loudestFrame(samples: Int16Array, length: number, frame: number): number {
  let loudest = 1;
  for (let at = 0; at + frame <= length; at += frame) {
    loudest = Math.max(loudest, energy(samples, undefined, at, frame));
  }
  return loudest;
}

/** Energy of a frame, or of its difference from the same frame of another sound. */
function energy(samples: Int16Array, other: Int16Array | undefined, at: number, frame: number): number {
  let sum = 0;
  for (let i = at; i < at + frame; i++) sum += ((samples[i] as number) - (other?.[i] ?? 0)) ** 2;
  return sum;
}

/** Spectra of 32 ms frames within a band. */
class Spectra {
  readonly #size: number;
  readonly #lines: readonly [number, number];
  readonly #re: Float64Array;
  readonly #im: Float64Array;
  readonly #window: Float64Array;

  constructor(rateHz: number, bandHz: readonly [number, number]) {
    this.#size = 2 ** Math.round(Math.log2(0.032 * rateHz));
    const lineHz = rateHz / this.#size;
    this.#lines = [Math.ceil(bandHz[0] / lineHz), Math.floor(bandHz[1] / lineHz)];
    this.#re = new Float64Array(this.#size);
    this.#im = new Float64Array(this.#size);
    this.#window = Float64Array.from(
      { length: this.#size },
      (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / this.#size),
    );
  }

  distanceDb(one: Int16Array, other: Int16Array, at: number): number {
    const [a, b] = [this.#powerDb(one, at), this.#powerDb(other, at)];
    const floor = Math.max(...a) - SPECTRUM_RANGE_DB;
    let sum = 0;
    for (let i = 0; i < a.length; i++) {
      sum += (Math.max(a[i] as number, floor) - Math.max(b[i] as number, floor)) ** 2;
    }
    return Math.sqrt(sum / a.length);
  }

  #powerDb(samples: Int16Array, at: number): number[] {
    for (let i = 0; i < this.#size; i++) {
      this.#re[i] = (samples[at + i] ?? 0) * (this.#window[i] as number);
      this.#im[i] = 0;
    }
    transform(this.#re, this.#im);
    const powers: number[] = [];
    for (let line = this.#lines[0]; line <= this.#lines[1]; line++) {
      powers.push(10 * Math.log10((this.#re[line] as number) ** 2 + (this.#im[line] as number) ** 2 + 1));
    }
    return powers;
  }
}

/** Discrete Fourier transform in place; the length is a power of two. */
function transform(re: Float64Array, im: Float64Array): void {
  const size = re.length;
  for (let i = 1, j = 0; i < size; i++) {
    let bit = size >> 1;
    for (; (j & bit) !== 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j] as number, re[i] as number];
      [im[i], im[j]] = [im[j] as number, im[i] as number];
    }
  }
  for (let half = 1; half < size; half *= 2) {
    for (let k = 0; k < half; k++) {
      const cos = Math.cos((Math.PI * k) / half);
      const sin = -Math.sin((Math.PI * k) / half);
      for (let i = k; i < size; i += 2 * half) {
        const [x, y] = [re[i + half] as number, im[i + half] as number];
        const [turnedRe, turnedIm] = [x * cos - y * sin, x * sin + y * cos];
        re[i + half] = (re[i] as number) - turnedRe;
        im[i + half] = (im[i] as number) - turnedIm;
        re[i] = (re[i] as number) + turnedRe;
        im[i] = (im[i] as number) + turnedIm;
      }
    }
  }
}
