import { AesCmTransform } from './srtp-aes-cm.js';
import { AesGcmTransform } from './srtp-aes-gcm.js';
import type { SrtpMasterKey } from './srtp-suite.js';

/**
 * What a suite does to a packet, in place, when its index is known. Lengths are of the whole packet; `bytes` must have
 * room for SRTP_OVERHEAD_BYTES more when it is protected. Opening gives -1 when the packet is not authentic.
 */
export interface SrtpTransform {
  readonly rtpTagBytes: number;
  /** With the index. */
  readonly rtcpTrailerBytes: number;
  /** Hot. */
  protectRtp(bytes: Uint8Array, headerBytes: number, length: number, rollover: number): number;
  /** Hot. */
  openRtp(bytes: Uint8Array, headerBytes: number, length: number, rollover: number): number;
  protectRtcp(bytes: Uint8Array, length: number, index: number): number;
  openRtcp(bytes: Uint8Array, length: number): number;
  /** The index that a protected RTCP packet says it has: to be believed once it was opened. */
  rtcpIndex(bytes: Uint8Array, length: number): number;
}

export function makeTransform(master: SrtpMasterKey): SrtpTransform {
  return master.suite === 'AEAD_AES_128_GCM' ? new AesGcmTransform(master) : new AesCmTransform(master);
}
