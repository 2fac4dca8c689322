import type { Command } from 'commander';
import { formatHostPort } from '../core/address.js';
import { systemClock } from '../core/clock.js';
import { token } from '../core/ids.js';
import { createLogger } from '../core/logger.js';
import { startPair, type Pair } from '../embedded/pair.js';
import {
  addMediaServerOptions,
  addSipServerOptions,
  mediaServerLines,
  mediaServerOptions,
  openWithKnownSecret,
  sipServerComplaint,
  sipServerOptions,
  type MediaServerFlags,
  type SipServerFlags,
} from './daemon-options.js';
import { keepServing, toldToStop } from './keep-serving.js';
import { tuneRuntime } from './tune-runtime.js';

type DaemonsFlags = SipServerFlags & MediaServerFlags;

/** `xiangyin daemons`: the embedded pair alone, for any application that speaks drachtio and Event Socket. */
export function addDaemonsCommand(program: Command): void {
  const command = program
    .command('daemons')
    .description('run the embedded SIP server and media server alone, until stopped');
  addMediaServerOptions(addSipServerOptions(command)).action(runDaemons);
}

async function runDaemons(flags: DaemonsFlags): Promise<void> {
  const complaint =
    sipServerComplaint(flags) ?? openWithKnownSecret('--esl', flags.esl, '--esl-secret', flags.eslSecret);
  if (complaint !== undefined) {
    console.error(`xiangyin: ${complaint}`);
    process.exitCode = 1;
    return;
  }
  const secret = flags.secret ?? token();
  const eslSecret = flags.eslSecret ?? token();
  tuneRuntime();
  const logger = createLogger(flags.logLevel);
  keepServing(logger);
  const pair = await startPair({
    drachtio: sipServerOptions(flags, secret),
    freeswitch: mediaServerOptions(flags, eslSecret),
    mediaWorkers: flags.mediaWorkers,
    clock: systemClock,
    logger,
  });
  const stopped = Promise.race([toldToStop(), crashed(pair)]);
  print(pair, flags, secret, eslSecret);
  await stopped;
  await pair.close();
}

/** Prints where the servers listen; a secret only if nobody but us can know it. */
function print(pair: Pair, flags: DaemonsFlags, secret: string, eslSecret: string): void {
  const { drachtio } = pair;
  const sip = drachtio.sipAddresses.map((at) => `${at.protocol}:${formatHostPort(at)}`);
  const media = mediaServerLines(pair.media, flags, eslSecret);
  if (flags.json === true) {
    const line = {
      drachtio: formatHostPort(drachtio.adminAddress),
      ...(flags.secret === undefined && { secret }),
      sip,
      ...media.json,
    };
    console.log(JSON.stringify(line));
    return;
  }
  console.log(`SIP           ${sip.join(' ')}`);
  const shown = flags.secret === undefined ? secret : 'as given';
  console.log(`drachtio      ${formatHostPort(drachtio.adminAddress)}  secret: ${shown}`);
  for (const line of media.text) console.log(line);
}

/** The exit code is 1 when the SIP server has ended by itself. */
function crashed(pair: Pair): Promise<void> {
  return new Promise((resolve) => {
    pair.on('exit', () => {
      console.error('xiangyin: the embedded SIP server has ended by itself');
      process.exitCode = 1;
      resolve();
    });
  });
}
