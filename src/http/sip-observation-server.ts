import { fastify } from 'fastify';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { HostPort } from '../core/address.js';
import type { Logger } from '../core/logger.js';
import { isLoopback } from './control-routes.js';
import { httpError } from './errors.js';
import { addressOf, listenApp, setAnswers } from './http-server.js';
import type { SipTraceAnswer } from './sip-trace.js';

export interface SipObservationOptions {
  /** Port 0 takes a free one. */
  readonly listen: HostPort;
  readonly logger: Logger;
  /** What is held now; the answer of /healthz. */
  readonly counts: () => Readonly<Record<string, number>>;
  /** Prometheus' text format. */
  readonly metrics: () => string;
  readonly trace: (key: string) => SipTraceAnswer;
}

/**
 * The HTTP side of a SIP server that runs alone: `/metrics`, `/healthz`, `/trace/<Call-ID>`. A trace shows telephone
 * numbers: it is given to this machine only, wherever the listener is. Rejects HTTP_ADDRESS_IN_USE, HTTP_LISTEN_FAILED.
 */
export async function listenSipObservation(
  options: SipObservationOptions,
): Promise<{ readonly address: HostPort; readonly close: () => Promise<void> }> {
  const { counts, metrics, trace, listen, logger } = options;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const app = fastify({ logger: false, forceCloseConnections: true });
  setAnswers(app, logger);
  app.get('/healthz', async () => ({ status: 'ok', counts: counts() }));
  app.get('/metrics', async (_request, reply) =>
    reply.type(registry.contentType).send(metrics() + (await registry.metrics())),
  );
  app.get<{ Params: { key: string } }>('/trace/:key', async (request) => {
    if (!isLoopback(request.socket.remoteAddress)) throw httpError('HTTP_CONTROL_LOCAL_ONLY');
    return trace(request.params.key);
  });
  await listenApp(app, listen);
  return { address: addressOf(app, listen), close: () => app.close() };
}
