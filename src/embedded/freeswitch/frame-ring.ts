import { FRAME_SAMPLES } from './audio-source.js';

/** Room for 320 ms: a thread that stalls for longer loses what was said. */
const SLOTS = 16;
const HEADER_BYTES = 4;
const BYTES = HEADER_BYTES + 2 * SLOTS * FRAME_SAMPLES;

/** The reader begins when so many frames wait: two tickers are never in step. */
const FIRST_FRAMES = 2;
/** When more wait, the reader stalled, and goes on with the newest. */
const MOST_FRAMES = 5;

/** Memory for one direction of sound between two media workers. */
export function frameRingMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(BYTES);
}

/**
 * Sound of one direction between two media workers: frames of 20 ms that one thread's tick writes and the other's reads, so
 * that no frame is a message. One writes, one reads. It delays by 20 to 40 ms, as the two tickers lie.
 */
export class FrameRing {
  /** How many frames were ever written. */
  readonly #written: Int32Array;
  readonly #samples: Int16Array;
  readonly #frame = new Int16Array(FRAME_SAMPLES);
  #read = 0;
  #isReading = false;

  constructor(memory: SharedArrayBuffer) {
    this.#written = new Int32Array(memory, 0, 1);
    this.#samples = new Int16Array(memory, HEADER_BYTES);
  }

  /** Hot: the writer's next frame, copied. Nothing is written while there is nothing to hear. */
  put(frame: Int16Array): void {
    const written = Atomics.load(this.#written, 0);
    this.#samples.set(frame, slotOf(written));
    Atomics.store(this.#written, 0, (written + 1) | 0);
  }

  /** Hot: the reader's next frame, valid until the next call; undefined when there is nothing to hear. */
  take(): Int16Array | undefined {
    const written = Atomics.load(this.#written, 0);
    const waiting = (written - this.#read) | 0;
    if (waiting < (this.#isReading ? 1 : FIRST_FRAMES)) {
      this.#isReading = false;
      return undefined;
    }
    this.#isReading = true;
    if (waiting > MOST_FRAMES) this.#read = (written - FIRST_FRAMES) | 0;
    const at = slotOf(this.#read);
    this.#frame.set(this.#samples.subarray(at, at + FRAME_SAMPLES));
    this.#read = (this.#read + 1) | 0;
    return this.#frame;
  }
}

/** Frames are counted in 32 bits, round and round: SLOTS divides that. */
function slotOf(count: number): number {
  return (count & (SLOTS - 1)) * FRAME_SAMPLES;
}
