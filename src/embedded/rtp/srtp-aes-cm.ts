import { AesCounter } from './aes-counter.js';
import { HmacSha1 } from './hmac-sha1.js';
import { readUint32, writeUint32 } from './packet.js';
import { deriveSessionKeys, type SrtpSessionKeys } from './srtp-key-derivation.js';
import type { SrtpMasterKey } from './srtp-suite.js';

/** RFC 3711 §3.4: SRTCP has the long tag in both suites (RFC 4568 §6.2.2). */
const RTCP_TAG_BYTES = 10;
const RTCP_HEADER_BYTES = 8;
/** The E bit: the packet is encrypted. */
const ENCRYPTED = 0x80000000;

/** AES in counter mode with a tag of HMAC-SHA1: RFC 3711 §4.1.1 and §4.2.1. */
export class AesCmTransform {
  readonly rtpTagBytes: number;
  readonly rtcpTrailerBytes = 4 + RTCP_TAG_BYTES;
  readonly #master: SrtpMasterKey;
  readonly #rtp: Half;
  /** Made when the first report comes or goes. */
  #rtcp: Half | undefined;

  constructor(master: SrtpMasterKey) {
    this.#master = master;
    this.rtpTagBytes = master.suite === 'AES_CM_128_HMAC_SHA1_32' ? 4 : 10;
    this.#rtp = new Half(deriveSessionKeys(master, false));
  }

  /** Hot. */
  protectRtp(bytes: Uint8Array, headerBytes: number, length: number, rollover: number): number {
    const rtp = this.#rtp;
    rtp.applyRtp(bytes, headerBytes, length, rollover);
    // The rollover counter is hashed behind the packet, but not sent: the tag overwrites it.
    writeUint32(bytes, length, rollover);
    rtp.hmac.digest(bytes, length + 4);
    for (let i = 0; i < this.rtpTagBytes; i++) bytes[length + i] = rtp.hmac.result[i] as number;
    return length + this.rtpTagBytes;
  }

  /** Hot. */
  openRtp(bytes: Uint8Array, headerBytes: number, length: number, rollover: number): number {
    const rtp = this.#rtp;
    const end = length - this.rtpTagBytes;
    rtp.keepTag(bytes, end, this.rtpTagBytes);
    writeUint32(bytes, end, rollover);
    rtp.hmac.digest(bytes, end + 4);
    if (!rtp.hasKeptTag(this.rtpTagBytes)) return -1;
    rtp.applyRtp(bytes, headerBytes, end, rollover);
    return end;
  }

  protectRtcp(bytes: Uint8Array, length: number, index: number): number {
    const rtcp = this.#rtcpHalf();
    rtcp.applyRtcp(bytes, RTCP_HEADER_BYTES, length, index);
    writeUint32(bytes, length, (ENCRYPTED | index) >>> 0);
    rtcp.hmac.digest(bytes, length + 4);
    for (let i = 0; i < RTCP_TAG_BYTES; i++) bytes[length + 4 + i] = rtcp.hmac.result[i] as number;
    return length + this.rtcpTrailerBytes;
  }

  openRtcp(bytes: Uint8Array, length: number): number {
    const rtcp = this.#rtcpHalf();
    const end = length - this.rtcpTrailerBytes;
    rtcp.keepTag(bytes, end + 4, RTCP_TAG_BYTES);
    rtcp.hmac.digest(bytes, end + 4);
    if (!rtcp.hasKeptTag(RTCP_TAG_BYTES)) return -1;
    const word = readUint32(bytes, end);
    if (word >= ENCRYPTED) rtcp.applyRtcp(bytes, RTCP_HEADER_BYTES, end, word - ENCRYPTED);
    return end;
  }

  rtcpIndex(bytes: Uint8Array, length: number): number {
    return readUint32(bytes, length - this.rtcpTrailerBytes) & 0x7fffffff;
  }

  #rtcpHalf(): Half {
    return (this.#rtcp ??= new Half(deriveSessionKeys(this.#master, true)));
  }
}

/** The session keys of RTP, or of RTCP, at work. */
class Half {
  readonly hmac: HmacSha1;
  readonly #cipher: AesCounter;
  readonly #salt: Uint8Array;
  readonly #counter = new Uint8Array(14);
  readonly #tag = new Uint8Array(RTCP_TAG_BYTES);

  constructor(keys: SrtpSessionKeys) {
    this.hmac = new HmacSha1(keys.authenticationKey);
    this.#cipher = new AesCounter(keys.cipherKey);
    this.#salt = new Uint8Array(keys.salt);
  }

  /** Hot: counter = salt * 2^16 XOR SSRC * 2^64 XOR index * 2^16; the index is rollover counter and sequence number. */
  applyRtp(bytes: Uint8Array, start: number, end: number, rollover: number): void {
    const counter = this.#counter;
    const salt = this.#salt;
    for (let i = 0; i < 4; i++) counter[i] = salt[i] as number;
    for (let i = 0; i < 4; i++) {
      counter[4 + i] = (salt[4 + i] as number) ^ (bytes[8 + i] as number);
      counter[8 + i] = (salt[8 + i] as number) ^ ((rollover >>> (24 - 8 * i)) & 0xff);
    }
    counter[12] = (salt[12] as number) ^ (bytes[2] as number);
    counter[13] = (salt[13] as number) ^ (bytes[3] as number);
    this.#cipher.apply(bytes, start, end, counter);
  }

  applyRtcp(bytes: Uint8Array, start: number, end: number, index: number): void {
    const counter = this.#counter;
    counter.set(this.#salt);
    for (let i = 0; i < 4; i++) {
      counter[4 + i] = (counter[4 + i] as number) ^ (bytes[4 + i] as number);
      counter[10 + i] = (counter[10 + i] as number) ^ ((index >>> (24 - 8 * i)) & 0xff);
    }
    this.#cipher.apply(bytes, start, end, counter);
  }

  /** Hot: a tag that came is put aside, for its place is needed. */
  keepTag(bytes: Uint8Array, at: number, length: number): void {
    for (let i = 0; i < length; i++) this.#tag[i] = bytes[at + i] as number;
  }

  /** Hot: whether the digest begins with the kept tag, in a time that does not tell where it differs. */
  hasKeptTag(length: number): boolean {
    let difference = 0;
    for (let i = 0; i < length; i++) difference |= (this.#tag[i] as number) ^ (this.hmac.result[i] as number);
    return difference === 0;
  }
}
