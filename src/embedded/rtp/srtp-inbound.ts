import { readUint32 } from './packet.js';
import { rtpHeaderBytes } from './srtp-header.js';
import { ReplayWindow } from './srtp-replay-window.js';
import { MAX_RTCP_PACKETS, MAX_RTP_PACKETS, type SrtpMasterKey } from './srtp-suite.js';
import { makeTransform, type SrtpTransform } from './srtp-transform.js';

/** What was not let in, and why. */
export interface SrtpRefusals {
  /** Not encrypted with the agreed key: plain RTP, a forgery, another call's, or damaged on the way. */
  notAuthentic: number;
  /** Came before, or too late to know. */
  replayed: number;
  /** Too short, or no RTP. */
  malformed: number;
  /** The key is worn out (RFC 3711 §9.2). */
  wornOut: number;
}

/** A call has one source at a time; who changes it more often than this loses the memory of the first. */
const MAX_STREAMS = 8;

/** Opens what comes under one master key. Nothing of a packet is believed before its tag is found right. */
export class SrtpInbound {
  readonly #transform: SrtpTransform;
  readonly #refusals: SrtpRefusals;
  readonly #lifetime: number;
  readonly #rtp = new Map<number, ReplayWindow>();
  readonly #rtcp = new Map<number, ReplayWindow>();
  #rtpPackets = 0;
  #rtcpPackets = 0;

  constructor(master: SrtpMasterKey, refusals: SrtpRefusals) {
    this.#transform = makeTransform(master);
    this.#refusals = refusals;
    this.#lifetime = master.lifetimePackets ?? MAX_RTP_PACKETS;
  }

  /** Hot: opens a whole packet in place; the length of what was in it, 0 when it was refused. */
  rtp(bytes: Uint8Array): number {
    const transform = this.#transform;
    const headerBytes = rtpHeaderBytes(bytes, bytes.length - transform.rtpTagBytes);
    if (headerBytes === 0) {
      this.#refusals.malformed++;
      return 0;
    }
    if (this.#rtpPackets >= this.#lifetime) {
      this.#refusals.wornOut++;
      return 0;
    }
    const ssrc = readUint32(bytes, 8);
    const window = this.#rtp.get(ssrc);
    const sequence = ((bytes[2] as number) << 8) | (bytes[3] as number);
    const rollover = window === undefined ? 0 : rolloverOf(window.highest, sequence);
    const index = rollover * 0x10000 + sequence;
    if (rollover < 0 || (window !== undefined && !window.isNew(index))) {
      this.#refusals.replayed++;
      return 0;
    }
    const length = transform.openRtp(bytes, headerBytes, bytes.length, rollover);
    if (length < 0) {
      this.#refusals.notAuthentic++;
      return 0;
    }
    this.#rtpPackets++;
    (window ?? remember(this.#rtp, ssrc)).take(index);
    return length;
  }

  /** As {@link rtp}, of a compound RTCP packet. */
  rtcp(bytes: Uint8Array): number {
    const transform = this.#transform;
    if (bytes.length < 8 + transform.rtcpTrailerBytes) {
      this.#refusals.malformed++;
      return 0;
    }
    if (this.#rtcpPackets >= Math.min(MAX_RTCP_PACKETS, this.#lifetime)) {
      this.#refusals.wornOut++;
      return 0;
    }
    const ssrc = readUint32(bytes, 4);
    const index = transform.rtcpIndex(bytes, bytes.length);
    const window = this.#rtcp.get(ssrc);
    if (window !== undefined && !window.isNew(index)) {
      this.#refusals.replayed++;
      return 0;
    }
    const length = transform.openRtcp(bytes, bytes.length);
    if (length < 0) {
      this.#refusals.notAuthentic++;
      return 0;
    }
    this.#rtcpPackets++;
    (window ?? remember(this.#rtcp, ssrc)).take(index);
    return length;
  }
}

/** Hot: the rollover counter that a packet most likely has (RFC 3711 §3.3.1); -1: it is from before the first. */
function rolloverOf(highest: number, sequence: number): number {
  const rollover = Math.floor(highest / 0x10000);
  const last = highest % 0x10000;
  if (last < 0x8000) return sequence - last > 0x8000 ? rollover - 1 : rollover;
  return last - 0x8000 > sequence ? rollover + 1 : rollover;
}

function remember(streams: Map<number, ReplayWindow>, ssrc: number): ReplayWindow {
  const [oldest] = streams.keys();
  if (streams.size >= MAX_STREAMS && oldest !== undefined) streams.delete(oldest);
  const window = new ReplayWindow();
  streams.set(ssrc, window);
  return window;
}
