import { EchoPath } from './echo-path.js';
import { meanSquareOf, perFrame } from './noise-floor.js';

/** Frames of 20 ms for which what the caller heard can come back: 340 ms, a far mobile line and its jitter buffer. */
const memoryFrames = 17;
/** Quieter than this nothing comes back that could be heard. */
const leastHeard = meanSquareOf(-50);
/**
 * How loud most of an echo is taken to be until the line has shown itself: -22 dB, which with the margin is a bad hybrid
 * or a telephone on the table.
 */
const firstCoupling = 10 ** -2.2;
/** No telephone line is better than this, nor need it be. */
const leastCoupling = 10 ** -6;
/** A frame of echo may be so much louder than four of five: 8 dB, as loud syllables are over soft ones. */
const margin = 10 ** 0.8;
/** Where the way back is known there is less to be guessed: 6 dB. */
const marginOfPath = 10 ** 0.6;
/**
 * The coupling is that which four of five frames do not exceed: so much up for one that does, a quarter of it down for
 * one that does not. Slow enough that the first syllables of a caller do not teach it that they are echo.
 */
const couplingRise = perFrame(20);
const couplingFall = perFrame(-5);
/** Less than this above the line's noise (6 dB) shows no echo; an echo that would be no louder is not missed either. */
const aboveNoise = 4;

/**
 * Tells the echo of the bot's own voice from the caller's: what comes back is a copy of what the caller heard within the
 * last {@link memoryFrames} frames, weaker by what the line has shown. Pure, frame by frame of 20 ms.
 */
export class EchoGate {
  readonly #heard = new Float64Array(memoryFrames);
  #at = 0;
  #loudest = 0;
  #coupling = firstCoupling;
  readonly #path = new EchoPath();

  /** Hot. Mean squares of what the caller hears in the two halves of this frame. */
  hear(first: number, second: number): void {
    this.#path.hear(first);
    this.#path.hear(second);
    this.#heard[this.#at] = (first + second) / 2;
    this.#at = (this.#at + 1) % memoryFrames;
    let loudest = 0;
    for (let i = 0; i < memoryFrames; i++) {
      const heard = this.#heard[i] as number;
      if (heard > loudest) loudest = heard;
    }
    this.#loudest = loudest;
  }

  /** Whether the caller heard something that may still come back. */
  get active(): boolean {
    return this.#loudest > leastHeard;
  }

  /** Whether the line has shown which way the bot's voice comes back; before that an echo is only presumed. */
  get known(): boolean {
    return this.#path.known;
  }

  /**
   * Hot. Whether a frame of the caller's, whose halves have these mean squares, on a line with this noise, may be nothing but
   * echo. Learns from it, but not from one in which the caller is known to speak.
   */
  explains(first: number, second: number, floor: number, isCaller: boolean): boolean {
    if (!this.active) return false;
    const energy = (first + second) / 2;
    if (!isCaller) {
      this.#path.follow(first, 1, floor, this.#coupling);
      this.#path.follow(second, 0, floor, this.#coupling);
    }
    if (this.#path.known) return energy <= this.#path.expect() * marginOfPath + floor;
    const share = energy / this.#loudest;
    const isExplained = share <= this.#coupling * margin;
    if (share > this.#coupling && energy > floor * aboveNoise) {
      if (isExplained) this.#coupling *= couplingRise;
    } else if (this.#loudest * this.#coupling > floor * aboveNoise) {
      this.#coupling = Math.max(leastCoupling, this.#coupling * couplingFall);
    }
    return isExplained;
  }
}
