import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import { formatHostPort, type HostPort } from '../../core/address.js';
import type { Clock, Timer } from '../../core/clock.js';
import type { ConnectionGate, ConnectionLimits } from './connection-limits.js';
import { acceptTls, acceptWebSocket, type Accept } from './stream-acceptor.js';
import {
  SocketConnection,
  StreamConnection,
  WebSocketConnection,
  type ConnectionHooks,
} from './stream-connection.js';
import { connectSocket, connectWebSocket } from './stream-connector.js';
import type { TlsIdentity } from './tls-identity.js';
import {
  openStream,
  isSecure,
  type Listener,
  type ListenAddress,
  type Protocol,
  type Receive,
  type SendFailed,
  type Stream,
  type Target,
} from './transport.js';

export type StreamProtocol = Exclude<Protocol, 'udp'>;

/** What the stream listeners of a stack share. */
export interface StreamSurroundings {
  readonly receive: Receive;
  /** Told of what connections and listeners die of; `from` is the peer's address. */
  readonly trouble: (error: Error, from: string) => void;
  readonly clock: Clock;
  readonly limits: ConnectionLimits;
  readonly gate: ConnectionGate;
  readonly tls: TlsIdentity;
}

/** Binds a listening stream socket; rejects with the system's error. */
export function listenStream(
  protocol: StreamProtocol,
  { host, port }: HostPort,
  surroundings: StreamSurroundings,
): Promise<Listener> {
  const server = createServer({ noDelay: true });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, ipv6Only: isIPv6(host) }, () => {
      server.off('error', reject);
      resolve(new StreamListener(protocol, server, host, surroundings));
    });
  });
}

/** Made once: a stranger must not cost us a stack trace. */
const tooMany = Object.assign(new Error('too many connections'), { code: 'ECONNLIMIT' });

/**
 * Connections of one transport: those that peers open, and ours to them; one for each peer (over TLS: for each name of it), used
 * both ways (RFC 5923).
 */
class StreamListener implements Listener {
  readonly address: ListenAddress;
  readonly #accept: Accept;
  /** Each with what it is found by in {@link #byPeer}. */
  readonly #connections = new Map<StreamConnection, readonly string[]>();
  /** By the peer's address; ours over TLS also by address and the name that the peer has proved. */
  readonly #byPeer = new Map<string, StreamConnection>();
  /** Sockets from outside whose handshakes are not through, by their address. */
  readonly #handshakes = new Map<string, Handshake>();
  readonly #hooks: ConnectionHooks;
  /** TLS is spoken with others by this; undefined for tcp and ws. */
  readonly #tls: TlsIdentity | undefined;
  #open = true;

  constructor(
    private readonly protocol: StreamProtocol,
    private readonly server: Server,
    host: string,
    private readonly around: StreamSurroundings,
  ) {
    const bound = server.address();
    const port = bound !== null && typeof bound === 'object' ? bound.port : 0;
    this.address = { protocol, host, port };
    this.#tls = isSecure(protocol) ? around.tls : undefined;
    this.#hooks = {
      message: (bytes, connection) => {
        if (!this.#open) return;
        const { peer } = connection;
        around.receive(bytes, { protocol, ...peer, listener: this, stream: connection });
      },
      closed: (connection, error) => this.#closed(connection, error),
    };
    this.#accept = this.#acceptor();
    server.on('connection', (socket) => this.#incoming(socket));
    server.on('error', (error) => around.trouble(error, formatHostPort(this.address)));
  }

  get sockets(): number {
    return (this.#open ? 1 : 0) + this.#connections.size + this.#handshakes.size;
  }

  streamTo(target: Pick<Target, 'host' | 'port' | 'serverName'>): Stream | undefined {
    const connection = this.#byPeer.get(this.#provenKey(target) ?? formatHostPort(target));
    return connection?.open === true ? connection : undefined;
  }

  watch(target: Target, lost: (error: Error) => void): () => void {
    const stream = openStream(this, target);
    return stream instanceof StreamConnection ? stream.watch(lost) : () => undefined;
  }

  send(bytes: Buffer, target: Target, failed: SendFailed): void {
    if (!this.#open) return;
    const told: SendFailed = (error) => {
      if (this.#open) failed(error);
    };
    const stream = openStream(this, target);
    if (stream === undefined && target.openOnly === true) {
      // Nobody listens at the other end of a WebSocket.
      queueMicrotask(() => told(Object.assign(new Error('the connection is closed'), { code: 'ENOTCONN' })));
      return;
    }
    (stream ?? this.#connect(target)).write(bytes, told);
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    for (const { socket } of this.#handshakes.values()) socket.destroy();
    for (const connection of this.#connections.keys()) connection.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  #acceptor(): Accept {
    const { limits, trouble } = this.around;
    const spoken: Accept =
      this.protocol === 'tcp' || this.protocol === 'tls'
        ? (socket) => this.#adopt(new SocketConnection(socket, peerOf(socket), ...this.#with))
        : acceptWebSocket((webSocket, socket) => {
            const { clock } = this.around;
            const connection = new WebSocketConnection(webSocket, peerOf(socket), this.#hooks, clock);
            connection.carriedBy(socket, limits.idleMs);
            this.#adopt(connection);
          });
    if (this.#tls === undefined) return spoken;
    // Without a certificate (a client) nobody is let in.
    if (this.#tls.server === undefined) return (socket) => void socket.destroy();
    return acceptTls(this.#tls.server, limits.firstMessageMs, spoken, trouble);
  }

  get #with() {
    return [this.#hooks, this.around.clock, this.around.limits] as const;
  }

  /** A raw connection: counted from here, and on its deadline. */
  #incoming(socket: Socket): void {
    const { gate, limits, clock, trouble } = this.around;
    const address = socket.remoteAddress;
    socket.on('error', () => undefined); // who adopts it hears of it, too
    if (!this.#open || address === undefined) return void socket.destroy();
    const drop = (): void => {
      trouble(tooMany, address);
      socket.destroy();
    };
    const leave = gate.enter(address, clock.nowMs(), drop);
    if (leave === undefined) return drop();
    const key = formatHostPort(peerOf(socket));
    const timer = clock.after(limits.firstMessageMs, () => socket.destroy());
    this.#handshakes.set(key, { socket, timer, sinceMs: clock.nowMs() });
    socket.once('close', () => {
      leave();
      timer.cancel();
      if (this.#handshakes.get(key)?.socket === socket) this.#handshakes.delete(key);
    });
    try {
      this.#accept(socket);
    } catch (error) {
      trouble(error as Error, address);
      socket.destroy();
    }
  }

  /** A connection from outside that speaks our transport: the rest of its deadline is for its first message. */
  #adopt(connection: StreamConnection): void {
    const { limits, clock } = this.around;
    const key = formatHostPort(connection.peer);
    const handshake = this.#handshakes.get(key);
    this.#handshakes.delete(key);
    handshake?.timer.cancel();
    this.#keep(connection, [key]);
    connection.opened();
    const passedMs = handshake === undefined ? 0 : clock.nowMs() - handshake.sinceMs;
    connection.expectWithin(Math.max(1, limits.firstMessageMs - passedMs), 'ETIMEDOUT');
  }

  #connect(target: Target): StreamConnection {
    const peer = { host: target.host, port: target.port };
    const opened = (): void => connection.opened();
    let connection: StreamConnection;
    if (this.protocol === 'tcp' || this.protocol === 'tls') {
      const socket = connectSocket(target, this.#tls, opened);
      connection = new SocketConnection(socket, peer, ...this.#with);
    } else {
      const carried = (socket: Socket): void => webSockets.carriedBy(socket, this.around.limits.idleMs);
      const webSocket = connectWebSocket(target, this.#tls, carried, opened);
      const webSockets = new WebSocketConnection(webSocket, peer, this.#hooks, this.around.clock);
      connection = webSockets;
    }
    const proven = this.#provenKey(target);
    this.#keep(connection, [formatHostPort(peer), ...(proven === undefined ? [] : [proven])]);
    connection.expectWithin(this.around.limits.connectMs, 'ETIMEDOUT');
    return connection;
  }

  /** DNS may point any name at an address; a connection to it speaks for the names that it was asked to prove alone. */
  #provenKey(target: Pick<Target, 'host' | 'port' | 'serverName'>): string | undefined {
    if (target.serverName === undefined || this.#tls?.verifyPeer !== true) return undefined;
    return `${target.serverName.toLowerCase()} ${formatHostPort(target)}`;
  }

  #keep(connection: StreamConnection, keys: readonly string[]): void {
    this.#connections.set(connection, keys);
    for (const key of keys) this.#byPeer.set(key, connection);
  }

  #closed(connection: StreamConnection, error: Error | undefined): void {
    for (const key of this.#connections.get(connection) ?? []) {
      if (this.#byPeer.get(key) === connection) this.#byPeer.delete(key);
    }
    this.#connections.delete(connection);
    if (error !== undefined && this.#open) this.around.trouble(error, connection.peer.host);
  }
}

interface Handshake {
  readonly socket: Socket;
  /** Ends it when it takes too long. */
  readonly timer: Timer;
  readonly sinceMs: number;
}

function peerOf(socket: Socket): HostPort {
  return { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
}
