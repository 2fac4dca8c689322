import { createCipheriv, type Cipher } from 'node:crypto';

const BLOCK_BYTES = 16;
/** A datagram of an Ethernet frame, and some. */
const MAX_BLOCKS = 128;

/**
 * AES in counter mode as SRTP uses it (RFC 3711 §4.1.1): many short packets, each with its own first counter, under one key.
 * A cipher object of the mode itself would have to be made per packet, which is four times the work of encrypting a
 * packet; one of the bare block cipher lives as long as the key, and the counters of a packet go through it at once.
 */
export class AesCounter {
  readonly #cipher: Cipher;
  readonly #counters = Buffer.alloc(BLOCK_BYTES * MAX_BLOCKS);

  constructor(key: Uint8Array) {
    this.#cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  }

  /** Hot: `bytes` from `start` to before `end` XOR the key stream that begins at `counter` (14 bytes; the last two are 0). */
  apply(bytes: Uint8Array, start: number, end: number, counter: Uint8Array): void {
    const blocks = Math.ceil((end - start) / BLOCK_BYTES);
    if (blocks === 0) return;
    if (blocks > MAX_BLOCKS) throw new RangeError('packet too long');
    const counters = this.#counters;
    for (let block = 0, at = 0; block < blocks; block++, at += BLOCK_BYTES) {
      for (let i = 0; i < 14; i++) counters[at + i] = counter[i] as number;
      counters[at + 15] = block;
    }
    const stream = this.#cipher.update(counters.subarray(0, blocks * BLOCK_BYTES));
    for (let i = start, from = 0; i < end; i++, from++)
      bytes[i] = (bytes[i] as number) ^ (stream[from] as number);
  }
}
