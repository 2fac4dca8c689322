import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Srf from 'drachtio-srf';
import type { Test } from 'tap';
import { systemClock, type Clock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import { parseDaemonUrl } from '../../src/config/daemon-url.js';
import type { DrachtioServer, DrachtioServerOptions } from '../../src/embedded/drachtio/drachtio-server.js';
import type { SipMessage } from '../../src/embedded/sip/message.js';
import type { UserAgent } from '../../src/embedded/sip/user-agent.js';
import type { DialFailed, DialResult } from '../../src/sip/dial-outcome.js';
import { Dialer, type UserBindings } from '../../src/sip/dialer.js';
import { sendRequest } from '../../src/sip/sip-request.js';
import { Trunks } from '../../src/sip/trunks.js';
import { connectApp, serverEmpty, startServer } from '../embedded/drachtio/harness.js';
import { agent, empty } from '../embedded/sip/phones.js';

export interface TestbedOptions {
  /** trunks.yaml; `PORT0`, `PORT1`, ... are the UDP ports of the carriers. */
  readonly trunks?: string;
  readonly carriers?: number;
  readonly bindings?: UserBindings['bindings'];
  readonly random?: () => number;
  /** Of the trunks; requests and calls run on the real one. */
  readonly clock?: Clock;
  readonly server?: Partial<DrachtioServerOptions>;
}

/** A drachtio server, a dialer with trunks at it, and carriers. */
export async function testbed(t: Test, options: TestbedOptions = {}) {
  const {
    trunks: text = '',
    carriers: count = 1,
    bindings = () => [],
    random,
    clock = systemClock,
  } = options;
  const server = await drachtioFor(t, options.server);
  const carriers: UserAgent[] = [];
  for (let i = 0; i < count; i++) carriers.push(await agent(t, `carrier${i}`));
  const srf = (await connectApp(t, server, undefined, real && { secret: real.secret })) as unknown as Srf;
  const dir = await mkdtemp(join(tmpdir(), 'trunks-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const file = join(dir, 'trunks.yaml');
  const write = (yaml: string): Promise<void> =>
    writeFile(
      file,
      yaml.replace(/PORT(\d)/g, (_, nth) => String(portOf(carriers[Number(nth)] as UserAgent))),
    );
  await write(text);
  const trunks = new Trunks({ file, clock, logger: silentLogger, ...(random && { random }) });
  t.teardown(() => trunks.close());
  await trunks.loadOrFail();
  const dialer = new Dialer({
    srf,
    clock: systemClock,
    logger: silentLogger,
    locations: { bindings },
    trunks,
    isOwnHost: (host) => host === 'home.example',
  });
  return {
    server,
    carriers,
    dialer,
    trunks,
    srf,
    write,
    connect: () => trunks.connect((request) => sendRequest(srf, systemClock, request)),
    /** Whether nothing is left anywhere. */
    gone: async (): Promise<boolean> =>
      (await serverEmpty(server)) && (await empty(...carriers)) && dialer.dialling === 0,
  };
}

/** A real drachtio-server on 127.0.0.1 to run the calls on instead of the embedded one: drachtio://:SECRET@HOST:PORT. */
const realUrl = process.env['XIANGYIN_TEST_DRACHTIO_URL'];
export const real = realUrl === undefined ? undefined : parseDaemonUrl(realUrl);

async function drachtioFor(t: Test, options: TestbedOptions['server']): Promise<DrachtioServer> {
  if (real === undefined) return startServer(t, options);
  const counts = { transactions: 0, lingering: 0, dialogs: 0, timers: 0 };
  const server = {
    adminAddress: { host: real.host, port: real.port },
    sipAddresses: [],
    counts: () => counts,
  };
  return server as unknown as DrachtioServer;
}

export function portOf(ua: UserAgent, protocol: 'udp' | 'tcp' = 'udp'): number {
  return ua.addresses.find((address) => address.protocol === protocol)?.port ?? 0;
}

export function failed(result: DialResult): DialFailed {
  if (result.outcome === 'answered') throw new Error('it was answered');
  return result;
}

export function answered(result: DialResult) {
  if (result.outcome !== 'answered') throw new Error(`${result.outcome}: ${result.detail}`);
  return result;
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

export const challengeFor = (realm: string, nonce: string, more = ''): string =>
  `Digest realm="${realm}", nonce="${nonce}", algorithm=MD5${more}`;

/** Whether a request carries the right digest for a nonce, as RFC 2617 §3.2.2 computes it. */
export function isAuthorised(request: SipMessage, user: string, password: string, nonce: string): boolean {
  const header = request.get('authorization') ?? request.get('proxy-authorization');
  if (header === undefined) return false;
  const field = (name: string): string => new RegExp(`\\b${name}="?([^",]*)"?`).exec(header)?.[1] ?? '';
  const ha1 = md5(`${user}:${field('realm')}:${password}`);
  const ha2 = md5(`${request.method}:${field('uri')}`);
  const middle = field('qop') === '' ? nonce : [nonce, field('nc'), field('cnonce'), field('qop')].join(':');
  return field('nonce') === nonce && field('response') === md5(`${ha1}:${middle}:${ha2}`);
}
