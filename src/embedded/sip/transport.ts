import type { HostPort } from '../../core/address.js';

export type Protocol = 'udp' | 'tcp';

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

/** Where a message goes: an address (a name is resolved by the transport layer) or, if still open, a stream. */
export interface Target extends HostPort {
  readonly protocol: Protocol;
  readonly listener?: Listener | undefined;
  readonly stream?: Stream | undefined;
}

/** A TCP connection that carries SIP both ways. */
export interface Stream {
  readonly open: boolean;
  write(bytes: Buffer): void;
}

/** A bound socket of ours. */
export interface Listener {
  readonly address: ListenAddress;
  /** Sends one message; `failed` is called at most once, later, with the system's error. */
  send(bytes: Buffer, target: Target, failed: (error: Error) => void): void;
  /** Sockets held: the listening one and, for TCP, the open connections. */
  readonly sockets: number;
  /** Closes at once; nothing is received after it. */
  close(): Promise<void>;
}

/** What a transport hands up: the bytes of one message. */
export type Receive = (bytes: Buffer, source: Source) => void;
