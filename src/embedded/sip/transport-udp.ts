import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Listener, ListenAddress, Receive, Target } from './transport.js';

/** Room for a burst of INVITEs while the thread is busy; the system may grant less. */
const receiveBufferBytes = 2 * 1024 * 1024;

/** Binds a datagram socket (`::` takes IPv6 only); rejects with the system's error. */
export function listenUdp(
  host: string,
  port: number,
  receive: Receive,
  socketError: (error: Error) => void,
): Promise<Listener> {
  const isSix = isIPv6(host);
  const socket = createSocket({ type: isSix ? 'udp6' : 'udp4', ...(isSix && { ipv6Only: true }) });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, host, () => {
      socket.off('error', reject);
      socket.on('error', socketError);
      try {
        socket.setRecvBufferSize(receiveBufferBytes);
      } catch {
        // the default size is good enough for small sites
      }
      resolve(new UdpListener(socket, host, receive));
    });
  });
}

class UdpListener implements Listener {
  readonly address: ListenAddress;
  #open = true;

  constructor(
    private readonly socket: Socket,
    host: string,
    receive: Receive,
  ) {
    this.address = { protocol: 'udp', host, port: socket.address().port };
    socket.on('message', (bytes, from) => {
      // RFC 5626 and many phones keep their NAT open with CRLF or a few zero bytes.
      if (bytes.length <= 4) return;
      receive(bytes, {
        protocol: 'udp',
        host: from.address,
        port: from.port,
        listener: this,
        stream: undefined,
      });
    });
  }

  get sockets(): number {
    return this.#open ? 1 : 0;
  }

  streamTo(): undefined {
    return undefined;
  }

  watch(): () => void {
    return () => undefined;
  }

  send(bytes: Buffer, target: Target, failed: (error: Error) => void): void {
    if (!this.#open) return;
    this.socket.send(bytes, target.port, target.host, (error) => {
      if (error !== null && this.#open) failed(error);
    });
  }

  close(): Promise<void> {
    if (!this.#open) return Promise.resolve();
    this.#open = false;
    return new Promise((resolve) => this.socket.close(() => resolve()));
  }
}
