import { decodeG711, encodeG711, type G711Codec } from '../../src/audio/g711.js';

/** What is left of a sound after a telephone line. */
export function overG711(samples: Int16Array, law: G711Codec): Int16Array {
  const bytes = new Uint8Array(samples.length);
  const out = new Int16Array(samples.length);
  encodeG711(law, samples, bytes);
  decodeG711(law, bytes, out);
  return out;
}
