import type { HostPort } from '../../core/address.js';

/** `ws` and `wss` are SIP over WebSocket (RFC 7118). */
export type Protocol = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';

export const protocols: readonly Protocol[] = ['udp', 'tcp', 'tls', 'ws', 'wss'];

export function isSecure(protocol: Protocol): boolean {
  return protocol === 'tls' || protocol === 'wss';
}

/** The port of a URI that names none (RFC 3261 §19.1.2; RFC 7118 §8: for WebSocket those of HTTP). */
export function defaultPort(protocol: Protocol): number {
  if (protocol === 'ws') return 80;
  if (protocol === 'wss') return 443;
  return protocol === 'tls' ? 5061 : 5060;
}

/** What a Contact says beside host and port: nothing for UDP, `;transport=ws` for both WebSockets (RFC 7118 §5.2). */
export function transportParam(protocol: Protocol): string {
  if (protocol === 'udp') return '';
  return `;transport=${protocol === 'wss' ? 'ws' : protocol}`;
}

/** One socket that we listen on, as it is really bound. */
export interface ListenAddress extends HostPort {
  readonly protocol: Protocol;
}

/** Where a packet came from, and what is needed to answer the same way (RFC 3261 §18.2.2). */
export interface Source extends HostPort {
  readonly protocol: Protocol;
  /** The listener of ours that it reached. */
  readonly listener: Listener;
  /** The stream it came on; undefined for datagrams. */
  readonly stream: Stream | undefined;
}

/** Where a message goes: an address, a name that is still to be located (RFC 3263) or, if still open, a stream. */
export interface Target extends HostPort {
  readonly protocol: Protocol;
  readonly listener?: Listener | undefined;
  readonly stream?: Stream | undefined;
  /**
   * For a name, where locating begins: `naptr` when the URI leaves the transport open, `srv` when it leaves the port
   * open, `address` when it leaves nothing open (RFC 3263 §4).
   */
  readonly locate?: 'naptr' | 'srv' | 'address' | undefined;
  /** Only TLS will do: the URI is sips. */
  readonly secure?: boolean | undefined;
  /** Reached over its open connection or not at all. */
  readonly openOnly?: boolean | undefined;
  /** The URI leaves the transport open: a request too large for a datagram may go over TCP (RFC 3261 §18.1.1). */
  readonly anyTransport?: boolean | undefined;
  /** The name that the peer's certificate must bear, when `host` is an address that was found for it. */
  readonly serverName?: string | undefined;
}

/** Told at most once, later, with the system's error. */
export type SendFailed = (error: Error) => void;

/** A connection that carries SIP both ways. */
export interface Stream {
  readonly open: boolean;
  /** Open in so far as it takes what is written, which leaves when the connection is there. */
  readonly isOpening: boolean;
  write(bytes: Buffer, failed?: SendFailed): void;
}

/** A bound socket of ours. */
export interface Listener {
  readonly address: ListenAddress;
  /** Sends one message to an address. */
  send(bytes: Buffer, target: Target, failed: SendFailed): void;
  /**
   * The open connection to or from that very address, for stream transports. Over TLS, one that was asked for by a name is
   * only found when its certificate was held against that name.
   */
  streamTo(address: Pick<Target, 'host' | 'port' | 'serverName'>): Stream | undefined;
  /**
   * Calls `lost` when the connection that messages to `target` go over now is closed; not after the function returned was
   * called, and never for datagrams.
   */
  watch(target: Target, lost: (error: Error) => void): () => void;
  /** Sockets held: the listening one and the open connections. */
  readonly sockets: number;
  /** Closes at once; nothing is received after it. */
  close(): Promise<void>;
}

/** The connection that a message to `target` goes over now: the one it names, or the one that is there. */
export function openStream(listener: Pick<Listener, 'streamTo'>, target: Target): Stream | undefined {
  return target.stream?.open === true ? target.stream : listener.streamTo(target);
}

/** What a transport hands up: the bytes of one message. */
export type Receive = (bytes: Buffer, source: Source) => void;
