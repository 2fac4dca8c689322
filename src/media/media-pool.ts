import type Srf from 'drachtio-srf';
import { formatHostPort } from '../core/address.js';
import { errorCode } from '../core/errors.js';
import type { Clock, Timer } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import { mediaError } from './errors.js';
import type { MediaEndpoint } from './media-endpoint.js';
import { MediaServer, type MediaServerOptions } from './media-server.js';

/** How long to wait before trying a media server again that could not be reached, ms. */
const retryMs = 2000;

/**
 * The media servers as reached through one drachtio connection: the media leg of a call goes through the caller's
 * drachtio. Picks the one with the fewest of our endpoints; goes on trying those that are away.
 */
export class MediaPool {
  readonly #servers: MediaServer[] = [];
  /** Those that were never reached so far, and the timer of the next attempt. */
  readonly #away = new Map<MediaServerOptions, Timer>();
  #closed = false;

  private constructor(
    private readonly srf: Srf,
    private readonly clock: Clock,
  ) {}

  /** Connects to all; resolves when the first is there, rejects with the first failure if all fail. */
  static async open(
    srf: Srf,
    servers: readonly MediaServerOptions[],
    clock: Clock,
    logger: Logger,
  ): Promise<MediaPool> {
    const pool = new MediaPool(srf, clock);
    const attempts = servers.map((options) =>
      MediaServer.connect(srf, options).then((server) => pool.#add(server)),
    );
    const results = await Promise.allSettled(attempts);
    const failures = results.flatMap((result, index) => {
      const options = servers[index];
      return result.status === 'rejected' && options ? [{ reason: result.reason as unknown, options }] : [];
    });
    if (failures.length === servers.length) throw failures[0]?.reason ?? mediaError('MEDIA_NO_SERVER');
    for (const { options, reason } of failures) {
      logger.warn({ code: errorCode(reason) }, 'a media server is away; trying again in the background');
      pool.#retryLater(options);
    }
    return pool;
  }

  /** How many are connected, of how many. */
  get connected(): number {
    return this.#servers.filter((server) => server.connected).length;
  }

  get health(): readonly { readonly address: string; readonly connected: boolean }[] {
    return [
      ...this.#servers.map(({ address, connected }) => ({ address, connected })),
      ...[...this.#away.keys()].map(({ address }) => ({
        address: formatHostPort(address),
        connected: false,
      })),
    ];
  }

  get endpoints(): number {
    return this.#servers.reduce((sum, server) => sum + server.endpoints, 0);
  }

  /** An endpoint on the least loaded server. Rejects MEDIA_NO_SERVER and what {@link MediaServer.createEndpoint} does. */
  async createEndpoint(offer: string | undefined): Promise<MediaEndpoint> {
    let best: MediaServer | undefined;
    for (const server of this.#servers) {
      if (server.connected && (best === undefined || server.endpoints < best.endpoints)) best = server;
    }
    if (best === undefined) throw mediaError('MEDIA_NO_SERVER');
    return best.createEndpoint(offer);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of this.#away.values()) timer.cancel();
    this.#away.clear();
    for (const server of this.#servers) server.close();
  }

  #add(server: MediaServer): void {
    if (this.#closed) server.close();
    else this.#servers.push(server);
  }

  #retryLater(options: MediaServerOptions): void {
    if (this.#closed) return;
    const timer = this.clock.after(retryMs, () => {
      MediaServer.connect(this.srf, options).then(
        (server) => {
          this.#away.delete(options);
          this.#add(server);
        },
        () => this.#retryLater(options),
      );
    });
    this.#away.set(options, timer);
  }
}
