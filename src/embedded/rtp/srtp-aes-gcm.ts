import { createCipheriv, createDecipheriv } from 'node:crypto';
import { readUint32, writeUint32 } from './packet.js';
import { deriveSessionKeys, type SrtpSessionKeys } from './srtp-key-derivation.js';
import type { SrtpMasterKey } from './srtp-suite.js';

const TAG_BYTES = 16;
const NONCE_BYTES = 12;
const RTCP_HEADER_BYTES = 8;
const ENCRYPTED = 0x80000000;

/** AES in Galois counter mode: RFC 7714. Node makes a cipher object for each packet. */
export class AesGcmTransform {
  readonly rtpTagBytes = TAG_BYTES;
  readonly rtcpTrailerBytes = TAG_BYTES + 4;
  readonly #rtp: SrtpSessionKeys;
  readonly #rtcp: SrtpSessionKeys;
  readonly #nonce = Buffer.alloc(NONCE_BYTES);
  readonly #associated = Buffer.alloc(RTCP_HEADER_BYTES + 4);

  constructor(master: SrtpMasterKey) {
    this.#rtp = deriveSessionKeys(master, false);
    this.#rtcp = deriveSessionKeys(master, true);
  }

  /** Hot. */
  protectRtp(bytes: Uint8Array, headerBytes: number, length: number, rollover: number): number {
    this.#rtpNonce(bytes, rollover);
    this.#seal(this.#rtp, bytes.subarray(0, headerBytes), bytes, headerBytes, length);
    return length + TAG_BYTES;
  }

  /** Hot. */
  openRtp(bytes: Uint8Array, headerBytes: number, length: number, rollover: number): number {
    this.#rtpNonce(bytes, rollover);
    const end = length - TAG_BYTES;
    return this.#open(this.#rtp, bytes.subarray(0, headerBytes), bytes, headerBytes, end) ? end : -1;
  }

  protectRtcp(bytes: Uint8Array, length: number, index: number): number {
    const word = (ENCRYPTED | index) >>> 0;
    this.#rtcpNonce(bytes, index);
    this.#seal(this.#rtcp, this.#rtcpHeader(bytes, word), bytes, RTCP_HEADER_BYTES, length);
    writeUint32(bytes, length + TAG_BYTES, word);
    return length + this.rtcpTrailerBytes;
  }

  openRtcp(bytes: Uint8Array, length: number): number {
    const end = length - this.rtcpTrailerBytes;
    const word = readUint32(bytes, length - 4);
    // RFC 7714 §9.3 has packets that are authenticated only; nobody was offered them.
    if (word < ENCRYPTED) return -1;
    this.#rtcpNonce(bytes, word - ENCRYPTED);
    const header = this.#rtcpHeader(bytes, word);
    return this.#open(this.#rtcp, header, bytes, RTCP_HEADER_BYTES, end) ? end : -1;
  }

  rtcpIndex(bytes: Uint8Array, length: number): number {
    return readUint32(bytes, length - 4) & 0x7fffffff;
  }

  #seal(keys: SrtpSessionKeys, associated: Uint8Array, bytes: Uint8Array, start: number, end: number): void {
    const cipher = createCipheriv('aes-128-gcm', keys.cipherKey, this.#nonce);
    cipher.setAAD(associated);
    bytes.set(cipher.update(bytes.subarray(start, end)), start);
    cipher.final();
    bytes.set(cipher.getAuthTag(), end);
  }

  #open(
    keys: SrtpSessionKeys,
    associated: Uint8Array,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): boolean {
    const decipher = createDecipheriv('aes-128-gcm', keys.cipherKey, this.#nonce);
    decipher.setAAD(associated);
    decipher.setAuthTag(bytes.subarray(end, end + TAG_BYTES));
    const plain = decipher.update(bytes.subarray(start, end));
    try {
      decipher.final();
    } catch {
      return false;
    }
    bytes.set(plain, start);
    return true;
  }

  /** RFC 7714 §8.1. */
  #rtpNonce(bytes: Uint8Array, rollover: number): void {
    const nonce = this.#nonce;
    nonce.fill(0, 0, 2);
    for (let i = 0; i < 4; i++) nonce[2 + i] = bytes[8 + i] as number;
    writeUint32(nonce, 6, rollover);
    nonce[10] = bytes[2] as number;
    nonce[11] = bytes[3] as number;
    this.#salted(this.#rtp);
  }

  /** RFC 7714 §9.1. */
  #rtcpNonce(bytes: Uint8Array, index: number): void {
    const nonce = this.#nonce;
    nonce.fill(0);
    for (let i = 0; i < 4; i++) nonce[2 + i] = bytes[4 + i] as number;
    writeUint32(nonce, 8, index);
    this.#salted(this.#rtcp);
  }

  #salted({ salt }: SrtpSessionKeys): void {
    const nonce = this.#nonce;
    for (let i = 0; i < NONCE_BYTES; i++) nonce[i] = (nonce[i] as number) ^ (salt[i] as number);
  }

  #rtcpHeader(bytes: Uint8Array, word: number): Uint8Array {
    this.#associated.set(bytes.subarray(0, RTCP_HEADER_BYTES));
    writeUint32(this.#associated, RTCP_HEADER_BYTES, word);
    return this.#associated;
  }
}
