import type { Socket } from 'node:net';
import Srf from 'drachtio-srf';
import type { Clock } from '../core/clock.js';
import { within } from '../core/deadline.js';
import { formatHostPort, type HostPort } from '../core/address.js';
import type { Logger } from '../core/logger.js';
import { TypedEmitter } from '../core/typed-emitter.js';
import { sipError } from './errors.js';

/** By it a request handler of the drachtio server sends calls to us: `{action: 'route', data: {tag: 'xiangyin'}}`. */
const applicationTag = 'xiangyin';

export interface DrachtioConnectionOptions {
  readonly address: HostPort;
  readonly secret: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long the first connection may take, ms. Default 5000. */
  readonly connectLimitMs?: number;
}

export type DrachtioConnectionEvents = {
  /** Connected and authenticated: at first and after each reconnection. */
  connected: [];
  /** The connection is gone; the library goes on trying. Calls in progress go on at the daemon. */
  lost: [];
};

/** What must be reached inside drachtio-srf 5.0.29 to end its attempts to connect. */
interface DrachtioClient {
  readonly wp?: {
    closing?: boolean;
    /** Of the latest attempt to connect again. */
    readonly socket?: Socket;
    readonly reconnectVars?: { readonly retryTimer?: NodeJS.Timeout | null };
  };
  readonly mapServer: ReadonlyMap<Socket, unknown>;
}

/** One authenticated connection to a drachtio server. Owns the Srf; the library reconnects by itself. */
export class DrachtioConnection extends TypedEmitter<DrachtioConnectionEvents> {
  readonly srf: Srf = new Srf();
  #connected = false;
  #closed = false;
  #sipAddresses: readonly string[] = [];

  constructor(private readonly options: DrachtioConnectionOptions) {
    super();
  }

  /** What the server listens on, e.g. `udp/127.0.0.1:5060`. */
  get sipAddresses(): readonly string[] {
    return this.#sipAddresses;
  }

  get connected(): boolean {
    return this.#connected;
  }

  get address(): string {
    return formatHostPort(this.options.address);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const wasConnected = this.#connected;
    this.#connected = false;
    if (wasConnected) this.srf.disconnect();
    else this.#giveUp();
  }

  /** The library's disconnect() throws while it is not connected, and its next attempt to connect comes all the same. */
  #giveUp(): void {
    const client = this.#client();
    if (client?.wp === undefined) return;
    client.wp.closing = true;
    clearTimeout(client.wp.reconnectVars?.retryTimer ?? undefined);
    client.wp.socket?.destroy();
    for (const socket of client.mapServer.keys()) socket.destroy();
  }

  #client(): DrachtioClient | undefined {
    return (this.srf as unknown as { readonly app: { readonly client?: DrachtioClient } }).app.client;
  }

  /**
   * Connects and authenticates; called once, when the handlers of requests are set at {@link srf}.
   * Rejects SIP_DAEMON_UNREACHABLE, SIP_DAEMON_REFUSED, and closes then.
   */
  async connect(): Promise<void> {
    try {
      await this.#connect();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #connect(): Promise<void> {
    const { address, secret, clock, logger, connectLimitMs = 5000 } = this.options;
    let lastFailure = 'no answer';
    const first = new Promise<void>((resolve, reject) => {
      this.srf.on('connect', (error: Error | null, hostPorts: string) => {
        if (this.#closed) return;
        if (error) {
          reject(sipError('SIP_DAEMON_REFUSED', { address: this.address }, error));
          return;
        }
        this.#sipAddresses = hostPorts.split(',');
        // The library does so for its first connection only.
        this.#client()?.wp?.socket?.setNoDelay(true);
        this.#connected = true;
        resolve();
        this.emit('connected');
      });
      this.srf.on('error', (error: Error & { code?: string }) => {
        lastFailure = error.code ?? error.message;
        if (!this.#closed)
          logger.warn({ address: this.address, code: lastFailure }, 'drachtio connection failed');
      });
      (this.srf as unknown as NodeJS.EventEmitter).on('close', () => {
        if (this.#closed || !this.#connected) return;
        this.#connected = false;
        this.emit('lost');
      });
      // Without a callback the library returns a promise that a refused secret rejects as well; the event above is used.
      const returned = this.srf.connect({
        host: address.host,
        port: address.port,
        secret,
        tags: [applicationTag],
        // The pauses between attempts grow without an end otherwise.
        reconnect: { retryMaxDelay: 2000 },
      } as Srf.SrfConfig) as unknown;
      if (returned instanceof Promise) returned.catch(() => undefined);
    });
    return within(clock, connectLimitMs, first, () =>
      sipError('SIP_DAEMON_UNREACHABLE', { address: this.address, reason: lastFailure }),
    );
  }
}
