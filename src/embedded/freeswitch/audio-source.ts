/** Everything inside the media server is mono at the rate of G.711. */
export const SAMPLE_RATE_HZ = 8000;
/** Samples of one 20 ms frame. */
export const FRAME_SAMPLES = 160;
export const FRAME_MS = 20;

/** A sound being read from its beginning to its end; mono, signed 16 bit, 8 kHz. */
export interface AudioSource {
  /** Hot. Fills `into` from its start; fewer samples than its length mean the end. */
  read(into: Int16Array): number;
  /** Samples read so far, counted from the sound's own beginning: a seek counts. */
  readonly positionSamples: number;
  /** Length of the whole; undefined when endless. */
  readonly totalSamples: number | undefined;
  /** Whether it was opened as a file, a tone or silence: the real server reads those ahead, and counts what it read. */
  readonly isReadAhead: boolean;
  /** Rate of the file itself, in which clients are told how many samples were played. */
  readonly nativeRateHz: number;
}

/** Sound that is wholly in memory. */
export class BufferSource implements AudioSource {
  readonly isReadAhead: boolean;
  readonly nativeRateHz: number;
  positionSamples: number;

  /** `offsetSamples` counts at the native rate, as in `file@@OFFSET`. */
  constructor(
    private readonly samples: Int16Array,
    options: { offsetSamples?: number; isReadAhead?: boolean; nativeRateHz?: number } = {},
  ) {
    this.isReadAhead = options.isReadAhead ?? true;
    this.nativeRateHz = options.nativeRateHz ?? SAMPLE_RATE_HZ;
    const offset = Math.round(((options.offsetSamples ?? 0) * SAMPLE_RATE_HZ) / this.nativeRateHz);
    this.positionSamples = Math.min(samples.length, Math.max(0, offset));
  }

  get totalSamples(): number {
    return this.samples.length;
  }

  read(into: Int16Array): number {
    const part = this.samples.subarray(this.positionSamples, this.positionSamples + into.length);
    into.set(part);
    this.positionSamples += part.length;
    return part.length;
  }
}

/** `silence_stream://MS[,NOISE]`: silence, or white noise whose amplitude is full scale divided by NOISE. */
export class SilenceSource implements AudioSource {
  readonly isReadAhead = true;
  readonly nativeRateHz = SAMPLE_RATE_HZ;
  readonly totalSamples: number | undefined;
  positionSamples = 0;

  constructor(
    /** Negative is endless. */
    durationMs: number,
    private readonly noiseDivisor = 0,
  ) {
    this.totalSamples = durationMs < 0 ? undefined : Math.round((durationMs * SAMPLE_RATE_HZ) / 1000);
  }

  read(into: Int16Array): number {
    const left = this.totalSamples === undefined ? into.length : this.totalSamples - this.positionSamples;
    const count = Math.min(into.length, Math.max(0, left));
    if (this.noiseDivisor > 0) {
      const amplitude = 32767 / this.noiseDivisor;
      for (let i = 0; i < count; i += 1) into[i] = Math.round((Math.random() * 2 - 1) * amplitude);
    } else {
      into.fill(0, 0, count);
    }
    this.positionSamples += count;
    return count;
  }
}
