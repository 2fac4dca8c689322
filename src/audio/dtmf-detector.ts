/**
 * Keys in the sound (ITU-T Q.23), to the limits of Q.24, at 8 kHz: from -29 dBm of each tone, high tone up to 4 dB over the
 * low and 8 dB under it, 40 ms of tone, 40 ms of pause, a gap of 10 ms within a tone passed over. Goertzel filters over
 * windows of 12.75 ms, which are wide enough for tones that are 1.5 % off. Pure.
 */

const SAMPLE_RATE_HZ = 8000;
const WINDOW_SAMPLES = 102;
/** Windows overlap by half. */
const STEP_SAMPLES = 51;

/** A key is there after so many windows in a row: 32 ms, so that 40 ms always hold them and 23 ms never do. */
const HITS = 4;
/** And over after so many without it: 40 ms of pause always hold them, a gap of 10 ms never does. */
const MISSES = 4;

/** Of the window's energy in both tones together: a pair of pure tones in the middle of the filters has 1. */
const LEAST_SHARE = 0.63;
/** Once a key is there, noise may be louder. */
const LEAST_SHARE_HELD = 0.45;
/** How much stronger a tone is than every other of its group. */
const OVER_OTHERS = 4;
/** High over low, 4 dB and a bit for what the filters take away at the edges; low over high, 8 dB and that. */
const TWIST_HIGH = 10 ** (6 / 10);
const TWIST_LOW = 10 ** (10 / 10);
/** Speech has overtones, keys have none: of the second harmonic against the tone itself. */
const MOST_HARMONIC = 0.12;
/** Filters so near to each other hear the same. */
const BESIDE_HZ = 130;
/** Mean square of the quietest pair: two tones of -29 dBm0 (full scale is a sine of 3.17 dBm0). */
const LEAST_POWER = 2 * (32768 ** 2 / 2) * 10 ** ((-29 - 3.17) / 10);

const ROWS = [697, 770, 852, 941];
const COLUMNS = [1209, 1336, 1477, 1633];
const KEYS = '123A456B789C*0#D';
const ALL_HZ = [...ROWS, ...COLUMNS];
/** Second harmonics, of rows and columns. */
const FILTERS_HZ = [...ALL_HZ, ...ALL_HZ.map((hz) => 2 * hz)];

/** A key, told at its end. */
export interface DetectedDigit {
  readonly digit: string;
  readonly durationSamples: number;
}

/** Listens to one stream. */
export class DtmfDetector {
  readonly #coefficients = Float64Array.from(
    FILTERS_HZ,
    (hz) => 2 * Math.cos((2 * Math.PI * hz) / SAMPLE_RATE_HZ),
  );
  readonly #powers = new Float64Array(FILTERS_HZ.length);
  readonly #window = new Float64Array(WINDOW_SAMPLES);
  #filled = 0;
  #candidate = '';
  #hits = 0;
  #misses = 0;
  #held = '';
  #heldWindows = 0;

  /** `started`: as soon as a key is sure, 32 to 39 ms after its beginning. */
  constructor(
    private readonly ended: (found: DetectedDigit) => void,
    private readonly started?: (digit: string) => void,
  ) {}

  /** Hot while it listens: the next samples, of any number. */
  push(samples: Int16Array): void {
    for (let i = 0; i < samples.length; i++) {
      this.#window[this.#filled++] = samples[i] as number;
      if (this.#filled < WINDOW_SAMPLES) continue;
      this.#follow(this.#key());
      this.#window.copyWithin(0, STEP_SAMPLES);
      this.#filled = WINDOW_SAMPLES - STEP_SAMPLES;
    }
  }

  /** The sound is over: tells the key that still is held. */
  end(): void {
    this.#release();
    this.#candidate = '';
    this.#hits = 0;
  }

  #follow(key: string): void {
    if (key !== '' && key === this.#held) {
      this.#heldWindows += 1 + this.#misses;
      this.#misses = 0;
      return;
    }
    if (this.#held !== '' && ++this.#misses >= MISSES) this.#release();
    if (key === '' || key !== this.#candidate) {
      this.#candidate = key;
      this.#hits = key === '' ? 0 : 1;
      return;
    }
    if (++this.#hits < HITS) return;
    // Another key without a pause between.
    this.#release();
    this.#held = key;
    this.#heldWindows = this.#hits;
    this.#misses = 0;
    this.#candidate = '';
    this.#hits = 0;
    this.started?.(key);
  }

  #release(): void {
    const digit = this.#held;
    if (digit === '') return;
    this.#held = '';
    this.#misses = 0;
    const durationSamples = WINDOW_SAMPLES + (this.#heldWindows - 1) * STEP_SAMPLES;
    this.ended({ digit, durationSamples });
  }

  /** The key of this window; empty when there is none. */
  #key(): string {
    let energy = 0;
    for (let i = 0; i < WINDOW_SAMPLES; i++) energy += (this.#window[i] as number) ** 2;
    if (energy < LEAST_POWER * WINDOW_SAMPLES * LEAST_SHARE_HELD) return '';
    for (let filter = 0; filter < ALL_HZ.length; filter++) this.#measure(filter);
    const row = this.#strongest(0);
    const column = this.#strongest(ROWS.length);
    if (row === undefined || column === undefined) return '';
    const low = this.#powers[row] as number;
    const high = this.#powers[column] as number;
    if (high > TWIST_HIGH * low || low > TWIST_LOW * high) return '';
    const key = KEYS[4 * row + column - ROWS.length] as string;
    // A tone of amplitude a has a Goertzel power of (a N / 2)^2 and an energy of a^2 N / 2.
    const share = ((low + high) * 2) / (WINDOW_SAMPLES * energy);
    if (share < (key === this.#held ? LEAST_SHARE_HELD : LEAST_SHARE)) return '';
    if (key === this.#held) return key;
    return this.#hasOvertones(row, column) ? '' : key;
  }

  #hasOvertones(row: number, column: number): boolean {
    const ofRow = row + ALL_HZ.length;
    const ofColumn = column + ALL_HZ.length;
    this.#measure(ofColumn);
    const high = this.#powers[column] as number;
    if ((this.#powers[ofColumn] as number) > MOST_HARMONIC * high) return true;
    // Twice 697 Hz is within the filter of 1336 Hz.
    if (Math.abs((FILTERS_HZ[ofRow] as number) - (ALL_HZ[column] as number)) < BESIDE_HZ) return false;
    this.#measure(ofRow);
    return (this.#powers[ofRow] as number) > MOST_HARMONIC * (this.#powers[row] as number);
  }

  /** The tone of a group that is well over its others; undefined when none is. */
  #strongest(from: number): number | undefined {
    let best = from;
    for (let i = from + 1; i < from + 4; i++) {
      if ((this.#powers[i] as number) > (this.#powers[best] as number)) best = i;
    }
    for (let i = from; i < from + 4; i++) {
      if (i !== best && (this.#powers[i] as number) * OVER_OTHERS > (this.#powers[best] as number))
        return undefined;
    }
    return best;
  }

  #measure(filter: number): void {
    const coefficient = this.#coefficients[filter] as number;
    let before = 0;
    let last = 0;
    for (let i = 0; i < WINDOW_SAMPLES; i++) {
      const next = (this.#window[i] as number) + coefficient * last - before;
      before = last;
      last = next;
    }
    this.#powers[filter] = last * last + before * before - coefficient * last * before;
  }
}
