import {
  INSIDE_HZ,
  MAX_PACKET_SAMPLES,
  OPUS_BIT_RATE,
  type AudioDecoder,
  type AudioEncoder,
  type EncoderWishes,
} from '../codec.js';
import { saysTwice } from './opus-packet.js';
import { opusLibrary } from './opus-library.js';

/** Requests of opus_defines.h. */
const SET_BITRATE = 4002;
const SET_VBR = 4006;
const SET_COMPLEXITY = 4010;

/** Of 10: speech of 8 kHz sounds no better above it, and costs up to twice as much. */
const COMPLEXITY = 5;

/** RFC 6716 §3.4: a frame has at most 1275 bytes; ours is one frame a packet. */
const MAX_FRAME_BYTES = 1275;

/** Lengths that a frame may have: 2.5, 5, 10, 20, 40, 60 ms. */
const FRAME_LENGTHS: readonly number[] = [20, 40, 80, 160, 320, 480];

/** Beyond 100 ms a decoder has forgotten the sound before the gap anyway. */
const LONGEST_LOSS_SAMPLES = 800;

/** Whether Opus can be used here; the first question loads it. */
export function hasOpus(): boolean {
  try {
    return opusLibrary() !== undefined;
  } catch {
    // The package is not there, or this machine has no WebAssembly with SIMD: the other codecs go on.
    return false;
  }
}

/** Mono, 8 kHz on our side: libopus does the resampling. RTP clock 48 kHz (RFC 7587 §4.1). */
export class OpusEncoder implements AudioEncoder {
  readonly codec = 'opus';
  readonly #library = opusLibrary();
  #state: number | undefined;

  constructor(wishes: EncoderWishes = {}) {
    const bitRate = Math.min(OPUS_BIT_RATE, wishes.maxBitRate ?? OPUS_BIT_RATE);
    this.#state = this.#library.openEncoder(INSIDE_HZ, [
      // RFC 7587 §6.1: 6000 is the least that makes sense.
      [SET_BITRATE, Math.max(6000, bitRate)],
      [SET_COMPLEXITY, COMPLEXITY],
      [SET_VBR, wishes.isConstantRate === true ? 0 : 1],
    ]);
  }

  maxBytes(): number {
    return MAX_FRAME_BYTES;
  }

  encode(samples: Int16Array, into: Uint8Array, at: number): number {
    if (this.#state === undefined || !FRAME_LENGTHS.includes(samples.length)) return 0;
    return Math.max(0, this.#library.encode(this.#state, samples, into, at));
  }

  close(): void {
    if (this.#state !== undefined) this.#library.free(this.#state);
    this.#state = undefined;
  }
}

export class OpusDecoder implements AudioDecoder {
  readonly codec = 'opus';
  readonly #library = opusLibrary();
  #state: number | undefined = this.#library.openDecoder(INSIDE_HZ);

  decode(bytes: Uint8Array, start: number, end: number, into: Int16Array): number {
    // libopus would take an empty payload for a lost packet.
    if (this.#state === undefined || end <= start) return -1;
    const length = this.#library.decode(this.#state, bytes, start, end, into);
    return length < 0 || length > MAX_PACKET_SAMPLES || length > into.length ? -1 : length;
  }

  lose(samples: number): void {
    // By frames of 20 ms, as they would have come.
    for (let left = Math.min(samples, LONGEST_LOSS_SAMPLES); left >= 160; left -= 160) {
      if (this.#state !== undefined) this.#library.lose(this.#state, 160);
    }
  }

  recover(bytes: Uint8Array, start: number, end: number, samples: number, into: Int16Array): number {
    if (this.#state === undefined || samples > into.length || !FRAME_LENGTHS.includes(samples)) return 0;
    if (!saysTwice(bytes, start, end)) return 0;
    return Math.max(0, this.#library.recover(this.#state, bytes, start, end, samples, into));
  }

  reset(): void {
    if (this.#state !== undefined) this.#library.resetDecoder(this.#state);
  }

  close(): void {
    if (this.#state !== undefined) this.#library.free(this.#state);
    this.#state = undefined;
  }
}
