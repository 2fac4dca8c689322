import type Mrf from 'drachtio-fsmrf';
import MrfClass from 'drachtio-fsmrf';
import type Srf from 'drachtio-srf';
import { formatHostPort, type HostPort } from '../core/address.js';
import type { Clock } from '../core/clock.js';
import { within } from '../core/deadline.js';
import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { ForkPlan } from './audio-fork.js';
import { mediaError } from './errors.js';
import { MediaEndpoint } from './media-endpoint.js';

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

/** One FreeSWITCH as seen through one drachtio connection. Owned by the pool. */
export class MediaServer {
  #endpoints = 0;
  #closed = false;

  private constructor(
    private readonly server: Mrf.MediaServer,
    private readonly options: MediaServerOptions,
    readonly forkPlan: ForkPlan,
  ) {}

  static async connect(srf: Srf, options: MediaServerOptions): Promise<MediaServer> {
    const { address, clock, eventSocketListen, eventSocketAdvertise } = options;
    const shown = formatHostPort(address);
    let server: Mrf.MediaServer;
    try {
      server = await within(
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
        () =>
          mediaError('MEDIA_DAEMON_UNREACHABLE', {
            address: shown,
            reason: 'no answer; is the secret right?',
          }),
      );
    } catch (error) {
      throw mediaError('MEDIA_DAEMON_UNREACHABLE', { address: shown, reason: errorCode(error) }, error);
    }
    server.conn.socket?.setNoDelay(true);
    server._server.on('connection::open', (connection: Mrf.EslConnection) =>
      connection.socket?.setNoDelay(true),
    );
    const forkPlan = await discoverForkPlan(server, shown).catch((error: unknown) => {
      server.disconnect();
      throw error;
    });
    return new MediaServer(server, options, forkPlan);
  }

  get address(): string {
    return formatHostPort(this.options.address);
  }

  get connected(): boolean {
    return !this.#closed && this.server.connected();
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
    this.#endpoints += 1;
    try {
      // The library throws at once, instead of rejecting, on an offer that needs DTLS first.
      const creating = this.server.createEndpoint(offer === undefined ? {} : { remoteSdp: offer });
      const endpoint = await within(clock, endpointLimitMs, creating, () => {
        // Too late is not never: an endpoint that comes after all is ended at once.
        creating.then((late) => late.destroy()).catch(() => undefined);
        return mediaError('MEDIA_ENDPOINT_FAILED', { reason: 'no answer in time' });
      });
      return new MediaEndpoint(endpoint, this.forkPlan, clock, logger, () => {
        this.#endpoints -= 1;
      });
    } catch (error) {
      this.#endpoints -= 1;
      const status = (error as { status?: unknown }).status;
      if (typeof status === 'number' && notAcceptable.has(status))
        throw mediaError('MEDIA_NOT_ACCEPTABLE', {}, error);
      if (errorCode(error) === 'ERR_ASSERTION') throw mediaError('MEDIA_NOT_ACCEPTABLE', {}, error);
      if (error instanceof Error && error.name === 'XiangyinError') throw error;
      throw mediaError('MEDIA_ENDPOINT_FAILED', { reason: String(status ?? errorCode(error)) }, error);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.server.disconnect();
  }
}

/** Finds out what the daemon can do; only the embedded one knows the first variable, FreeSWITCH answers it empty. */
async function discoverForkPlan(server: Mrf.MediaServer, address: string): Promise<ForkPlan> {
  const own = await server.api('global_getvar xiangyin_stereo_bidirectional');
  if (own.trim() === 'true') return 'stereo';
  const module = await server.api('module_exists mod_audio_fork');
  if (module.trim() !== 'true') throw mediaError('MEDIA_NO_AUDIO_FORK', { address });
  return 'mono-and-stereo';
}
