import { connect, createServer, type Server, type Socket } from 'node:net';
import { formatHostPort } from '../../core/address.js';
import { maxMessageBytes } from './parse-message.js';
import { StreamFramer } from './stream-framer.js';
import type { Listener, ListenAddress, Receive, Stream, Target } from './transport.js';

/** Connections from outside at the same time; more are closed at once. */
const maxConnections = 2000;
/** A peer that has connected and says nothing for this long is dropped (dialogs open a new connection). */
const idleMs = 30 * 60_000;

/** Binds a listening stream socket; rejects with the system's error. */
export function listenTcp(
  host: string,
  port: number,
  receive: Receive,
  streamError: (error: Error, from: string) => void,
): Promise<Listener> {
  const server = createServer({ noDelay: true });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve(new TcpListener(server, host, receive, streamError));
    });
  });
}

/** A peer that asks and never reads the answers is dropped when so much waits for it: 16 of the longest messages. */
const maxWaitingBytes = 16 * maxMessageBytes;

class TcpStream implements Stream {
  constructor(readonly socket: Socket) {}

  get open(): boolean {
    return !this.socket.destroyed && this.socket.writable;
  }

  write(bytes: Buffer): void {
    this.socket.write(bytes);
    if (this.socket.writableLength > maxWaitingBytes) this.socket.destroy();
  }
}

class TcpListener implements Listener {
  readonly address: ListenAddress;
  readonly #streams = new Set<TcpStream>();
  /** Connections by the address at their other end: reused instead of opened again (RFC 3261 §18). */
  readonly #byPeer = new Map<string, TcpStream>();
  #open = true;

  constructor(
    private readonly server: Server,
    host: string,
    private readonly receive: Receive,
    private readonly streamError: (error: Error, from: string) => void,
  ) {
    const bound = server.address();
    this.address = {
      protocol: 'tcp',
      host,
      port: bound !== null && typeof bound === 'object' ? bound.port : 0,
    };
    server.maxConnections = maxConnections;
    server.on('connection', (socket) => {
      const peer = { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
      this.#adopt(socket, peer.host, peer.port);
    });
    server.on('error', (error) => streamError(error, formatHostPort(this.address)));
  }

  get sockets(): number {
    return (this.#open ? 1 : 0) + this.#streams.size;
  }

  send(bytes: Buffer, target: Target, failed: (error: Error) => void): void {
    if (!this.#open) return;
    const stream = target.stream?.open ? target.stream : this.#byPeer.get(formatHostPort(target));
    if (stream?.open) {
      stream.write(bytes);
      return;
    }
    const socket = connect({ host: target.host, port: target.port, noDelay: true });
    const fresh = this.#adopt(socket, target.host, target.port);
    socket.once('error', (error) => {
      if (this.#open) failed(error);
    });
    fresh.write(bytes);
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    for (const stream of this.#streams) stream.socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  #adopt(socket: Socket, host: string, port: number): TcpStream {
    const stream = new TcpStream(socket);
    const peer = formatHostPort({ host, port });
    this.#streams.add(stream);
    this.#byPeer.set(peer, stream);
    const framer = new StreamFramer(
      (bytes) => this.receive(bytes, { protocol: 'tcp', host, port, listener: this, stream }),
      () => stream.write(Buffer.from('\r\n')),
    );
    socket.setTimeout(idleMs, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      if (!this.#open) return;
      try {
        framer.push(chunk);
      } catch (error) {
        this.streamError(error as Error, host);
        socket.destroy();
      }
    });
    socket.on('error', (error) => this.streamError(error, host));
    socket.on('close', () => {
      this.#streams.delete(stream);
      if (this.#byPeer.get(peer) === stream) this.#byPeer.delete(peer);
    });
    return stream;
  }
}
