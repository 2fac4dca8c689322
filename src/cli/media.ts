import type { Command } from 'commander';
import { formatHostPort, type HostPort } from '../core/address.js';
import { systemClock } from '../core/clock.js';
import { token } from '../core/ids.js';
import { createLogger, type LogLevel } from '../core/logger.js';
import { MediaWorkers, shareOut } from '../embedded/media-workers.js';
import { listenMediaObservation, type MediaObservation } from '../http/media-observation-server.js';
import {
  address,
  addMediaServerOptions,
  logLevel,
  mediaServerLines,
  mediaServerOptions,
  openWithKnownSecret,
  type MediaServerFlags,
} from './daemon-options.js';
import { keepServing, toldToStop } from './keep-serving.js';
import { tuneRuntime } from './tune-runtime.js';

interface MediaFlags extends MediaServerFlags {
  readonly metrics?: HostPort;
  readonly logLevel: LogLevel;
  readonly json?: boolean;
}

/** `xiangyin media`: the embedded media server alone, on any host, for any number of servers (`freeswitch.url`). */
export function addMediaCommand(program: Command): void {
  addMediaServerOptions(
    program.command('media').description('run the embedded media server alone, until stopped'),
  )
    .option('--external-address <address>', 'what SDP says, behind a NAT')
    .option('--metrics <host:port>', 'serve /metrics and /healthz there by HTTP', address)
    .addOption(logLevel())
    .option('--json', 'print where it listens as one line of JSON')
    .action(runMedia);
}

async function runMedia(flags: MediaFlags): Promise<void> {
  const complaint = openWithKnownSecret('--esl', flags.esl, '--esl-secret', flags.eslSecret);
  if (complaint !== undefined) {
    console.error(`xiangyin: ${complaint}`);
    process.exitCode = 1;
    return;
  }
  const secret = flags.eslSecret ?? token();
  tuneRuntime();
  const logger = createLogger(flags.logLevel);
  keepServing(logger);
  const settings = shareOut(mediaServerOptions(flags, secret), flags.mediaWorkers);
  let http: MediaObservation | undefined;
  const workers = await MediaWorkers.start(settings, {
    clock: systemClock,
    logger,
    ...(flags.metrics !== undefined && { measured: (quality) => http?.callEnded(quality) }),
  });
  try {
    if (flags.metrics !== undefined) {
      http = await listenMediaObservation({
        listen: flags.metrics,
        logger,
        counts: () => workers.counts(),
      });
    }
    const stopped = toldToStop();
    const lines = mediaServerLines(workers.addresses, flags, secret);
    const metrics = http === undefined ? undefined : `http://${formatHostPort(http.address)}`;
    if (flags.json === true) {
      console.log(JSON.stringify({ ...lines.json, ...(metrics !== undefined && { metrics }) }));
    } else {
      for (const line of lines.text) console.log(line);
      if (metrics !== undefined) console.log(`HTTP          ${metrics}/metrics, /healthz`);
    }
    await stopped;
    await http?.close();
  } finally {
    await workers.close();
  }
}
