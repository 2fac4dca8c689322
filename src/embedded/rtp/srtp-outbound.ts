import { readUint32, RTP_HEADER_BYTES } from './packet.js';
import { rtpHeaderBytes } from './srtp-header.js';
import { MAX_RTCP_PACKETS, MAX_RTP_PACKETS, type SrtpMasterKey } from './srtp-suite.js';
import { makeTransform, type SrtpTransform } from './srtp-transform.js';

/** Protects what we send under one master key. Each SSRC has its own rollover counter (RFC 3711 §3.2.3). */
export class SrtpOutbound {
  readonly #transform: SrtpTransform;
  readonly #streams = new Map<number, { sequence: number; rollover: number }>();
  readonly #lifetime: number;
  #rtpPackets = 0;
  #rtcpPackets = 0;

  constructor(master: SrtpMasterKey) {
    this.#transform = makeTransform(master);
    this.#lifetime = master.lifetimePackets ?? MAX_RTP_PACKETS;
  }

  /**
   * Hot: protects the packet that is the first `length` bytes, in place; its new length. 0 when it must not be sent: the
   * key is worn out (RFC 3711 §9.2), or it is no RTP. Sequence numbers must go up: one that comes twice would betray both.
   */
  rtp(bytes: Uint8Array, length: number): number {
    const headerBytes = rtpHeaderBytes(bytes, length);
    if (headerBytes === 0 || this.#rtpPackets >= this.#lifetime) return 0;
    const sequence = ((bytes[2] as number) << 8) | (bytes[3] as number);
    const rollover = this.#follow(readUint32(bytes, RTP_HEADER_BYTES - 4), sequence);
    if (rollover < 0) return 0;
    this.#rtpPackets++;
    return this.#transform.protectRtp(bytes, headerBytes, length, rollover);
  }

  /** As {@link rtp}, of a compound RTCP packet. */
  rtcp(bytes: Uint8Array, length: number): number {
    if (length < 8 || this.#rtcpPackets >= Math.min(MAX_RTCP_PACKETS, this.#lifetime)) return 0;
    const index = this.#rtcpPackets++;
    return this.#transform.protectRtcp(bytes, length, index);
  }

  /** The rollover counter of this packet, -1 if its sequence number does not follow. */
  #follow(ssrc: number, sequence: number): number {
    const stream = this.#streams.get(ssrc);
    if (stream === undefined) {
      this.#streams.set(ssrc, { sequence, rollover: 0 });
      return 0;
    }
    const step = (sequence - stream.sequence) & 0xffff;
    if (step === 0 || step >= 0x8000) return -1;
    if (sequence < stream.sequence) stream.rollover++;
    stream.sequence = sequence;
    return stream.rollover;
  }
}
