/** Two to a frame of 20 ms, so that the way back is known to 10 ms. */
const blocksPerFrame = 2;
/** Ways back of 0 to 330 ms. */
const lags = 34;
/** What was heard is kept for the longest of them and a frame more. */
const heardBlocks = lags + blocksPerFrame;
/** The way that fits best is looked for in the last so many blocks (1.5 s). */
const memoryBlocks = 150;
/** After fewer (400 ms) nothing is said of it. */
const leastBlocks = 40;
/** A level that moves less than this (2.5 dB, as squared nepers of power) fits any way. */
const leastVariance = 0.33;
/** A way is known when it leaves less than a quarter of the movement unexplained, and is lost at a half. */
const knownBelow = 0.25;
const lostFrom = 0.5;
/** A room answers for a while: so much less with each frame (75 dB in a second), and no sooner is it silent. */
const tailFall = 10 ** -0.15;

/**
 * Which way the bot's voice comes back on a line: how late, and how much weaker. Compares how the levels of both channels
 * move, block by block of 10 ms: where the caller's moves as what he heard did, always so much later and by the same
 * ratio, it is an echo. Pure.
 */
export class EchoPath {
  /** Mean squares, a ring. */
  readonly #heard = new Float64Array(heardBlocks);
  #at = 0;
  /** Of the logarithm of the ratio between what came and what would have come, by lag. */
  readonly #mean = new Float64Array(lags);
  readonly #variance = new Float64Array(lags);
  /** Of the logarithm of the caller's level itself. */
  #ownMean = 0;
  #ownVariance = 0;
  #blocks = 0;
  #lag: number | undefined;
  #gain = 0;
  /** What came back up to now, on its way down. */
  #tail = 0;

  /** Whether there is a way back, and it is known. */
  get known(): boolean {
    return this.#lag !== undefined;
  }

  /** How late the echo comes, ms; undefined while that is not known. */
  get delayMs(): number | undefined {
    return this.#lag === undefined ? undefined : (this.#lag * 20) / blocksPerFrame;
  }

  /** Hot; once per frame. The most that comes back in the last frame, as a mean square; 0 while the way is not known. */
  expect(): number {
    const lag = this.#lag;
    if (lag === undefined) return (this.#tail = 0);
    let loudest = 0;
    // The frame's own blocks and one on each side: the way is known to a block, and rooms answer more than once.
    for (let back = Math.max(0, lag - 1); back <= lag + blocksPerFrame; back++) {
      const heard = this.#back(back);
      if (heard > loudest) loudest = heard;
    }
    this.#tail = Math.max(loudest * this.#gain, this.#tail * tailFall);
    return this.#tail;
  }

  /** Hot. Mean square of what the caller hears in the next block. */
  hear(meanSquare: number): void {
    this.#at = (this.#at + 1) % heardBlocks;
    this.#heard[this.#at] = meanSquare;
  }

  /**
   * Hot. Mean square of the caller's block that goes with what was heard `back` blocks ago (0: last), on a line with this
   * noise; `coupling`: how much weaker echoes are taken to be. Not for blocks in which the caller speaks.
   */
  follow(meanSquare: number, back: number, floor: number, coupling: number): void {
    this.#blocks += 1;
    const weight = 1 / Math.min(memoryBlocks, this.#blocks);
    const own = Math.log(meanSquare + floor);
    const off = own - this.#ownMean;
    this.#ownMean += off * weight;
    this.#ownVariance += (off * off * (1 - weight) - this.#ownVariance) * weight;
    let best = 0;
    for (let lag = 0; lag < lags; lag++) {
      const ratio = own - Math.log(coupling * this.#back(lag + back) + floor);
      const mean = this.#mean[lag] as number;
      const variance = this.#variance[lag] as number;
      this.#mean[lag] = mean + (ratio - mean) * weight;
      this.#variance[lag] = variance + ((ratio - mean) ** 2 * (1 - weight) - variance) * weight;
      if ((this.#variance[lag] as number) < (this.#variance[best] as number)) best = lag;
    }
    if (this.#blocks >= leastBlocks) this.#judge(best, coupling);
  }

  /** Hot. */
  #judge(best: number, coupling: number): void {
    const left = (this.#variance[best] as number) / Math.max(leastVariance, this.#ownVariance);
    const isKnown = this.#lag !== undefined;
    const fits = isKnown ? left < lostFrom : this.#ownVariance > leastVariance && left < knownBelow;
    this.#lag = fits ? best : undefined;
    this.#gain = fits ? Math.exp(this.#mean[best] as number) * coupling : 0;
  }

  #back(blocks: number): number {
    return this.#heard[(this.#at - blocks + heardBlocks) % heardBlocks] as number;
  }
}
