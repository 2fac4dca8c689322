import { FRAME_SAMPLES } from './caller-placement.js';

const silence = new Int16Array(FRAME_SAMPLES);

/** Slots that wait for reuse: what the calls of a thread hold at once, even after a stall. */
const SPARE_SLOTS = 4096;

/**
 * Both halves of one frame while it waits to leave. A call holds one or two of them, each for some milliseconds; they are
 * shared by all calls of the thread, the last one used first, so that frame after frame is laid into memory that the
 * processor still has at hand.
 */
export class FrameSlot {
  static readonly #spare: FrameSlot[] = [];

  /** Which frame of its call. */
  index = 0;
  readonly left: Int16Array;
  readonly right: Int16Array;
  /** How many samples of the left half came. */
  receivedSamples = 0;
  /** 1 where the left half holds a sample that came; says nothing unless some came and others did not. */
  #came: Uint8Array | undefined;

  private constructor() {
    const both = new Int16Array(2 * FRAME_SAMPLES);
    this.left = both.subarray(0, FRAME_SAMPLES);
    this.right = both.subarray(FRAME_SAMPLES);
  }

  /** Hot. Nothing of the left half has come; the right one is silent. */
  static take(): FrameSlot {
    const slot = FrameSlot.#spare.pop() ?? new FrameSlot();
    slot.receivedSamples = 0;
    slot.right.set(silence);
    return slot;
  }

  /** Hot. Nobody reads or writes it any more. */
  giveBack(): void {
    if (FrameSlot.#spare.length < SPARE_SLOTS) FrameSlot.#spare.push(this);
  }

  /** Hot. The left half, all of it. */
  setLeft(samples: Int16Array): void {
    this.left.set(samples);
    this.receivedSamples = FRAME_SAMPLES;
  }

  /** `count` samples from `from` on, into the left half from `at` on. What comes twice is written twice. */
  addLeft(samples: Int16Array, from: number, count: number, at: number): void {
    const came = (this.#came ??= new Uint8Array(FRAME_SAMPLES));
    if (this.receivedSamples === 0) came.fill(0);
    const isWhole = this.receivedSamples === FRAME_SAMPLES;
    for (let i = 0; i < count; i++) {
      this.left[at + i] = samples[from + i] as number;
      if (isWhole || came[at + i] === 1) continue;
      came[at + i] = 1;
      this.receivedSamples++;
    }
  }

  /** Hot. The right half; what is missing at its end stays silent. */
  setRight(samples: Int16Array): void {
    this.right.set(samples.length > FRAME_SAMPLES ? samples.subarray(0, FRAME_SAMPLES) : samples);
  }

  /** Hot. Silence where nothing came: what lies there is of another call. */
  silenceGaps(): void {
    if (this.receivedSamples === FRAME_SAMPLES) return;
    const came = this.#came;
    if (this.receivedSamples === 0 || came === undefined) {
      this.left.set(silence);
      return;
    }
    for (let i = 0; i < FRAME_SAMPLES; i++) if (came[i] !== 1) this.left[i] = 0;
  }
}
