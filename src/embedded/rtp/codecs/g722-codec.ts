import { G722Decoder as SubbandDecoder, G722Encoder as SubbandEncoder } from '../../../audio/g722.js';
import { HalfBandDecimator, HalfBandInterpolator } from '../../../audio/half-band.js';
import { MAX_PACKET_SAMPLES, type AudioDecoder, type AudioEncoder } from '../codec.js';

/** G.722: a byte is two samples of 16 kHz, hence one of ours and one tick of its 8 kHz RTP clock (RFC 3551 §4.5.2). */
export class G722Encoder implements AudioEncoder {
  readonly codec = 'G722';
  readonly #coder = new SubbandEncoder();
  readonly #interpolator = new HalfBandInterpolator();
  #wide = new Int16Array(320);

  maxBytes(samples: number): number {
    return samples;
  }

  encode(samples: Int16Array, into: Uint8Array, at: number): number {
    const length = 2 * samples.length;
    if (this.#wide.length < length) this.#wide = new Int16Array(length);
    this.#interpolator.process(samples, this.#wide);
    this.#coder.encode(this.#wide, length, into, at);
    return samples.length;
  }

  close(): void {
    // Nothing is held.
  }
}

export class G722Decoder implements AudioDecoder {
  readonly codec = 'G722';
  readonly #coder = new SubbandDecoder();
  readonly #decimator = new HalfBandDecimator();
  readonly #wide = new Int16Array(2 * MAX_PACKET_SAMPLES);

  decode(bytes: Uint8Array, start: number, end: number, into: Int16Array): number {
    const length = end - start;
    if (length > MAX_PACKET_SAMPLES) return -1;
    this.#coder.decode(bytes, start, end, this.#wide);
    this.#decimator.process(this.#wide, 2 * length, into);
    return length;
  }

  reset(): void {
    this.#coder.reset();
    this.#decimator.reset();
  }

  close(): void {
    // Nothing is held.
  }
}
