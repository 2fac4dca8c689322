/**
 * Finds speech by its energy over the line's own noise, frame by frame. It knows no words and no model: it says when
 * somebody begins and stops making sound that stands out, quickly and always the same way.
 */
export interface VadOptions {
  /** A frame this far above the noise floor is voiced, in decibels. Default 9. */
  readonly aboveFloorDb?: number;
  /** Below this level nothing is speech, whatever the floor, in dB of full scale. Default -48: a caller at arm's length is at -40. */
  readonly leastDb?: number;
  /** So much voiced sound within {@link onsetWindowMs} is the beginning of speech. Default 60: longer than a click, shorter than "no". */
  readonly onsetMs?: number;
  /** Default 100. */
  readonly onsetWindowMs?: number;
  /** Silence after which speech has ended. Default 300: longer than the closure of a stop and than a breath between words. */
  readonly hangoverMs?: number;
}

export const vadFrameSamples = 160;
export const vadFrameMs = 20;

const defaults: Required<VadOptions> = {
  aboveFloorDb: 9,
  leastDb: -48,
  onsetMs: 60,
  onsetWindowMs: 100,
  hangoverMs: 300,
};

/** The floor follows the quietest sound down at once and rises by this much per second: 3 dB, so that a long vowel is not taken for noise. */
const floorRisePerFrame = 10 ** (3 / 10 / (1000 / vadFrameMs));
/** Where the floor begins, before anything was heard: a quiet telephone line, -60 dB of full scale, as mean square. */
const firstFloor = (32768 * 10 ** (-60 / 20)) ** 2;
/** Of the floor, so that a digitally silent line does not make every hiss speech: -75 dB. */
const leastFloor = (32768 * 10 ** (-75 / 20)) ** 2;

/** What one frame changed. */
export type VadChange = 'begin' | 'end' | undefined;

/** One per line. Frames are 20 ms of 8 kHz; positions count samples from the first frame. */
export class EnergyVad {
  readonly #ratio: number;
  readonly #least: number;
  readonly #onsetFrames: number;
  readonly #windowFrames: number;
  readonly #hangoverFrames: number;
  #floor = firstFloor;
  #frames = 0;
  #speaking = false;
  /** Bit n: the frame n frames ago was voiced. */
  #recent = 0;
  #quietFrames = 0;
  #lastVoicedFrame = -1;
  #beginFrame = 0;

  constructor(options: VadOptions = {}) {
    const chosen = { ...defaults, ...options };
    this.#ratio = 10 ** (chosen.aboveFloorDb / 10);
    this.#least = (32768 * 10 ** (chosen.leastDb / 20)) ** 2;
    this.#onsetFrames = Math.max(1, Math.round(chosen.onsetMs / vadFrameMs));
    this.#windowFrames = Math.min(31, Math.max(1, Math.round(chosen.onsetWindowMs / vadFrameMs)));
    this.#hangoverFrames = Math.max(1, Math.round(chosen.hangoverMs / vadFrameMs));
  }

  /** Hot: allocates nothing. `samples` is one frame of {@link vadFrameSamples}. */
  push(samples: Int16Array): VadChange {
    let sum = 0;
    for (let n = 0; n < samples.length; n++) sum += (samples[n] as number) ** 2;
    const energy = sum / Math.max(1, samples.length);
    const voiced = energy > this.#least && energy > this.#floor * this.#ratio;
    this.#floor =
      energy < this.#floor
        ? Math.max(leastFloor, energy + (this.#floor - energy) * 0.5)
        : Math.min(energy, this.#floor * floorRisePerFrame);
    const frame = this.#frames++;
    this.#recent = ((this.#recent << 1) | (voiced ? 1 : 0)) & ((1 << this.#windowFrames) - 1);
    if (voiced) this.#lastVoicedFrame = frame;
    if (!this.#speaking) {
      if (!voiced || bits(this.#recent) < this.#onsetFrames) return undefined;
      this.#speaking = true;
      this.#quietFrames = 0;
      this.#beginFrame = frame - (31 - Math.clz32(this.#recent));
      return 'begin';
    }
    this.#quietFrames = voiced ? 0 : this.#quietFrames + 1;
    if (this.#quietFrames < this.#hangoverFrames) return undefined;
    this.#speaking = false;
    this.#recent = 0;
    return 'end';
  }

  get speaking(): boolean {
    return this.#speaking;
  }

  /** First sample of the speech that began last: it lies before the frame that said so, by the onset's frames. */
  get beginSample(): number {
    return this.#beginFrame * vadFrameSamples;
  }

  /** One past the last sample of the last voiced frame; 0 before there was any. */
  get lastVoicedSample(): number {
    return (this.#lastVoicedFrame + 1) * vadFrameSamples;
  }

  /** How long it has been quiet since the last voiced frame; 0 before there was any. */
  get silenceMs(): number {
    return this.#lastVoicedFrame < 0 ? 0 : (this.#frames - 1 - this.#lastVoicedFrame) * vadFrameMs;
  }

  /** The line's noise, in dB of full scale. */
  get floorDb(): number {
    return 10 * Math.log10(this.#floor / 32768 ** 2);
  }
}

function bits(value: number): number {
  let count = 0;
  for (let rest = value; rest !== 0; rest &= rest - 1) count++;
  return count;
}
