import type { EventEmitter } from 'node:events';
import Srf from 'drachtio-srf';
import type { Test } from 'tap';
import { systemClock } from '../../../src/core/clock.js';
import { silentLogger } from '../../../src/core/logger.js';
import {
  DrachtioServer,
  type DrachtioServerOptions,
} from '../../../src/embedded/drachtio/drachtio-server.js';

export const sdp = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n';

/** drachtio-srf as it is used, not as its type declarations say (they are old and wrong in places). */
export interface Message {
  readonly method: string;
  readonly status: number;
  readonly body: string;
  readonly uri: string;
  readonly source_address: string;
  readonly meta: Record<string, unknown>;
  get(name: string): string;
  has(name: string): boolean;
}
export interface Request extends Message, EventEmitter {
  readonly receivedOn?: string;
  readonly protocol: string;
  readonly server: { readonly hostport: string };
  cancel(options?: object): void;
}
export interface Response {
  readonly status: number;
  readonly finished: boolean;
  send(status: number, options?: object, callback?: (error: unknown, sent: Message) => void): void;
  send(status: number, reason: string, options?: object): void;
}
export interface AppDialog extends EventEmitter {
  readonly id: string;
  readonly sip: { readonly callId: string; readonly localTag: string; readonly remoteTag: string };
  readonly local: { sdp: string };
  readonly remote: { sdp: string };
  destroy(options?: object): Promise<Message>;
  modify(sdp: string, options?: object): Promise<string>;
  request(options: object): Promise<Message>;
}
type Handler = (req: Request, res: Response) => void;
interface Progress {
  cbRequest?: (error: unknown, req: Request) => void;
  cbProvisional?: (res: Message) => void;
}
export interface App extends EventEmitter {
  connect(options: object): void;
  disconnect(): void;
  invite(handler: Handler): void;
  options(handler: Handler): void;
  message(handler: Handler): void;
  register(handler: Handler): void;
  createUAS(req: Request, res: Response, options: object): Promise<AppDialog>;
  createUAC(uri: string, options: object, progress?: Progress): Promise<AppDialog>;
  createB2BUA(
    req: Request,
    res: Response,
    uri: string,
    options: object,
  ): Promise<{ uas: AppDialog; uac: AppDialog }>;
  request(uri: string, options: object): Promise<Request>;
  findDialogByCallIDAndFromTag(callId: string, tag: string): AppDialog | undefined;
}

export const secret = 'cymru';

const endless = { burst: 1e9, perSecond: 1e9 };
/** For who attacks on purpose: every message goes as far as it can. */
export const endlessBudget = {
  perAddress: endless,
  all: endless,
  refusalsPerAddress: endless,
  allRefusals: endless,
};

export async function startServer(
  t: Test,
  more: Partial<DrachtioServerOptions> = {},
): Promise<DrachtioServer> {
  const server = await DrachtioServer.listen({
    admin: { host: '127.0.0.1', port: 0 },
    secret,
    sip: ['udp:127.0.0.1:0', 'tcp:127.0.0.1:0'],
    clock: systemClock,
    logger: silentLogger,
    timers: { t1Ms: 20, t2Ms: 80, t4Ms: 40 },
    ...more,
  });
  t.teardown(() => server.close());
  return server;
}

/** A connected application; `routes` are set before, as the library wants it. */
export function connectApp(
  t: Test,
  server: DrachtioServer,
  routes: (app: App) => void = () => undefined,
  options: object = {},
): Promise<App> {
  const app = new (Srf as unknown as new () => App)();
  routes(app);
  app.on('error', () => undefined);
  t.teardown(() => {
    try {
      app.disconnect();
    } catch {
      // the test has disconnected it, or it was refused
    }
  });
  return new Promise((resolve, reject) => {
    app.on('connect', (error: unknown) => {
      if (error instanceof Error) reject(error);
      // Routes are sent in the same turn as 'connect' is told: let the server see them first.
      else setTimeout(() => resolve(app), 10);
    });
    app.connect({ ...server.adminAddress, secret, ...options });
  });
}

export function serverUri(server: DrachtioServer, protocol: 'udp' | 'tcp' = 'udp'): string {
  const address = server.sipAddresses.find((candidate) => candidate.protocol === protocol);
  const transport = protocol === 'tcp' ? ';transport=tcp' : '';
  return `sip:service@127.0.0.1:${address?.port}${transport}`;
}

export function once<T>(emitter: EventEmitter, event: string): Promise<T> {
  return new Promise((resolve) => emitter.once(event, (value: T) => resolve(value)));
}

/** Waits until it is so, at most 10 s: what tells nobody when it has happened. */
export async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !isSo(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Waits until nothing but sockets and applications is left, at most 10 s. */
export async function serverEmpty(server: DrachtioServer): Promise<boolean> {
  for (let i = 0; i < 1000; i++) {
    const c = server.counts();
    if (c.transactions + c.lingering + c.dialogs + c.timers === 0) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
}
