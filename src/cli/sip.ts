import { InvalidArgumentError, type Command } from 'commander';
import { formatHostPort, type HostPort } from '../core/address.js';
import { systemClock } from '../core/clock.js';
import { token } from '../core/ids.js';
import { createLogger, type Logger, type LogLevel } from '../core/logger.js';
import { DrachtioServer } from '../embedded/drachtio/drachtio-server.js';
import { SipObservation } from '../embedded/sip/sip-observation.js';
import { listenSipObservation } from '../http/sip-observation-server.js';
import { address, openWithKnownSecret, sipList } from './daemon-options.js';
import { keepServing } from './keep-serving.js';
import { addSipTraceCommand } from './sip-trace.js';

interface SipOptions {
  readonly drachtio: HostPort;
  readonly secret?: string;
  readonly sip: readonly string[];
  readonly externalAddress?: string;
  readonly metrics?: HostPort;
  readonly traceBytes: number;
  readonly logLevel: LogLevel;
  readonly json?: boolean;
}

/** `xiangyin sip`: the embedded SIP server alone, for any application that speaks drachtio; `sip trace`: one call of it. */
export function addSipCommand(program: Command): void {
  const sip = program
    .command('sip')
    .description('run the embedded SIP server alone, until stopped; or show the messages of one call')
    .option('--drachtio <host:port>', 'control port, where applications connect', address, {
      host: '127.0.0.1',
      port: 9022,
    })
    .option('--secret <secret>', 'its secret (default: random, printed)')
    .option('--sip <list>', 'where calls are taken, e.g. udp:0.0.0.0:5060,tcp:0.0.0.0:5060', sipList, [
      'udp:127.0.0.1:5060',
      'tcp:127.0.0.1:5060',
    ])
    .option('--external-address <address>', 'what Contact and Via say, behind a NAT')
    .option('--metrics <host:port>', 'serve /metrics, /healthz and /trace/<Call-ID> there by HTTP', address)
    .option(
      '--trace-bytes <bytes>',
      'memory for the messages of the last calls; 0 keeps none',
      wholeBytes,
      16_000_000,
    )
    .option('--log-level <level>', 'silent, error, warn, info or debug', 'warn')
    .option('--json', 'print where it listens as one line of JSON')
    .action(runSip);
  addSipTraceCommand(sip);
}

/**
 * The server runs on the main thread: here nothing else does. A worker would put a message between threads before every
 * log line and metric and take nothing away; the HTTP side works some milliseconds when somebody looks at it.
 */
async function runSip(options: SipOptions): Promise<void> {
  const complaint = openWithKnownSecret('--drachtio', options.drachtio, '--secret', options.secret);
  if (complaint !== undefined) {
    console.error(`xiangyin: ${complaint}`);
    process.exitCode = 1;
    return;
  }
  const logger = createLogger(options.logLevel);
  const secret = options.secret ?? token();
  const observer = new SipObservation(systemClock, { traceBytes: options.traceBytes });
  const server = await DrachtioServer.listen({
    admin: options.drachtio,
    secret,
    sip: options.sip,
    externalAddress: options.externalAddress,
    clock: systemClock,
    logger,
    observer,
  });
  try {
    const http = await listenMetrics(options.metrics, server, observer, logger);
    keepServing(logger);
    announce(server, options, secret, http?.address);
    await new Promise<void>((resolve) => {
      process.once('SIGINT', resolve);
      process.once('SIGTERM', resolve);
    });
    await http?.close();
  } finally {
    await server.close();
  }
}

function listenMetrics(
  listen: HostPort | undefined,
  server: DrachtioServer,
  observer: SipObservation,
  logger: Logger,
): ReturnType<typeof listenSipObservation> | undefined {
  if (listen === undefined) return undefined;
  return listenSipObservation({
    listen,
    logger,
    counts: () => server.counts(),
    metrics: () => observer.metrics(server.counts()),
    trace: (key) => observer.trace(key),
  });
}

/** Prints where the server listens; the secret only if nobody but us can know it. */
function announce(
  server: DrachtioServer,
  options: SipOptions,
  secret: string,
  http: HostPort | undefined,
): void {
  const sip = server.sipAddresses.map((at) => `${at.protocol}:${formatHostPort(at)}`);
  const drachtio = formatHostPort(server.adminAddress);
  const metrics = http === undefined ? undefined : `http://${formatHostPort(http)}`;
  if (options.json === true) {
    const random = options.secret === undefined ? { secret } : {};
    console.log(JSON.stringify({ drachtio, ...random, sip, ...(metrics === undefined ? {} : { metrics }) }));
    return;
  }
  console.log(`SIP       ${sip.join(' ')}`);
  console.log(`drachtio  ${drachtio}  secret: ${options.secret === undefined ? secret : 'as given'}`);
  if (metrics !== undefined) console.log(`HTTP      ${metrics}/metrics, /healthz, /trace/<Call-ID>`);
}

function wholeBytes(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('write a whole number of bytes');
  return Number(text);
}
