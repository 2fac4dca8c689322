/**
 * What a recognizer looks at instead of samples: log energies of mel bands, and cepstra (MFCC) of them, one vector per
 * 10 ms of 8 kHz speech. The bands and the windows are fixed by the telephone line; tables are made once.
 */
export const frameHopSamples = 80;
export const frameSamples = 200;
export const melBands = 24;
export const cepstra = 13;

const sampleRateHz = 8000;
const fftSamples = 256;
const bins = fftSamples / 2 + 1;
/** The samples are real, so a transform of half as many points does: see {@link powerOf}. */
const points = fftSamples / 2;
/** G.711 lines pass 300 to 3400 Hz; a little beyond on either side still carries fricatives and the first formant. */
const lowHz = 150;
const highHz = 3700;
const preEmphasis = 0.97;
/** Added to each band's energy: about a quantising step of G.711, so that digital silence has a level. */
const floorEnergy = 1e4;
/** Sinusoidal lifter of HTK: raises the small high cepstra to the size of the low ones. */
const lifter = 22;

const window = Float32Array.from(
  { length: frameSamples },
  (_, n) => 0.54 - 0.46 * Math.cos((2 * Math.PI * n) / (frameSamples - 1)),
);
const filters = melFilters();
const dct = Float32Array.from({ length: cepstra * melBands }, (_, i) => {
  const k = Math.floor(i / melBands);
  const lift = 1 + (lifter / 2) * Math.sin((Math.PI * k) / lifter);
  return lift * Math.sqrt(2 / melBands) * Math.cos((Math.PI * k * ((i % melBands) + 0.5)) / melBands);
});

/** Computes mel energies frame by frame; one per stream, not shared. */
export class MelAnalyzer {
  /** The even samples and the odd ones, as the real and imaginary parts of half as many points. */
  readonly #even = new Float64Array(points);
  readonly #odd = new Float64Array(points);
  readonly #power = new Float64Array(bins);

  /**
   * Hot: no allocation. Natural logarithms of the energies of {@link melBands} bands of the {@link frameSamples}
   * samples from `from`, written to `into` from `at`.
   */
  analyze(samples: Int16Array, from: number, into: Float32Array, at: number): void {
    const even = this.#even;
    const odd = this.#odd;
    even.fill(0);
    odd.fill(0);
    let previous = samples[from] as number;
    for (let n = 0; n < frameSamples; n += 2) {
      const first = samples[from + n] as number;
      const second = samples[from + n + 1] as number;
      const point = bitReversed[n >> 1] as number;
      even[point] = (first - preEmphasis * previous) * (window[n] as number);
      odd[point] = (second - preEmphasis * first) * (window[n + 1] as number);
      previous = second;
    }
    fft(even, odd);
    const power = this.#power;
    powerOf(even, odd, power);
    for (let band = 0; band < melBands; band++) {
      const { first, weights } = filters[band] as MelFilter;
      let energy = floorEnergy;
      for (let i = 0; i < weights.length; i++) {
        energy += (weights[i] as number) * (power[first + i] as number);
      }
      into[at + band] = Math.log(energy);
    }
  }
}

/** Hot: cepstra of one frame's mel energies, liftered. The 0th is the loudness. */
export function cepstrum(mel: Float32Array, from: number, into: Float32Array, at: number): void {
  for (let k = 0; k < cepstra; k++) {
    let sum = 0;
    for (let band = 0; band < melBands; band++) {
      sum += (dct[k * melBands + band] as number) * (mel[from + band] as number);
    }
    into[at + k] = sum;
  }
}

/** Cuts a stream of samples into overlapping frames and keeps their mel energies. */
export class MelStream {
  readonly #analyzer = new MelAnalyzer();
  readonly #pending = new Int16Array(frameSamples + 8000);
  #pendingSamples = 0;
  #mel = new Float32Array(melBands * 256);
  #frames = 0;

  get frames(): number {
    return this.#frames;
  }

  /** Mel energies so far, {@link melBands} per frame; a view that the next push may make stale. */
  get mel(): Float32Array {
    return this.#mel.subarray(0, this.#frames * melBands);
  }

  /** Hot: allocates only when the utterance outgrows its store. */
  push(samples: Int16Array): void {
    const pending = this.#pending;
    for (let taken = 0; taken < samples.length;) {
      const part = samples.subarray(taken, taken + pending.length - this.#pendingSamples);
      pending.set(part, this.#pendingSamples);
      this.#pendingSamples += part.length;
      taken += part.length;
      let at = 0;
      for (; at + frameSamples <= this.#pendingSamples; at += frameHopSamples) {
        if ((this.#frames + 1) * melBands > this.#mel.length) this.#grow();
        this.#analyzer.analyze(pending, at, this.#mel, this.#frames * melBands);
        this.#frames++;
      }
      pending.copyWithin(0, at, this.#pendingSamples);
      this.#pendingSamples -= at;
    }
  }

  #grow(): void {
    const larger = new Float32Array(this.#mel.length * 2);
    larger.set(this.#mel);
    this.#mel = larger;
  }
}

/** Mel energies of a whole sound. */
export function melSpectrogram(samples: Int16Array): Float32Array {
  const stream = new MelStream();
  stream.push(samples);
  return stream.mel.slice();
}

interface MelFilter {
  readonly first: number;
  readonly weights: Float32Array;
}

function melFilters(): MelFilter[] {
  const toMel = (hz: number): number => 1127 * Math.log(1 + hz / 700);
  const low = toMel(lowHz);
  const step = (toMel(highHz) - low) / (melBands + 1);
  return Array.from({ length: melBands }, (_, band) => {
    const centre = low + step * (band + 1);
    const weights: number[] = [];
    let first = -1;
    for (let k = 0; k < bins; k++) {
      const distance = Math.abs(toMel((k * sampleRateHz) / fftSamples) - centre) / step;
      if (distance >= 1) continue;
      if (first < 0) first = k;
      weights.push(1 - distance);
    }
    return { first, weights: Float32Array.from(weights) };
  });
}

const bitReversed = Uint16Array.from({ length: points }, (_, n) => {
  let reversed = 0;
  for (let bit = 1; bit < points; bit <<= 1) reversed = (reversed << 1) | (n & bit ? 1 : 0);
  return reversed;
});
/** Of the k-th part of a circle of {@link fftSamples} parts. */
const cosines = Float64Array.from({ length: points }, (_, k) => Math.cos((2 * Math.PI * k) / fftSamples));
const sines = Float64Array.from({ length: points }, (_, k) => Math.sin((2 * Math.PI * k) / fftSamples));

/** Hot: {@link points} complex points in place, which come in bit-reversed order; radix 4 once, then radix 2. */
function fft(re: Float64Array, im: Float64Array): void {
  for (let a = 0; a < points; a += 4) {
    const sumRe = (re[a] as number) + (re[a + 1] as number);
    const sumIm = (im[a] as number) + (im[a + 1] as number);
    const differenceRe = (re[a] as number) - (re[a + 1] as number);
    const differenceIm = (im[a] as number) - (im[a + 1] as number);
    const otherSumRe = (re[a + 2] as number) + (re[a + 3] as number);
    const otherSumIm = (im[a + 2] as number) + (im[a + 3] as number);
    const otherDifferenceRe = (re[a + 2] as number) - (re[a + 3] as number);
    const otherDifferenceIm = (im[a + 2] as number) - (im[a + 3] as number);
    re[a] = sumRe + otherSumRe;
    im[a] = sumIm + otherSumIm;
    re[a + 1] = differenceRe + otherDifferenceIm;
    im[a + 1] = differenceIm - otherDifferenceRe;
    re[a + 2] = sumRe - otherSumRe;
    im[a + 2] = sumIm - otherSumIm;
    re[a + 3] = differenceRe - otherDifferenceIm;
    im[a + 3] = differenceIm + otherDifferenceRe;
  }
  for (let half = 4; half < points; half <<= 1) {
    const stride = points / half;
    for (let base = 0; base < points; base += half * 2) {
      for (let j = 0; j < half; j++) {
        const c = cosines[j * stride] as number;
        const s = sines[j * stride] as number;
        const a = base + j;
        const b = a + half;
        const x = (re[b] as number) * c + (im[b] as number) * s;
        const y = (im[b] as number) * c - (re[b] as number) * s;
        re[b] = (re[a] as number) - x;
        im[b] = (im[a] as number) - y;
        re[a] = (re[a] as number) + x;
        im[a] = (im[a] as number) + y;
      }
    }
  }
}

/**
 * Hot: power of each bin of {@link fftSamples} real samples, from the transform of their even ones as real parts and odd
 * ones as imaginary parts: what two mirrored points have in common belongs to the even ones, the rest to the odd ones.
 */
function powerOf(re: Float64Array, im: Float64Array, power: Float64Array): void {
  const evenSum = re[0] as number;
  const oddSum = im[0] as number;
  power[0] = (evenSum + oddSum) ** 2;
  power[points] = (evenSum - oddSum) ** 2;
  for (let k = 1; k <= points / 2; k++) {
    const mirror = points - k;
    const evenRe = ((re[k] as number) + (re[mirror] as number)) / 2;
    const evenIm = ((im[k] as number) - (im[mirror] as number)) / 2;
    const oddRe = ((im[k] as number) + (im[mirror] as number)) / 2;
    const oddIm = ((re[mirror] as number) - (re[k] as number)) / 2;
    const c = cosines[k] as number;
    const s = sines[k] as number;
    const turnedRe = oddRe * c + oddIm * s;
    const turnedIm = oddIm * c - oddRe * s;
    power[k] = (evenRe + turnedRe) ** 2 + (evenIm + turnedIm) ** 2;
    power[mirror] = (evenRe - turnedRe) ** 2 + (evenIm - turnedIm) ** 2;
  }
}
