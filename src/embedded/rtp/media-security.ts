import type { RemoteInfo } from 'node:dgram';
import type { HostPort } from '../../core/address.js';
import { isRtcp } from './packet.js';
import { SrtpInbound, type SrtpRefusals } from './srtp-inbound.js';
import { SrtpOutbound } from './srtp-outbound.js';
import { isSameKey, SRTP_OVERHEAD_BYTES, type SrtpMasterKey } from './srtp-suite.js';

/** A packet must stay as it is until the system has taken it, which is at once unless the socket's queue is full: 320 ms of sound. */
const BUFFERS = 16;
const BUFFER_BYTES = 1500;

/** Where STUN and DTLS of a stream go; see WebTransport. */
export interface PacketDiverter {
  /** Hot: true if the packet was no RTP and is dealt with. */
  divert(bytes: Buffer, source: RemoteInfo): boolean;
  /** Where the other side was found to be; overrides SDP and symmetric RTP. */
  readonly destination: HostPort | undefined;
}

/**
 * Stands between a socket and its session when a stream is protected: what comes is opened or dropped, what goes is
 * protected or not sent. Until there are keys nothing passes.
 */
export class MediaSecurity {
  readonly refusals: SrtpRefusals = { notAuthentic: 0, replayed: 0, malformed: 0, wornOut: 0 };
  diverter: PacketDiverter | undefined;
  #inbound: SrtpInbound | undefined;
  #inboundKey: SrtpMasterKey | undefined;
  #outbound: SrtpOutbound | undefined;
  /** By key, because one that is taken up again must go on where it was: a counter used twice betrays both packets. */
  readonly #outbounds = new Map<SrtpMasterKey, SrtpOutbound>();
  readonly #buffers: Uint8Array[] = [];
  #next = 0;

  /** Packets dropped, whatever the reason. */
  get refused(): number {
    const { notAuthentic, replayed, malformed, wornOut } = this.refusals;
    return notAuthentic + replayed + malformed + wornOut;
  }

  /** The same remote key as before keeps its rollover counters and what it knows of repeated packets. */
  use(local: SrtpMasterKey, remote: SrtpMasterKey): void {
    let outbound = this.#outbounds.get(local);
    if (outbound === undefined) this.#outbounds.set(local, (outbound = new SrtpOutbound(local)));
    this.#outbound = outbound;
    if (isSameKey(this.#inboundKey, remote)) return;
    this.#inboundKey = remote;
    this.#inbound = new SrtpInbound(remote, this.refusals);
  }

  /** Hot: what is in a datagram; undefined: it is not for the session. */
  open(bytes: Buffer, source: RemoteInfo): Buffer | undefined {
    if (this.diverter?.divert(bytes, source) === true) return undefined;
    const inbound = this.#inbound;
    if (inbound === undefined) {
      this.refusals.notAuthentic++;
      return undefined;
    }
    const length = isRtcp(bytes) ? inbound.rtcp(bytes) : inbound.rtp(bytes);
    return length === 0 ? undefined : bytes.subarray(0, length);
  }

  /** Hot: the first `length` bytes of an RTP or RTCP packet, protected; undefined: it must not be sent. */
  seal(bytes: Uint8Array, length: number): Uint8Array | undefined {
    const outbound = this.#outbound;
    if (outbound === undefined || length + SRTP_OVERHEAD_BYTES > BUFFER_BYTES) return undefined;
    const buffer = (this.#buffers[this.#next] ??= new Uint8Array(BUFFER_BYTES));
    this.#next = (this.#next + 1) % BUFFERS;
    for (let i = 0; i < length; i++) buffer[i] = bytes[i] as number;
    const sealed = isRtcp(bytes) ? outbound.rtcp(buffer, length) : outbound.rtp(buffer, length);
    return sealed === 0 ? undefined : buffer.subarray(0, sealed);
  }
}
