import type { MessagePort } from 'node:worker_threads';
import { Channel } from '../core/channel.js';
import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { TypedEmitter } from '../core/typed-emitter.js';
import type { TraceAnswer } from './sip/call-trace.js';
import type { CallQuality } from './freeswitch/media-statistics.js';
import type { ExchangeNews, ExchangeRequest } from './worker-peers.js';

export type LogKind = 'debug' | 'info' | 'warn' | 'error';

/** What may be asked of a server; the answer has the type of {@link HostedServer}'s method of that name. */
export type Question =
  | { readonly about: 'counts' }
  | { readonly about: 'metrics' }
  | { readonly about: 'trace'; readonly key: string };

/** Main thread to worker. */
export type ToWorker =
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question }
  | { readonly kind: 'close' }
  | { readonly kind: 'exchange'; readonly news: ExchangeNews }
  | { readonly kind: 'spoken'; readonly id: number; readonly samples: Int16Array | undefined };

/** Worker to main thread. */
export type FromWorker<Addresses> =
  | { readonly kind: 'listening'; readonly addresses: Addresses }
  | { readonly kind: 'failed'; readonly code: string; readonly reason: string }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'closed' }
  | { readonly kind: 'exchange'; readonly request: ExchangeRequest }
  | { readonly kind: 'measured'; readonly quality: CallQuality }
  | { readonly kind: 'log'; readonly level: LogKind; readonly fields: object; readonly message: string }
  | {
      readonly kind: 'speak';
      readonly id: number;
      readonly text: string;
      readonly voice: string | undefined;
    };

/** What a server in a worker must be able to do. */
export interface HostedServer<Addresses> {
  readonly addresses: Addresses;
  counts(): Readonly<Record<string, number>>;
  /** Prometheus' text format. */
  metrics?(): string;
  /** The messages of one call, by Call-ID or a beginning of it. */
  trace?(key: string): TraceAnswer;
  close(): Promise<void>;
}

/** A logger whose entries are written by the main thread, so that the lines of all threads go one way. */
export function portLogger(port: MessagePort, bindings: object = {}): Logger {
  const post = (level: LogKind, fields: object, message: string): void => {
    const entry = { kind: 'log' as const, level, fields: { ...bindings, ...fields }, message };
    try {
      port.postMessage(entry);
    } catch {
      // Something in the fields cannot be copied between threads: the message is worth more than they.
      port.postMessage({ ...entry, fields: { ...bindings } });
    }
  };
  return {
    // Debug entries come per packet or command: not worth a message between threads.
    debug: () => undefined,
    info: (fields, message) => post('info', fields, message),
    warn: (fields, message) => post('warn', fields, message),
    error: (fields, message) => post('error', fields, message),
    child: (fields) => portLogger(port, { ...bindings, ...fields }),
  };
}

/**
 * The worker's side: starts the server, reports its addresses or why it could not start, answers questions, closes. What
 * is thrown where nobody catches it is logged and disturbs nothing else: one call's fault must not end the others.
 */
export function hostServer<Addresses>(
  port: MessagePort,
  logger: Logger,
  listen: () => Promise<HostedServer<Addresses>>,
  other: (message: ToWorker) => void = () => undefined,
): void {
  const post = (message: FromWorker<Addresses>): void => port.postMessage(message);
  TypedEmitter.listenerError = (event, error) =>
    logger.error({ event, code: errorCode(error), error }, 'a listener failed');
  Channel.subscriberError = (channel, error) =>
    logger.error({ stream: channel, code: errorCode(error), error }, 'a subscriber failed');
  process.on('uncaughtException', (error) =>
    logger.error({ code: errorCode(error), error }, 'an error that nobody caught'),
  );
  process.on('unhandledRejection', (error) =>
    logger.error({ code: errorCode(error), error }, 'a rejection that nobody caught'),
  );
  const started = listen();
  started.then(
    (server) => post({ kind: 'listening', addresses: server.addresses }),
    (error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      post({ kind: 'failed', code: errorCode(error), reason });
      port.close();
    },
  );
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'ask') {
      void started.then((server) =>
        post({ kind: 'answer', id: message.id, value: answer(server, message.question) }),
      );
    } else if (message.kind === 'close') {
      void started
        .then((server) => server.close())
        .catch((error: unknown) => logger.error({ code: errorCode(error) }, 'closing failed'))
        .finally(() => {
          post({ kind: 'closed' });
          port.close();
        });
    } else {
      other(message);
    }
  });
}

function answer(server: HostedServer<unknown>, question: Question): unknown {
  switch (question.about) {
    case 'counts':
      return server.counts();
    case 'metrics':
      return server.metrics?.() ?? '';
    case 'trace':
      return server.trace?.(question.key) ?? { found: 'none' };
  }
}
