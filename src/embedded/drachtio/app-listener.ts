import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type SecureContextOptions } from 'node:tls';
import type { HostPort } from '../../core/address.js';
import { errorCode } from '../../core/errors.js';
import { sipStackError } from '../sip/errors.js';

/** As long as a connection may take to say the secret. */
const handshakeMs = 10_000;

/** Where applications connect, in the clear or by TLS. */
export class AppListener {
  /** Sockets of TLS whose handshake may not be over: they are nobody's yet. */
  readonly #raw = new Set<Socket>();

  /** `tls` is our certificate and its key; undefined: in the clear. Rejects SIP_ADDRESS_IN_USE, SIP_LISTEN_FAILED. */
  static listen(address: HostPort, tls?: SecureContextOptions): Promise<AppListener> {
    const { host, port } = address;
    const secure = tls && createTlsServer({ ...tls, handshakeTimeout: handshakeMs });
    const server = secure ?? createServer();
    return new Promise((resolve, reject) => {
      server.once('error', (error) => {
        const reason = errorCode(error);
        const code = reason === 'EADDRINUSE' ? 'SIP_ADDRESS_IN_USE' : 'SIP_LISTEN_FAILED';
        reject(sipStackError(code, { protocol: secure ? 'tls' : 'tcp', host, port, reason }, error));
      });
      server.listen({ host, port }, () => {
        server.removeAllListeners('error');
        resolve(new AppListener(server, secure !== undefined, host));
      });
    });
  }

  private constructor(
    private readonly server: Server,
    private readonly isSecure: boolean,
    private readonly host: string,
  ) {
    if (!isSecure) return;
    server.on('connection', (socket: Socket) => {
      this.#raw.add(socket);
      socket.once('close', () => this.#raw.delete(socket));
    });
  }

  /** As it is really bound. */
  get address(): HostPort {
    const bound = this.server.address();
    const port = bound !== null && typeof bound === 'object' ? bound.port : 0;
    return { host: this.host, port };
  }

  /** `connected` is called for each socket that can carry frames, `failed` when the port has trouble. */
  serve(connected: (socket: Socket) => void, failed: (error: Error) => void): void {
    this.server.on(this.isSecure ? 'secureConnection' : 'connection', connected);
    this.server.on('error', failed);
  }

  /** Resolves when nothing is left; sockets in the clear are to be closed by who was given them. */
  close(): Promise<void> {
    for (const socket of this.#raw) socket.destroy();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
