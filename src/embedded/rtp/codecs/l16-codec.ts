import { HalfBandDecimator, HalfBandInterpolator } from '../../../audio/half-band.js';
import { MAX_PACKET_SAMPLES, type AudioDecoder, type AudioEncoder } from '../codec.js';

type L16Codec = 'L16/8000' | 'L16/16000';

/** L16: the samples themselves in network byte order (RFC 3551 §4.5.11). */
export class L16Encoder implements AudioEncoder {
  readonly #interpolator: HalfBandInterpolator | undefined;
  #wide = new Int16Array(320);

  constructor(readonly codec: L16Codec) {
    this.#interpolator = codec === 'L16/16000' ? new HalfBandInterpolator() : undefined;
  }

  maxBytes(samples: number): number {
    return this.#interpolator === undefined ? 2 * samples : 4 * samples;
  }

  encode(samples: Int16Array, into: Uint8Array, at: number): number {
    if (this.#interpolator === undefined) return write(samples, samples.length, into, at);
    const length = 2 * samples.length;
    if (this.#wide.length < length) this.#wide = new Int16Array(length);
    this.#interpolator.process(samples, this.#wide);
    return write(this.#wide, length, into, at);
  }

  close(): void {
    // Nothing is held.
  }
}

export class L16Decoder implements AudioDecoder {
  readonly #decimator: HalfBandDecimator | undefined;
  readonly #wide = new Int16Array(2 * MAX_PACKET_SAMPLES);

  constructor(readonly codec: L16Codec) {
    this.#decimator = codec === 'L16/16000' ? new HalfBandDecimator() : undefined;
  }

  decode(bytes: Uint8Array, start: number, end: number, into: Int16Array): number {
    // Half a sample, or at 16 kHz half a sample of ours, is left out.
    if (this.#decimator === undefined) {
      const length = (end - start) >> 1;
      if (length > MAX_PACKET_SAMPLES) return -1;
      read(bytes, start, length, into);
      return length;
    }
    const length = (end - start) >> 2;
    if (length > MAX_PACKET_SAMPLES) return -1;
    read(bytes, start, 2 * length, this.#wide);
    this.#decimator.process(this.#wide, 2 * length, into);
    return length;
  }

  reset(): void {
    this.#decimator?.reset();
  }

  close(): void {
    // Nothing is held.
  }
}

function write(samples: Int16Array, length: number, into: Uint8Array, at: number): number {
  for (let i = 0; i < length; i++) {
    const sample = samples[i] as number;
    into[at + 2 * i] = sample >> 8;
    into[at + 2 * i + 1] = sample;
  }
  return 2 * length;
}

function read(bytes: Uint8Array, start: number, length: number, into: Int16Array): void {
  for (let i = 0; i < length; i++) {
    into[i] = ((bytes[start + 2 * i] as number) << 8) | (bytes[start + 2 * i + 1] as number);
  }
}
