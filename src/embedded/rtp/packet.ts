/** RTP packets as bytes (RFC 3550 §5.1). */

export const RTP_HEADER_BYTES = 12;

/** Comfort noise (RFC 3389): says that the other side is silent; its noise is not made. */
export const COMFORT_NOISE_TYPE = 13;

/** A packet read from bytes; one object is filled again and again. */
export class RtpPacket {
  payloadType = 0;
  marker = false;
  /** 16 bits. */
  sequence = 0;
  /** 32 bits, unsigned. */
  timestamp = 0;
  ssrc = 0;
  /** Where the payload lies in the bytes that were read. */
  payloadStart = 0;
  payloadEnd = 0;
}

/**
 * Hot: reads `bytes` into `into`: CSRC list, header extension and padding are passed over. False for what is no valid RTP
 * packet (RFC 3550 §A.1): too short, another version, an extension or padding longer than the packet.
 */
export function parseRtp(bytes: Uint8Array, into: RtpPacket): boolean {
  if (bytes.length < RTP_HEADER_BYTES) return false;
  const first = bytes[0] as number;
  const second = bytes[1] as number;
  if (first >> 6 !== 2) return false;
  let start = RTP_HEADER_BYTES + 4 * (first & 0x0f);
  let end = bytes.length;
  if ((first & 0x10) !== 0) {
    if (start + 4 > end) return false;
    start += 4 + 4 * (((bytes[start + 2] as number) << 8) | (bytes[start + 3] as number));
  }
  if ((first & 0x20) !== 0) {
    const padding = bytes[end - 1] as number;
    if (padding === 0) return false;
    end -= padding;
  }
  if (start > end) return false;
  into.payloadType = second & 0x7f;
  into.marker = (second & 0x80) !== 0;
  into.sequence = ((bytes[2] as number) << 8) | (bytes[3] as number);
  into.timestamp = readUint32(bytes, 4);
  into.ssrc = readUint32(bytes, 8);
  into.payloadStart = start;
  into.payloadEnd = end;
  return true;
}

/** Hot: whether `bytes` is RTCP that shares the port (RFC 5761 §4): packet types 192 to 223. */
export function isRtcp(bytes: Uint8Array): boolean {
  const type = bytes[1] ?? 0;
  return bytes.length >= 8 && (bytes[0] as number) >> 6 === 2 && type >= 192 && type <= 223;
}

/** STUN, ZRTP or DTLS: telephones try them unasked on the port of their RTP (RFC 7983 §7). */
export function isBesideRtp(bytes: Uint8Array): boolean {
  return (bytes[0] ?? 0) < 64;
}

/** Hot: a header without CSRC, extension and padding at the beginning of `bytes`. */
export function writeRtpHeader(
  bytes: Uint8Array,
  payloadType: number,
  marker: boolean,
  sequence: number,
  timestamp: number,
  ssrc: number,
): void {
  bytes[0] = 0x80;
  bytes[1] = payloadType | (marker ? 0x80 : 0);
  bytes[2] = (sequence >> 8) & 0xff;
  bytes[3] = sequence & 0xff;
  writeUint32(bytes, 4, timestamp);
  writeUint32(bytes, 8, ssrc);
}

/** Hot: how far `to` is ahead of `from` on a circle of 16 bits: -32768 to 32767. */
export function sequenceDifference(to: number, from: number): number {
  return ((to - from) << 16) >> 16;
}

/** Hot: how far `to` is ahead of `from` on a circle of 32 bits, signed. */
export function timestampDifference(to: number, from: number): number {
  return (to - from) | 0;
}

/** Hot. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

/** Hot. */
export function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = (value >>> 16) & 0xff;
  bytes[at + 2] = (value >>> 8) & 0xff;
  bytes[at + 3] = value & 0xff;
}
