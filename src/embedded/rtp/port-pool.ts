import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { lookup as resolve } from 'node:dns';
import { isIP, isIPv6 } from 'node:net';
import type { HostPort } from '../../core/address.js';
import { rtpError } from './errors.js';
import { PacketMemory } from './packet-memory.js';
import type { MediaSecurity } from './media-security.js';

export interface PortPoolOptions {
  /** Local IP address to bind. */
  readonly address: string;
  /** First and last port, both included. 0 and 0: ports that the system chooses. */
  readonly minPort: number;
  readonly maxPort: number;
  /** Hot: called for each packet of sound before it is handed over. */
  readonly onPacket?: (() => void) | undefined;
}

/** How often a system-chosen pair is tried: the port above an even one is rarely taken. */
const SYSTEM_PORT_TRIES = 30;

/** Port pairs for calls: RTP on the even port, RTCP on the odd one above it (RFC 3550 §11). */
export class PortPool {
  readonly #options: PortPoolOptions;
  readonly #open = new Set<RtpSocket>();
  readonly #taken = new Set<number>();
  #nextPort: number;
  #closed = false;

  constructor(options: PortPoolOptions) {
    this.#options = options;
    this.#nextPort = even(options.minPort);
  }

  /** Sockets not yet closed. */
  get inUse(): number {
    return this.#open.size;
  }

  /**
   * A bound pair of sockets; the caller closes it. Ports go round, so that late packets of an ended call meet nobody.
   * Rejects RTP_NO_PORT when all are taken (by us or by others), RTP_CLOSED after close.
   */
  async acquire(): Promise<RtpSocket> {
    const { minPort, maxPort } = this.#options;
    if (minPort === 0) {
      for (let i = 0; i < SYSTEM_PORT_TRIES; i++) {
        const pair = await this.#tryPair(0);
        if (pair !== undefined) return pair;
      }
      throw this.#exhausted();
    }
    for (let i = even(minPort); i + 1 <= maxPort; i += 2) {
      const port = this.#nextPort;
      this.#nextPort = port + 3 <= maxPort ? port + 2 : even(minPort);
      if (this.#taken.has(port)) continue;
      this.#taken.add(port);
      const pair = await this.#tryPair(port);
      if (pair !== undefined) return pair;
      this.#taken.delete(port);
    }
    throw this.#exhausted();
  }

  /** Closes every socket that is still open; safe to call twice. */
  close(): void {
    this.#closed = true;
    for (const socket of [...this.#open]) socket.close();
  }

  /** Undefined if either port is taken, or if the system chose an odd one. */
  async #tryPair(port: number): Promise<RtpSocket | undefined> {
    if (this.#closed) throw rtpError('RTP_CLOSED');
    const rtp = await bind(this.#options.address, port);
    if (rtp === undefined) return undefined;
    const rtpPort = rtp.address().port;
    const rtcp = rtpPort % 2 === 0 ? await bind(this.#options.address, rtpPort + 1) : undefined;
    if (rtcp === undefined || this.#closed) {
      rtp.close();
      rtcp?.close();
      return undefined;
    }
    const released = (): void => {
      this.#open.delete(pair);
      this.#taken.delete(rtpPort);
    };
    // A port that the system chose is lost when a connected socket is disconnected (Linux: no SOCK_BINDPORT_LOCK).
    const pair = new RtpSocket(rtp, rtcp, released, port !== 0, this.#options.onPacket);
    this.#open.add(pair);
    return pair;
  }

  #exhausted(): Error {
    if (this.#closed) return rtpError('RTP_CLOSED');
    const { address, minPort, maxPort } = this.#options;
    return rtpError('RTP_NO_PORT', { address, minPort, maxPort });
  }
}

/**
 * A call's two sockets. What comes on the RTCP port is read even if nobody wants it, so that nobody gets an ICMP error. A network
 * error of one packet (unreachable, no route) ends nothing: it is counted.
 */
export class RtpSocket {
  readonly address: string;
  readonly port: number;
  /** Hot: each datagram on the RTP port; `bytes` belongs to the receiver. */
  onMessage: ((bytes: Buffer, source: RemoteInfo) => void) | undefined;
  /** Opens what comes and protects what goes; undefined: plain RTP. */
  security: MediaSecurity | undefined;
  /** Each datagram on the RTCP port. */
  onRtcp: ((bytes: Buffer, source: RemoteInfo) => void) | undefined;
  readonly stats = { errors: 0, rtcpReceived: 0 };
  readonly #rtp: Socket;
  readonly #rtcp: Socket;
  readonly #release: () => void;
  /** The one address that the system lets through, or soon will. */
  #peer: HostPort | undefined;
  #isConnected = false;
  #isConnecting = false;
  #closed = false;

  /** Called by {@link PortPool} with two bound sockets. */
  constructor(
    rtp: Socket,
    rtcp: Socket,
    release: () => void,
    private readonly mayConnect: boolean,
    onPacket?: () => void,
  ) {
    this.#rtp = rtp;
    this.#rtcp = rtcp;
    this.#release = release;
    const bound = rtp.address();
    this.address = bound.address;
    this.port = bound.port;
    rtp.on('message', (bytes, source) => {
      onPacket?.();
      this.#received(bytes, source);
    });
    rtp.on('error', () => void this.stats.errors++);
    rtcp.on('message', (bytes, source) => {
      this.stats.rtcpReceived++;
      const plain = this.security === undefined ? bytes : this.security.open(bytes, source);
      if (plain !== undefined) this.onRtcp?.(plain, source);
    });
    rtcp.on('error', () => void this.stats.errors++);
  }

  /**
   * Only for this address from now on: the system has found the way to it once and for all, and drops what comes from elsewhere,
   * uncounted. Ends with {@link widen}, or with the first packet to another address. Not where packets are protected (they may
   * go elsewhere), nor on all addresses of the machine at once (the system would choose one), nor on a port of its choice.
   */
  narrow(port: number, host: string): void {
    const isAnyAddress = this.address === '0.0.0.0' || this.address === '::';
    if (!this.mayConnect || isAnyAddress || this.security !== undefined) return;
    if (this.#closed || this.#isConnecting || this.#isConnected) return;
    this.#peer = { host, port };
    this.#isConnecting = true;
    // The types lack the error of the callback.
    this.#rtp.connect(port, host, ((error?: Error) => {
      this.#isConnecting = false;
      if (error !== undefined || this.#closed) return;
      this.#isConnected = true;
      if (this.#peer === undefined) this.widen();
    }) as () => void);
  }

  /** Whatever comes is let through again. Safe to call at any time. */
  widen(): void {
    this.#peer = undefined;
    if (!this.#isConnected || this.#closed) return;
    this.#isConnected = false;
    this.#rtp.disconnect();
  }

  /** Hot: sends the first `lengthBytes` of `bytes`: of the thread's {@link PacketMemory}, or to be left as they are. */
  send(bytes: Uint8Array, lengthBytes: number, port: number, host: string): void {
    if (this.#closed) return;
    const security = this.security;
    if (security === undefined) {
      const packet = PacketMemory.shared.first(bytes, lengthBytes);
      if (this.#isConnected && this.#peer?.port === port && this.#peer.host === host) this.#rtp.send(packet);
      else {
        this.widen();
        this.#rtp.send(packet, port, host);
      }
      if (this.#rtp.getSendQueueCount() > 0) PacketMemory.shared.lose();
      return;
    }
    const sealed = security.seal(bytes, lengthBytes);
    if (sealed === undefined) return;
    const destination = security.diverter?.destination;
    this.#rtp.send(sealed, destination?.port ?? port, destination?.host ?? host);
  }

  /** What is no media, as it is: STUN and DTLS share the port (RFC 7983). */
  sendRaw(bytes: Uint8Array, port: number, host: string): void {
    if (!this.#closed) this.#rtp.send(bytes, port, host);
  }

  /** From the RTCP port. */
  sendRtcp(bytes: Uint8Array, port: number, host: string): void {
    if (this.#closed) return;
    const sealed = this.security === undefined ? bytes : this.security.seal(bytes, bytes.length);
    if (sealed !== undefined) this.#rtcp.send(sealed, port, host);
  }

  /** Frees both ports; safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.onMessage = undefined;
    this.onRtcp = undefined;
    this.#rtp.close();
    this.#rtcp.close();
    this.#release();
  }

  /** Hot. */
  #received(bytes: Buffer, source: RemoteInfo): void {
    const security = this.security;
    if (security === undefined) {
      this.onMessage?.(bytes, source);
      return;
    }
    const plain = security.open(bytes, source);
    if (plain !== undefined) this.onMessage?.(plain, source);
  }
}

function even(port: number): number {
  return port + (port % 2);
}

function bind(address: string, port: number): Promise<Socket | undefined> {
  const socket = createSocket({
    type: isIPv6(address) ? 'udp6' : 'udp4',
    // A stalled loop must find the packets of the stall still there: 50 packets/s of 200 bytes, seconds of them.
    recvBufferSize: 256 * 1024,
    lookup: addressLookup as NonNullable<Parameters<typeof createSocket>[0]['lookup' & never]>,
  } as Parameters<typeof createSocket>[0]);
  return new Promise((done) => {
    socket.once('error', () => {
      socket.close();
      done(undefined);
    });
    socket.bind({ address, port, exclusive: true }, () => {
      socket.removeAllListeners('error');
      done(socket);
    });
  });
}

/** The last address that {@link addressLookup} was given. */
let known = { host: '', kind: 0 };

/** Hot: an address needs no resolver; Node's own way through dns.lookup costs each packet a turn of the queue. */
function addressLookup(
  host: string,
  family: number,
  done: (error: Error | null, address: string, family: number) => void,
): void {
  if (host !== known.host) known = { host, kind: isIP(host) };
  if (known.kind !== 0) done(null, host, known.kind);
  else resolve(host, { family }, (error, address) => done(error, address, family));
}
