import type { Command } from 'commander';
import { systemClock } from '../core/clock.js';
import { token } from '../core/ids.js';
import { createLogger, type LogLevel } from '../core/logger.js';
import { MediaWorkers, shareOut } from '../embedded/media-workers.js';
import {
  addMediaServerOptions,
  mediaServerLines,
  mediaServerOptions,
  openWithKnownSecret,
  type MediaServerFlags,
} from './daemon-options.js';
import { keepServing, toldToStop } from './keep-serving.js';
import { tuneRuntime } from './tune-runtime.js';

interface MediaFlags extends MediaServerFlags {
  readonly logLevel: LogLevel;
  readonly json?: boolean;
}

/** `xiangyin media`: the embedded media server alone, on any host, for any number of servers (`freeswitch.url`). */
export function addMediaCommand(program: Command): void {
  addMediaServerOptions(
    program.command('media').description('run the embedded media server alone, until stopped'),
  )
    .option('--external-address <address>', 'what SDP says, behind a NAT')
    .option('--log-level <level>', 'silent, error, warn, info or debug', 'warn')
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
  const workers = await MediaWorkers.start(settings, { clock: systemClock, logger });
  const stopped = toldToStop();
  const lines = mediaServerLines(workers.addresses, flags, secret);
  if (flags.json === true) console.log(JSON.stringify(lines.json));
  else for (const line of lines.text) console.log(line);
  await stopped;
  await workers.close();
}
