import { FRAME_SAMPLES } from './audio-source.js';

/** More than this is delay that nobody needs: two calls' ticks are the same, so one frame waits at most. */
const MAX_FRAMES = 4;

/** Frames of the bridged partner on their way to this caller. */
export class BridgeQueue {
  readonly #frames: Int16Array[] = [];
  readonly #free: Int16Array[] = [];

  /** Hot. Copies the frame; drops the oldest when the other side runs ahead. */
  push(frame: Int16Array): void {
    const copy = this.#free.pop() ?? new Int16Array(FRAME_SAMPLES);
    copy.set(frame);
    this.#frames.push(copy);
    if (this.#frames.length > MAX_FRAMES) this.take();
  }

  /** Hot. The next frame, valid until the next call of this object; undefined when the partner is late. */
  take(): Int16Array | undefined {
    const frame = this.#frames.shift();
    if (frame !== undefined) this.#free.push(frame);
    return frame;
  }
}
