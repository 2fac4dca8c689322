/**
 * G.722 at 64 kbit/s (ITU-T G.722, mode 1): 16 kHz sound in two bands, each coded by adaptive differences; a byte is two
 * samples: 6 bits of the lower band, 2 of the upper one above them. Tables and names of blocks are the recommendation's.
 */

/** Table 6/G.722: decision levels of the lower band. */
// prettier-ignore
const Q6 = Int32Array.of(
  0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714,
  786, 858, 940, 1023, 1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
);
/** Output codes of the lower band for negative and positive differences. */
// prettier-ignore
const ILN = Uint8Array.of(
  0, 63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19,
  18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4,
);
// prettier-ignore
const ILP = Uint8Array.of(
  0, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47,
  46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32,
);
/** Inverse quantizers: 6 bits for what is heard, 4 bits for the adaptation that both sides do alike, 2 bits above. */
// prettier-ignore
const QM6 = Int32Array.of(
  -136, -136, -136, -136, -24808, -21904, -19008, -16704,
  -14984, -13512, -12280, -11192, -10232, -9360, -8576, -7856,
  -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576,
  -3168, -2776, -2400, -2032, -1688, -1360, -1040, -728,
  24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192,
  10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456,
  4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032,
  1688, 1360, 1040, 728, 432, 136, -432, -136,
);
// prettier-ignore
const QM4 = Int32Array.of(
  0, -20456, -12896, -8968, -6288, -4240, -2584, -1200,
  20456, 12896, 8968, 6288, 4240, 2584, 1200, 0,
);
const QM2 = Int32Array.of(-7408, -1616, 7408, 1616);
/** Logarithmic step by the code: WL(RL42) below, WH(RH2) above. */
// prettier-ignore
const WL4 = Int32Array.of(
  -60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60,
);
const WH2 = Int32Array.of(798, -214, 798, -214);
/** Antilogarithm of the scale factor. */
// prettier-ignore
const ILB = Int32Array.of(
  2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834,
  2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
);
/** Table 11/G.722: half of the 24 taps of the quadrature mirror filter; the other half is the same backwards. */
const QMF = Int32Array.of(3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11);
const QMF_TAPS = 24;

const LOW_STEP_LIMIT = 18_432;
const HIGH_STEP_LIMIT = 22_528;

/** 16 kHz samples to bytes. */
export class G722Encoder {
  readonly #low = new Band(32, 8, LOW_STEP_LIMIT);
  readonly #high = new Band(8, 10, HIGH_STEP_LIMIT);
  readonly #line = new MirrorLine();

  /** Hot: the first `length` samples (an even number) of `samples` as `length / 2` bytes from `at` on. */
  encode(samples: Int16Array, length: number, into: Uint8Array, at = 0): void {
    const line = this.#line;
    for (let i = 0; i + 1 < length; i += 2) {
      line.push(samples[i] as number, samples[i + 1] as number);
      const low = (line.even + line.odd) >> 14;
      const high = (line.even - line.odd) >> 14;
      into[at + (i >> 1)] = (this.#codeHigh(high) << 6) | this.#codeLow(low);
    }
  }

  reset(): void {
    this.#low.reset();
    this.#high.reset();
    this.#line.reset();
  }

  /** Blocks 1L to 4L. */
  #codeLow(sample: number): number {
    const band = this.#low;
    const difference = saturate(sample - band.estimate);
    const magnitude = difference >= 0 ? difference : -(difference + 1);
    // The levels rise: the first one above is found by halving, in 5 steps instead of up to 29.
    let below = 0;
    let above = Q6.length;
    while (above - below > 1) {
      const middle = (below + above) >> 1;
      if (magnitude < ((Q6[middle] as number) * band.scale) >> 12) above = middle;
      else below = middle;
    }
    const code = (difference < 0 ? ILN[above] : ILP[above]) as number;
    const coarse = code >> 2;
    const step = (band.scale * (QM4[coarse] as number)) >> 15;
    band.adapt(step, WL4[coarse] as number);
    return code;
  }

  /** Blocks 1H to 4H. */
  #codeHigh(sample: number): number {
    const band = this.#high;
    const difference = saturate(sample - band.estimate);
    const magnitude = difference >= 0 ? difference : -(difference + 1);
    const isLarge = magnitude >= (564 * band.scale) >> 12;
    const code = difference < 0 ? (isLarge ? 0 : 1) : isLarge ? 2 : 3;
    band.adapt((band.scale * (QM2[code] as number)) >> 15, WH2[code] as number);
    return code;
  }
}

/** Bytes to 16 kHz samples. */
export class G722Decoder {
  readonly #low = new Band(32, 8, LOW_STEP_LIMIT);
  readonly #high = new Band(8, 10, HIGH_STEP_LIMIT);
  readonly #line = new MirrorLine();

  /** Hot: the bytes from `start` to before `end` as twice as many samples from the start of `into`. */
  decode(bytes: Uint8Array, start: number, end: number, into: Int16Array): void {
    const low = this.#low;
    const high = this.#high;
    const line = this.#line;
    let at = 0;
    for (let i = start; i < end; i++) {
      const code = bytes[i] as number;
      const fine = code & 0x3f;
      const coarse = fine >> 2;
      const lower = limit15(low.estimate + ((low.scale * (QM6[fine] as number)) >> 15));
      low.adapt((low.scale * (QM4[coarse] as number)) >> 15, WL4[coarse] as number);
      const upper = code >> 6;
      const step = (high.scale * (QM2[upper] as number)) >> 15;
      const higher = limit15(high.estimate + step);
      high.adapt(step, WH2[upper] as number);
      line.push(lower + higher, lower - higher);
      into[at++] = saturate(line.even >> 11);
      into[at++] = saturate(line.odd >> 11);
    }
  }

  /** Another stream begins. */
  reset(): void {
    this.#low.reset();
    this.#high.reset();
    this.#line.reset();
  }
}

/** The delay line of the quadrature mirror filter, kept twice so that it is read without a wrap. */
class MirrorLine {
  /** What the even and odd taps give for the last pair. */
  even = 0;
  odd = 0;
  readonly #line = new Int32Array(2 * QMF_TAPS);
  #at = 0;

  /** Hot. */
  push(first: number, second: number): void {
    const line = this.#line;
    const at = this.#at;
    line[at] = line[at + QMF_TAPS] = first;
    line[at + 1] = line[at + 1 + QMF_TAPS] = second;
    const oldest = (this.#at = (at + 2) % QMF_TAPS);
    let even = 0;
    let odd = 0;
    for (let i = 0; i < 12; i++) {
      odd += (line[oldest + 2 * i] as number) * (QMF[i] as number);
      even += (line[oldest + 2 * i + 1] as number) * (QMF[11 - i] as number);
    }
    this.even = even;
    this.odd = odd;
  }

  reset(): void {
    this.#line.fill(0);
    this.#at = 0;
  }
}

/** One band's scale factor and predictor (blocks 3 and 4), the same at both ends. */
class Band {
  /** Prediction of the next sample. */
  estimate = 0;
  /** Present step size. */
  scale: number;
  #logStep = 0;
  /** Zero part of the prediction; the two poles with what they saw: reconstructed samples and their partial sums. */
  #zeros = 0;
  #pole1 = 0;
  #pole2 = 0;
  #partial1 = 0;
  #partial2 = 0;
  #sample1 = 0;
  readonly #differences = new Int32Array(6);
  readonly #weights = new Int32Array(6);

  constructor(
    private readonly initialScale: number,
    private readonly shift: number,
    private readonly stepLimit: number,
  ) {
    this.scale = initialScale;
  }

  reset(): void {
    this.estimate = 0;
    this.scale = this.initialScale;
    this.#logStep = 0;
    this.#zeros = 0;
    this.#pole1 = this.#pole2 = 0;
    this.#partial1 = this.#partial2 = 0;
    this.#sample1 = 0;
    this.#differences.fill(0);
    this.#weights.fill(0);
  }

  /** Hot: goes on by one quantized difference and the logarithmic step of its code. */
  adapt(difference: number, logStep: number): void {
    this.#rescale(logStep);
    // RECONS, PARREC
    const sample = saturate(this.estimate + difference);
    const partial = saturate(this.#zeros + difference);
    const sign = partial >> 15;
    const isLike1 = sign === this.#partial1 >> 15;
    // UPPOL2
    let wanted = saturate(this.#pole1 << 2);
    if (isLike1) wanted = Math.min(-wanted, 32767);
    let pole2 = (wanted >> 7) + (sign === this.#partial2 >> 15 ? 128 : -128);
    pole2 += (this.#pole2 * 32512) >> 15;
    pole2 = pole2 > 12288 ? 12288 : pole2 < -12288 ? -12288 : pole2;
    // UPPOL1
    let pole1 = saturate((isLike1 ? 192 : -192) + ((this.#pole1 * 32640) >> 15));
    const limit = saturate(15360 - pole2);
    pole1 = pole1 > limit ? limit : pole1 < -limit ? -limit : pole1;
    // UPZERO, DELAYA and FILTEZ in one pass from the oldest difference on
    const differences = this.#differences;
    const weights = this.#weights;
    const differenceSign = difference >> 15;
    const leak = difference === 0 ? 0 : 128;
    let zeros = 0;
    for (let i = 5; i >= 0; i--) {
      const isLike = (differences[i] as number) >> 15 === differenceSign;
      const weight = saturate((isLike ? leak : -leak) + (((weights[i] as number) * 32640) >> 15));
      weights[i] = weight;
      const newer = i === 0 ? difference : (differences[i - 1] as number);
      differences[i] = newer;
      zeros += (weight * saturate(newer + newer)) >> 15;
    }
    this.#zeros = saturate(zeros);
    // FILTEP, PREDIC
    const poles = saturate(
      ((pole1 * saturate(sample + sample)) >> 15) + ((pole2 * saturate(this.#sample1 + this.#sample1)) >> 15),
    );
    this.estimate = saturate(poles + this.#zeros);
    this.#sample1 = sample;
    this.#partial2 = this.#partial1;
    this.#partial1 = partial;
    this.#pole1 = pole1;
    this.#pole2 = pole2;
  }

  /** LOGSCL, SCALEL and their like above. */
  #rescale(logStep: number): void {
    const step = ((this.#logStep * 127) >> 7) + logStep;
    const limited = step < 0 ? 0 : step > this.stepLimit ? this.stepLimit : step;
    this.#logStep = limited;
    const mantissa = ILB[(limited >> 6) & 31] as number;
    const shift = this.shift - (limited >> 11);
    this.scale = (shift < 0 ? mantissa << -shift : mantissa >> shift) << 2;
  }
}

function saturate(value: number): number {
  return value > 32767 ? 32767 : value < -32768 ? -32768 : value;
}

/** LIMIT: what is heard has 15 bits. */
function limit15(value: number): number {
  return value > 16383 ? 16383 : value < -16384 ? -16384 : value;
}
