/**
 * Doubling and halving of a sampling rate (8 and 16 kHz) by one half-band filter: flat to 3.4 kHz, 60 dB down from 4.6 kHz
 * on. Unlike {@link createResampler} it needs no loading, allocates nothing, and gives for each chunk exactly half or twice
 * as many samples, so that a packet stays a packet.
 */

/** Distinct taps beside the centre; the filter is 4 * TAPS - 1 long, its delay 22 samples of 16 kHz down, 24 up (1.4, 1.5 ms). */
const TAPS = 12;

/** Kaiser's shape for 60 dB. */
const KAISER_BETA = 5.65;

/** taps[j]: at distance 2j + 1 from the centre, whose tap is 0.5; those at even distances are 0. */
const taps = new Float64Array(TAPS);
for (let j = 0; j < TAPS; j++) {
  const distance = 2 * j + 1;
  const window = bessel(KAISER_BETA * Math.sqrt(1 - (distance / (2 * TAPS)) ** 2)) / bessel(KAISER_BETA);
  taps[j] = (window * Math.sin((Math.PI * distance) / 2)) / (Math.PI * distance);
}
// Gain 1 at 0 Hz: the two halves of the side taps and the centre sum up to 1.
const scale = 0.25 / taps.reduce((sum, tap) => sum + tap, 0);
for (let j = 0; j < TAPS; j++) taps[j] = (taps[j] as number) * scale;

/** Modified Bessel function of the first kind, order 0. */
function bessel(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; k < 30; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** From 16 to 8 kHz. */
export class HalfBandDecimator {
  static readonly #history = 4 * TAPS - 2;
  #work: Float64Array = new Float64Array(HalfBandDecimator.#history + 640);

  /** Hot: the first `length` samples (an even number) of `samples`, as `length / 2` samples from the start of `into`. */
  process(samples: Int16Array, length: number, into: Int16Array): void {
    const history = HalfBandDecimator.#history;
    const work = (this.#work = withRoom(this.#work, history, length));
    for (let i = 0; i < length; i++) work[history + i] = samples[i] as number;
    for (let m = 0; m < length >> 1; m++) {
      const centre = 2 * m + 2 * TAPS;
      let sum = 0.5 * (work[centre] as number);
      for (let j = 0; j < TAPS; j++) {
        const distance = 2 * j + 1;
        sum +=
          (taps[j] as number) * ((work[centre - distance] as number) + (work[centre + distance] as number));
      }
      into[m] = round16(sum);
    }
    work.copyWithin(0, length, length + history);
  }

  reset(): void {
    this.#work.fill(0);
  }
}

/** From 8 to 16 kHz. */
export class HalfBandInterpolator {
  static readonly #history = 2 * TAPS - 1;
  #work: Float64Array = new Float64Array(HalfBandInterpolator.#history + 320);

  /** Hot: `samples` as twice as many from the start of `into`. */
  process(samples: Int16Array, into: Int16Array): void {
    const history = HalfBandInterpolator.#history;
    const length = samples.length;
    const work = (this.#work = withRoom(this.#work, history, length));
    for (let i = 0; i < length; i++) work[history + i] = samples[i] as number;
    for (let m = 0; m < length; m++) {
      const before = m + TAPS - 1;
      let sum = 0;
      for (let j = 0; j < TAPS; j++) {
        sum += (taps[j] as number) * ((work[before - j] as number) + (work[before + 1 + j] as number));
      }
      into[2 * m] = work[before] as number;
      into[2 * m + 1] = round16(2 * sum);
    }
    work.copyWithin(0, length, length + history);
  }

  reset(): void {
    this.#work.fill(0);
  }
}

/** `work`, or a longer one with the same history when the chunk does not fit. */
function withRoom(work: Float64Array, history: number, length: number): Float64Array {
  if (history + length <= work.length) return work;
  const larger = new Float64Array(history + length);
  larger.set(work.subarray(0, history));
  return larger;
}

function round16(value: number): number {
  return value >= 32767 ? 32767 : value <= -32768 ? -32768 : Math.round(value);
}
