import { decodeG711, encodeG711, type G711Codec } from '../../../audio/g711.js';
import { MAX_PACKET_SAMPLES, type AudioDecoder, type AudioEncoder } from '../codec.js';

/** PCMU and PCMA: a byte a sample, no state. */
export class G711Encoder implements AudioEncoder {
  constructor(readonly codec: G711Codec) {}

  maxBytes(samples: number): number {
    return samples;
  }

  encode(samples: Int16Array, into: Uint8Array, at: number): number {
    encodeG711(this.codec, samples, into, at);
    return samples.length;
  }

  close(): void {
    // Nothing is held.
  }
}

export class G711Decoder implements AudioDecoder {
  constructor(readonly codec: G711Codec) {}

  decode(bytes: Uint8Array, start: number, end: number, into: Int16Array): number {
    if (end - start > MAX_PACKET_SAMPLES) return -1;
    decodeG711(this.codec, bytes, into, start, end);
    return end - start;
  }

  reset(): void {
    // Each byte stands for itself.
  }

  close(): void {
    // Nothing is held.
  }
}
