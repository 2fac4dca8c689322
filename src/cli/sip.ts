import { InvalidArgumentError, type Command } from 'commander';
import { formatHostPort, type HostPort } from '../core/address.js';
import { systemClock } from '../core/clock.js';
import { token } from '../core/ids.js';
import { createLogger, type Logger } from '../core/logger.js';
import { DrachtioServer } from '../embedded/drachtio/drachtio-server.js';
import { SipObservation } from '../embedded/sip/sip-observation.js';
import { listenSipObservation } from '../http/sip-observation-server.js';
import {
  address,
  addSipServerOptions,
  sipServerComplaint,
  sipServerOptions,
  type SipServerFlags,
} from './daemon-options.js';
import { keepServing, toldToStop } from './keep-serving.js';
import { addSipTraceCommand } from './sip-trace.js';

interface SipOptions extends SipServerFlags {
  readonly metrics?: HostPort;
  readonly traceBytes: number;
}

/** `xiangyin sip`: the embedded SIP server alone, for any application that speaks drachtio; `sip trace`: one call of it. */
export function addSipCommand(program: Command): void {
  const sip = addSipServerOptions(
    program
      .command('sip')
      .description('run the embedded SIP server alone, until stopped; or show the messages of one call'),
  )
    .option('--metrics <host:port>', 'serve /metrics, /healthz and /trace/<Call-ID> there by HTTP', address)
    .option(
      '--trace-bytes <bytes>',
      'memory for the messages of the last calls; 0 keeps none',
      wholeBytes,
      16_000_000,
    )
    .action(runSip);
  addSipTraceCommand(sip);
}

/**
 * The server runs on the main thread: here nothing else does. A worker would put a message between threads before every
 * log line and metric and take nothing away; the HTTP side works some milliseconds when somebody looks at it.
 */
async function runSip(options: SipOptions): Promise<void> {
  const complaint = sipServerComplaint(options);
  if (complaint !== undefined) {
    console.error(`xiangyin: ${complaint}`);
    process.exitCode = 1;
    return;
  }
  const logger = createLogger(options.logLevel);
  const secret = options.secret ?? token();
  const observer = new SipObservation(systemClock, { traceBytes: options.traceBytes });
  const server = await DrachtioServer.listen({
    ...sipServerOptions(options, secret),
    clock: systemClock,
    logger,
    observer,
  });
  try {
    const http = await listenMetrics(options.metrics, server, observer, logger);
    keepServing(logger);
    const stopped = toldToStop();
    announce(server, options, secret, http?.address);
    await stopped;
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
