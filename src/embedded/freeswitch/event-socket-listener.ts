import { createServer, type Server } from 'node:net';
import type { HostPort } from '../../core/address.js';
import { formatHostPort } from '../../core/address.js';
import { errorCode } from '../../core/errors.js';
import { freeSwitchError } from './errors.js';
import { EventSocketSession, type SessionHost } from './event-socket-session.js';

/** The secret every FreeSWITCH is born with. */
const KNOWN_SECRET = 'ClueCon';
/** More control connections than this are a loop in a client. */
const MAX_CLIENTS = 1000;

/** The control port: accepts Event Socket clients that know the secret. */
export class EventSocketListener {
  readonly #sessions = new Set<EventSocketSession>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Rejects FREESWITCH_ADDRESS_IN_USE, and FREESWITCH_KNOWN_SECRET for the default secret on a network address. */
  static async listen(address: HostPort, secret: string, host: SessionHost): Promise<EventSocketListener> {
    const isLocal = address.host === '::1' || address.host === 'localhost' || address.host.startsWith('127.');
    if (!isLocal && (secret === KNOWN_SECRET || secret.length < 8)) {
      throw freeSwitchError('FREESWITCH_KNOWN_SECRET', { host: address.host });
    }
    const server = createServer({ noDelay: true });
    const listener = new EventSocketListener(server);
    server.maxConnections = MAX_CLIENTS;
    server.on('connection', (socket) => {
      const session = new EventSocketSession(socket, host, {
        secret,
        closed: (gone) => listener.#sessions.delete(gone),
      });
      listener.#sessions.add(session);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => {
        const details = { host: address.host, port: address.port, reason: errorCode(error) };
        const isTaken = errorCode(error) === 'EADDRINUSE';
        reject(
          freeSwitchError(isTaken ? 'FREESWITCH_ADDRESS_IN_USE' : 'FREESWITCH_LISTEN_FAILED', details, error),
        );
      });
      server.listen({ host: address.host, port: address.port, exclusive: true }, () => resolve());
    });
    server.removeAllListeners('error');
    server.on('error', (error) => {
      host.logger.error(
        { code: errorCode(error), address: formatHostPort(address) },
        'event socket listener failed',
      );
    });
    return listener;
  }

  get address(): HostPort {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') return { host: '', port: 0 };
    return { host: address.address, port: address.port };
  }

  get clients(): number {
    return this.#sessions.size;
  }

  /** Stops listening and cuts the clients off. */
  async close(): Promise<void> {
    for (const session of [...this.#sessions]) session.close();
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
