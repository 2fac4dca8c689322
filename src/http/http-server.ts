import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { fastify } from 'fastify';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { formatHostPort } from '../core/address.js';
import type { HostPort } from '../core/address.js';
import { errorCode, XiangyinError } from '../core/errors.js';
import { token } from '../core/ids.js';
import type { Logger } from '../core/logger.js';
import { addControlRoutes } from './control-routes.js';
import type { ControlRoutes } from './control-routes.js';
import { removeControlAccess, writeControlAccess } from './control-token.js';
import { httpError } from './errors.js';
import type { HealthReport } from './health.js';
import type { Metrics } from './metrics.js';
import type { PromptFiles } from './prompt-files.js';

export interface HttpServerOptions {
  /** Port 0 takes a free one. */
  readonly listen: HostPort;
  readonly logger: Logger;
  readonly health: () => HealthReport;
  readonly metrics: Metrics;
  readonly prompts: PromptFiles;
  readonly control: ControlRoutes;
  /** Where the control token is left for the CLI. */
  readonly dataDir: string;
  readonly version: string;
}

export interface HttpServer {
  /** Where it listens. */
  readonly address: HostPort;
  /** The same as a URL for this machine: `http://127.0.0.1:8080`. */
  readonly base: string;
  /** Ends connections at once and takes the control token away. Safe to call twice. */
  close(): Promise<void>;
}

/** Nothing that is sent to us is larger than this. */
const bodyLimitBytes = 64 * 1024;

/** Rejects with HTTP_ADDRESS_IN_USE or HTTP_LISTEN_FAILED. */
export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { dataDir, listen, logger, prompts } = options;
  const app = fastify({
    logger: false,
    bodyLimit: bodyLimitBytes,
    forceCloseConnections: true,
    // What fails before there is a route: a path that cannot be decoded.
    frameworkErrors: (error, _request, reply) => {
      void sendError(reply, httpError('HTTP_REQUEST_REFUSED', { reason: error.message }));
    },
  });
  const secret = token();
  setAnswers(app, logger);
  addPublicRoutes(app, options);
  await app.register(
    async (scope) => {
      addControlRoutes(scope, options.control, secret);
    },
    { prefix: '/control' },
  );

  await listenApp(app, listen);
  const address = addressOf(app, listen);
  const base = `http://${formatHostPort({ ...address, host: reachableHost(address.host) })}`;
  prompts.listeningOn(base);
  const access = { base, token: secret };
  try {
    await writeControlAccess(dataDir, access);
  } catch (error) {
    await app.close();
    throw error;
  }

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await app.close();
    await removeControlAccess(dataDir, access);
  };
  return { address, base, close: () => (closing ??= close()) };
}

/** Closes the application when it cannot listen. */
export async function listenApp(app: FastifyInstance, { host, port }: HostPort): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    const reason = errorCode(error);
    if (reason === 'EADDRINUSE') throw httpError('HTTP_ADDRESS_IN_USE', { host, port }, error);
    throw httpError('HTTP_LISTEN_FAILED', { host, port, reason }, error);
  }
}

function addPublicRoutes(
  app: FastifyInstance,
  { health, metrics, prompts, version }: HttpServerOptions,
): void {
  app.get('/healthz', async (_request, reply) => {
    const report = health();
    return reply.code(report.status === 'degraded' ? 503 : 200).send({ ...report, version });
  });
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
  app.get<{ Params: { token: string; name: string } }>('/prompts/:token/:name', async (request, reply) => {
    const path = prompts.pathOf(request.params.token, request.params.name);
    if (path === undefined) throw httpError('HTTP_NOT_FOUND');
    return sendFile(reply, path, request.headers['if-none-match']);
  });
}

async function sendFile(reply: FastifyReply, path: string, known: string | undefined): Promise<FastifyReply> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) throw httpError('HTTP_NOT_FOUND');
  // A prompt may be recorded anew under its name: the media server's cache asks whether its copy still holds.
  const tag = `"${found.size.toString(36)}-${Math.round(found.mtimeMs).toString(36)}"`;
  reply.header('etag', tag).header('cache-control', 'private, no-cache');
  if (known === tag) return reply.code(304).send();
  return reply
    .type(extname(path).toLowerCase() === '.wav' ? 'audio/wav' : 'application/octet-stream')
    .header('content-length', found.size)
    .send(createReadStream(path, { end: Math.max(0, found.size - 1) }));
}

/** Headers of every answer, and errors as `{ error: { code, message } }`. */
export function setAnswers(app: FastifyInstance, logger: Logger): void {
  app.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff');
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
  app.setNotFoundHandler(async (_request, reply) => sendError(reply, httpError('HTTP_NOT_FOUND')));
  app.setErrorHandler(async (error, request, reply) => {
    if (error instanceof XiangyinError) return sendError(reply, error);
    const status = (error as { statusCode?: unknown }).statusCode;
    if (typeof status === 'number' && status < 500) {
      const reason = error instanceof Error ? error.message : 'bad request';
      return sendError(reply, httpError('HTTP_REQUEST_REFUSED', { reason }), status);
    }
    logger.error({ err: errorCode(error), route: request.routeOptions.url }, 'a request failed');
    return sendError(reply, httpError('HTTP_INTERNAL'));
  });
}

function sendError(reply: FastifyReply, error: XiangyinError, status = error.httpStatus): FastifyReply {
  return reply.code(status).send({ error: { code: error.code, message: error.message } });
}

export function addressOf(app: FastifyInstance, listen: HostPort): HostPort {
  const bound = app.server.address();
  return bound === null || typeof bound === 'string' ? listen : { host: bound.address, port: bound.port };
}

/** An address that is every address is reached on this machine by its loopback. */
function reachableHost(host: string): string {
  return host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
}
