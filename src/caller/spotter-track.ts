import { FRAME_VALUES, type SentenceTemplate } from './sentence-template.js';

/** Frames of memory for what competitors scored: 20 s of voice. */
export const HISTORY_FRAMES = 2000;

/**
 * One template laid along the stream of voiced frames: dynamic time warping whose path may begin anywhere, one column
 * per frame. {@link score} is the mean distance per template row of the best path that ends now.
 */
export class Track {
  readonly #previous: [Float32Array, Float32Array];
  readonly #starts: [Int32Array, Int32Array];
  #now: Float32Array;
  #nowStarts: Int32Array;
  /** Normalised distance of the best path that ends at each voiced frame, and where it began; rings. */
  readonly scores = new Float32Array(HISTORY_FRAMES).fill(Infinity);
  score = Infinity;
  start = 0;

  constructor(
    readonly template: SentenceTemplate,
    /** Said backwards: only compared with. */
    readonly decoy: boolean,
  ) {
    const rows = template.frames;
    const costs = () => new Float32Array(rows).fill(Infinity);
    this.#previous = [costs(), costs()];
    this.#starts = [new Int32Array(rows), new Int32Array(rows)];
    this.#now = costs();
    this.#nowStarts = new Int32Array(rows);
  }

  /**
   * Hot: one voiced frame. Every row of the template costs exactly one distance, so that paths of all lengths compare:
   * its predecessor is the row above in this frame (faster speech), the last one, or the one before that (slower).
   */
  advance(values: Float32Array, frame: number): void {
    const [one, two] = this.#previous;
    const [oneStarts, twoStarts] = this.#starts;
    const now = this.#now;
    const starts = this.#nowStarts;
    const { features } = this.template;
    const rows = this.template.frames;
    for (let row = 0; row < rows; row++) {
      let distance = 0;
      const base = row * FRAME_VALUES;
      for (let k = 0; k < FRAME_VALUES; k++) {
        const difference = (features[base + k] as number) - (values[k] as number);
        distance += difference * difference;
      }
      distance = Math.sqrt(distance);
      if (row === 0) {
        now[0] = distance;
        starts[0] = frame;
        continue;
      }
      let cost = one[row - 1] as number;
      let start = oneStarts[row - 1] as number;
      const fast = now[row - 1] as number;
      if (fast < cost) {
        cost = fast;
        start = starts[row - 1] as number;
      }
      const slow = two[row - 1] as number;
      if (slow < cost) {
        cost = slow;
        start = twoStarts[row - 1] as number;
      }
      now[row] = cost + distance;
      starts[row] = start;
    }
    this.score = (now[rows - 1] as number) / rows;
    this.start = starts[rows - 1] as number;
    this.scores[frame % HISTORY_FRAMES] = this.score;
    this.#previous[0] = now;
    this.#previous[1] = one;
    this.#starts[0] = starts;
    this.#starts[1] = oneStarts;
    this.#now = two;
    this.#nowStarts = twoStarts;
  }

  /** Least score among paths that end in frames `from` to `to`. */
  best(from: number, to: number): number {
    let least = Infinity;
    for (let frame = Math.max(from, to - HISTORY_FRAMES + 1, 0); frame <= to; frame++) {
      least = Math.min(least, this.scores[frame % HISTORY_FRAMES] as number);
    }
    return least;
  }
}
