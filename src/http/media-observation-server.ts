import { fastify } from 'fastify';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { HostPort } from '../core/address.js';
import type { Logger } from '../core/logger.js';
import type { MediaRecord } from '../store/call-record.js';
import { addressOf, listenApp, setAnswers } from './http-server.js';
import { RtpMetrics } from './rtp-metrics.js';

export interface MediaObservationOptions {
  /** Port 0 takes a free one. */
  readonly listen: HostPort;
  readonly logger: Logger;
  /** What is held now, of all media workers together; the answer of /healthz. */
  readonly counts: () => Promise<Readonly<Record<string, number>>>;
}

/** The HTTP side of a media server that runs alone: `/metrics`, `/healthz`. */
export interface MediaObservation {
  readonly address: HostPort;
  /** A call is over. */
  callEnded(media: MediaRecord): void;
  close(): Promise<void>;
}

/** Rejects HTTP_ADDRESS_IN_USE, HTTP_LISTEN_FAILED. */
export async function listenMediaObservation(options: MediaObservationOptions): Promise<MediaObservation> {
  const { counts, listen, logger } = options;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const rtp = new RtpMetrics(registry);
  new Gauge({
    name: 'xiangyin_media_held',
    help: 'What calls hold now, by kind: channels, rtpPorts, forks, conferenceMembers and more.',
    labelNames: ['kind'],
    registers: [registry],
    async collect() {
      for (const [kind, count] of Object.entries(await counts())) this.set({ kind }, count);
    },
  });
  const app = fastify({ logger: false, forceCloseConnections: true });
  setAnswers(app, logger);
  app.get('/healthz', async () => ({ status: 'ok', counts: await counts() }));
  app.get('/metrics', async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
  await listenApp(app, listen);
  return {
    address: addressOf(app, listen),
    callEnded: (media) => rtp.callEnded(media),
    close: () => app.close(),
  };
}
