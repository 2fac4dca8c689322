import { RTP_HEADER_BYTES } from './packet.js';

/**
 * Hot: where the part of an RTP packet that is encrypted begins: behind CSRC list and header extension (RFC 3711 §3.1);
 * 0 for what is no RTP.
 */
export function rtpHeaderBytes(bytes: Uint8Array, length: number): number {
  if (length < RTP_HEADER_BYTES) return 0;
  const first = bytes[0] as number;
  if (first >> 6 !== 2) return 0;
  let header = RTP_HEADER_BYTES + 4 * (first & 0x0f);
  if ((first & 0x10) !== 0) {
    if (header + 4 > length) return 0;
    header += 4 + 4 * (((bytes[header + 2] as number) << 8) | (bytes[header + 3] as number));
  }
  return header <= length ? header : 0;
}
