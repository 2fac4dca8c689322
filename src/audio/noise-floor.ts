/** Mean squares of 20 ms frames at full scale 32768. */
const fullScale = 32768 ** 2;

/** A level in dB of full scale as mean square. */
export function meanSquareOf(db: number): number {
  return fullScale * 10 ** (db / 10);
}

/** The other way round. */
export function dbOf(meanSquare: number): number {
  return 10 * Math.log10(meanSquare / fullScale);
}

/** So many dB per second as a factor per frame of 20 ms. */
export function perFrame(dbPerSecond: number): number {
  return 10 ** (dbPerSecond / 10 / 50);
}

/** Slow enough that a long vowel is not taken for noise. */
const riseInVoice = perFrame(3);
/** What the voice model calls noise is learned within half a second. */
const riseInNoise = perFrame(40);
/**
 * The ceiling is what 19 of 20 frames do not exceed: so much up for one that does, a twentieth down for one that does
 * not. Slow enough that the onset of the caller's own voice is not taken for it. Where it may be the bot's echo it is what
 * nine of ten do not exceed: the echo has a judge of its own, and a caller shall be heard over its peaks.
 */
const ceilingRise = perFrame(50);
const ceilingRiseInEcho = perFrame(20);
const ceilingFall = perFrame(-2.5);
/** Before anything was heard: a quiet telephone line. */
const firstFloor = meanSquareOf(-60);
/** So that a digitally silent line does not make every hiss speech. */
const leastFloor = meanSquareOf(-75);

/**
 * How loud the line is when nobody speaks: `floor`, the quiet between two sounds, and `ceiling`, the loudest that the
 * background reaches now and then. Pure, frame by frame of 20 ms.
 */
export class NoiseFloor {
  /** Mean squares. */
  floor = firstFloor;
  ceiling = firstFloor;

  /** Hot. One frame's mean square; whether it may be voice, whether it may be echo, and whether the caller is known to speak. */
  follow(energy: number, isVoice: boolean, isEcho: boolean, isCaller: boolean): void {
    if (energy < this.floor) this.floor = Math.max(leastFloor, energy + (this.floor - energy) * 0.5);
    else this.floor = Math.min(energy, this.floor * (isVoice ? riseInVoice : riseInNoise));
    if (isCaller) return;
    const rise = isEcho ? ceilingRiseInEcho : ceilingRise;
    this.ceiling = Math.max(this.floor, this.ceiling * (energy > this.ceiling ? rise : ceilingFall));
  }

  /** What seemed to be speech, and reached this mean square, is the line's background. */
  learn(loudest: number): void {
    this.ceiling = Math.max(this.ceiling, loudest);
  }
}
