import { createServer } from 'node:net';
import type Mrf from 'drachtio-fsmrf';
import MrfClass from 'drachtio-fsmrf';
import type Srf from 'drachtio-srf';
import { formatHostPort, type HostPort } from '../core/address.js';
import type { Clock, Timer } from '../core/clock.js';
import { within } from '../core/deadline.js';
import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { ForkPlan } from './audio-fork.js';
import { coalesceWrites } from './coalesce-writes.js';
import { mediaError } from './errors.js';
import { MediaEndpoint } from './media-endpoint.js';
import { probe } from './probe.js';

export interface MediaServerOptions {
  /** Event Socket of the FreeSWITCH. */
  readonly address: HostPort;
  readonly secret: string;
  /** Sofia profile that takes our INVITEs. */
  readonly profile: string;
  /** Where we listen for its outbound sockets; port 0 takes a free one. */
  readonly eventSocketListen: HostPort;
  /** Under which address it reaches that listener; default: the listener's own. */
  readonly eventSocketAdvertise: HostPort | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** An offer that leaves the media server speechless: statuses with which FreeSWITCH refuses it. */
const notAcceptable = new Set([406, 415, 488, 606]);

/** How long the media server may take for an endpoint, ms: the library's own limit for the socket is 4 s. */
const endpointLimitMs = 6000;

/** Longest pause of the library between two attempts to connect again, ms; it doubles them without an end. */
const reconnectMaxMs = 2000;

/** How long to wait before a FreeSWITCH that is there again, and not ready yet, is asked again, ms. */
const recheckMs = 1000;

/** One FreeSWITCH as seen through one drachtio connection. Owned by the pool. */
export class MediaServer {
  #endpoints = 0;
  #closed = false;
  #usable = true;
  #recheck: Timer | undefined;

  private constructor(
    private readonly server: Mrf.MediaServer,
    private readonly options: MediaServerOptions,
    readonly forkPlan: ForkPlan,
  ) {
    const { conn } = server;
    conn.reconnectOpts.retryMaxDelay = reconnectMaxMs;
    // A connection that was made again tells of its end in fewer ways than the first one.
    conn.on('esl::end', () => this.#lost());
    conn.on('error', () => this.#lost());
    conn.on('esl::ready', () => this.#back());
    this.#coalesce();
    // Before the library, which writes as soon as it has the connection.
    server._server.server.prependListener('connection', coalesceWrites);
  }

  /**
   * Rejects MEDIA_DAEMON_UNREACHABLE, MEDIA_DAEMON_REFUSED, MEDIA_NO_PROFILE, MEDIA_NO_AUDIO_FORK, MEDIA_LISTEN_IN_USE.
   */
  static async connect(srf: Srf, options: MediaServerOptions): Promise<MediaServer> {
    const { address, clock, eventSocketListen, eventSocketAdvertise } = options;
    const shown = formatHostPort(address);
    const forkPlan = await probe(options);
    await mustBeFree(eventSocketListen);
    try {
      const server = await within(
        clock,
        5000,
        new MrfClass(srf).connect({
          address: address.host,
          port: address.port,
          secret: options.secret,
          profile: options.profile,
          listenAddress: eventSocketListen.host,
          listenPort: eventSocketListen.port,
          ...(eventSocketAdvertise && {
            advertisedAddress: eventSocketAdvertise.host,
            advertisedPort: eventSocketAdvertise.port,
          }),
        }),
        () => mediaError('MEDIA_DAEMON_UNREACHABLE', { address: shown, reason: 'no answer' }),
      );
      return new MediaServer(server, options, forkPlan);
    } catch (error) {
      throw mediaError('MEDIA_DAEMON_UNREACHABLE', { address: shown, reason: errorCode(error) }, error);
    }
  }

  get address(): string {
    return formatHostPort(this.options.address);
  }

  get connected(): boolean {
    return !this.#closed && this.#usable;
  }

  /** Endpoints that we hold there. */
  get endpoints(): number {
    return this.#endpoints;
  }

  /**
   * Makes an endpoint for the caller's offer, or one that makes the offer itself.
   * Rejects MEDIA_NOT_ACCEPTABLE (488) or MEDIA_ENDPOINT_FAILED (503).
   */
  async createEndpoint(offer: string | undefined): Promise<MediaEndpoint> {
    const { clock, logger } = this.options;
    if (offer !== undefined && offersKeys(offer)) return this.#createWithKeys(offer);
    this.#endpoints += 1;
    try {
      const creating = this.server.createEndpoint(offer === undefined ? {} : { remoteSdp: offer });
      const endpoint = await within(clock, endpointLimitMs, creating, () => {
        // Too late is not never: an endpoint that comes after all is ended at once.
        creating.then((late) => late.destroy()).catch(() => undefined);
        return mediaError('MEDIA_ENDPOINT_FAILED', { reason: 'no answer in time' });
      });
      const released = (): void => void (this.#endpoints -= 1);
      const beside = (): Promise<MediaEndpoint> => this.createEndpoint(undefined);
      return new MediaEndpoint(endpoint, this.forkPlan, clock, logger, released, beside);
    } catch (error) {
      this.#endpoints -= 1;
      const status = (error as { status?: unknown }).status;
      if (typeof status === 'number' && notAcceptable.has(status))
        throw mediaError('MEDIA_NOT_ACCEPTABLE', {}, error);
      if (error instanceof Error && error.name === 'XiangyinError') throw error;
      throw mediaError('MEDIA_ENDPOINT_FAILED', { reason: String(status ?? errorCode(error)) }, error);
    }
  }

  /** The library refuses offers that need a handshake before its endpoint is there: so the endpoint first, then the offer. */
  async #createWithKeys(offer: string): Promise<MediaEndpoint> {
    const endpoint = await this.createEndpoint(undefined);
    try {
      await endpoint.answer(offer);
      return endpoint;
    } catch (error) {
      await endpoint.close();
      throw error;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#recheck?.cancel();
    this.server.disconnect();
  }

  #lost(): void {
    if (this.#closed) return;
    this.#recheck?.cancel();
    if (!this.#usable) return;
    this.#usable = false;
    this.options.logger.error({ address: this.address }, 'connection to FreeSWITCH lost; trying again');
  }

  /** The library has connected again; a daemon that is just starting has no profile yet. */
  #back(): void {
    if (this.#closed || this.#usable) return;
    this.#coalesce();
    probe(this.options).then(
      () => {
        if (this.#closed) return;
        this.#usable = true;
        this.options.logger.info({ address: this.address }, 'connected to FreeSWITCH again');
      },
      (error: unknown) => {
        this.options.logger.warn(
          { address: this.address, code: errorCode(error) },
          'FreeSWITCH is there again and cannot be used yet',
        );
        if (!this.#closed) this.#recheck = this.options.clock.after(recheckMs, () => this.#back());
      },
    );
  }

  /** The inbound connection, whose socket is another after each reconnection. */
  #coalesce(): void {
    const { socket } = this.server.conn;
    if (socket !== null) coalesceWrites(socket);
  }
}

/** SRTP with keys in the SDP (RFC 4568) or by a handshake (RFC 5764), as browsers have it. */
function offersKeys(offer: string): boolean {
  return /^m=audio \d+ \S*SAVP/m.test(offer);
}

/** The library listens without an ear for failure: a port that is taken would end the process. */
async function mustBeFree(address: HostPort): Promise<void> {
  if (address.port === 0) return;
  const trial = createServer();
  await new Promise<void>((resolve, reject) => {
    trial.once('error', (error) =>
      reject(mediaError('MEDIA_LISTEN_IN_USE', { address: formatHostPort(address) }, error)),
    );
    trial.listen(address.port, address.host, () => trial.close(() => resolve()));
  });
}
