import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { formatHostPort, type HostPort } from '../core/address.js';
import { systemClock } from '../core/clock.js';
import { token } from '../core/ids.js';
import { createLogger, type LogLevel } from '../core/logger.js';
import { startPair, type Pair } from '../embedded/pair.js';
import { address, openWithKnownSecret, sipList } from './daemon-options.js';

interface DaemonsOptions {
  readonly drachtio: HostPort;
  readonly secret?: string;
  readonly sip: readonly string[];
  readonly esl: HostPort;
  readonly eslSecret?: string;
  readonly mediaSip: HostPort;
  readonly rtp: { readonly host: string; readonly min: number; readonly max: number };
  readonly sounds?: string;
  readonly externalAddress?: string;
  readonly logLevel: LogLevel;
  readonly json?: boolean;
}

/** `xiangyin daemons`: the embedded pair alone, for any application that speaks drachtio and Event Socket. */
export function addDaemonsCommand(program: Command): void {
  program
    .command('daemons')
    .description('run the embedded SIP server and media server alone, until stopped')
    .option('--drachtio <host:port>', 'control port of the SIP server', address, {
      host: '127.0.0.1',
      port: 9022,
    })
    .option('--secret <secret>', 'its secret (default: random, printed)')
    .option('--sip <list>', 'where calls are taken, e.g. udp:0.0.0.0:5060,tcp:0.0.0.0:5060', sipList, [
      'udp:127.0.0.1:5060',
      'tcp:127.0.0.1:5060',
    ])
    .option('--esl <host:port>', 'control port of the media server', address, {
      host: '127.0.0.1',
      port: 8021,
    })
    .option('--esl-secret <secret>', 'its secret (default: random, printed)')
    .option('--media-sip <host:port>', 'where the media server takes its leg of a call', address, {
      host: '127.0.0.1',
      port: 5080,
    })
    .option('--rtp <host:min-max>', 'address and ports of sound', rtpRange, {
      host: '127.0.0.1',
      min: 20000,
      max: 30000,
    })
    .option('--sounds <dir>', 'where relative sound files begin')
    .option('--external-address <address>', 'what Contact, Via and SDP say, behind a NAT')
    .option('--log-level <level>', 'silent, error, warn, info or debug', 'warn')
    .option('--json', 'print where it listens as one line of JSON')
    .action(runDaemons);
}

async function runDaemons(options: DaemonsOptions): Promise<void> {
  const complaint =
    openWithKnownSecret('--drachtio', options.drachtio, '--secret', options.secret) ??
    openWithKnownSecret('--esl', options.esl, '--esl-secret', options.eslSecret);
  if (complaint !== undefined) {
    console.error(`xiangyin: ${complaint}`);
    process.exitCode = 1;
    return;
  }
  const secret = options.secret ?? token();
  const eslSecret = options.eslSecret ?? token();
  const external = options.externalAddress === undefined ? {} : { externalAddress: options.externalAddress };
  const pair = await startPair({
    drachtio: { admin: options.drachtio, secret, sip: options.sip, ...external },
    freeswitch: {
      eventSocket: options.esl,
      secret: eslSecret,
      sip: `udp:${formatHostPort(options.mediaSip)},tcp:${formatHostPort(options.mediaSip)}`,
      rtpAddress: options.rtp.host,
      rtpPorts: { min: options.rtp.min, max: options.rtp.max },
      ...external,
      ...(options.sounds === undefined ? {} : { soundsDir: options.sounds }),
    },
    clock: systemClock,
    logger: createLogger(options.logLevel),
  });
  print(pair, options, secret, eslSecret);
  await untilStopped(pair);
}

/** Prints where the servers listen; a secret only if nobody but us can know it. */
function print(pair: Pair, options: DaemonsOptions, secret: string, eslSecret: string): void {
  const { drachtio, freeswitch } = pair;
  const sip = drachtio.sipAddresses.map((at) => `${at.protocol}:${formatHostPort(at)}`);
  const randomSecret = options.secret === undefined ? secret : undefined;
  const randomEslSecret = options.eslSecret === undefined ? eslSecret : undefined;
  if (options.json === true) {
    const line = {
      drachtio: formatHostPort(drachtio.adminAddress),
      ...(randomSecret === undefined ? {} : { secret: randomSecret }),
      sip,
      esl: formatHostPort(freeswitch.eventSocketAddress),
      ...(randomEslSecret === undefined ? {} : { eslSecret: randomEslSecret }),
      mediaSip: formatHostPort(freeswitch.sipAddress),
      rtp: options.rtp,
    };
    console.log(JSON.stringify(line));
    return;
  }
  const shown = (value: string | undefined): string => (value === undefined ? 'as given' : value);
  console.log(`SIP           ${sip.join(' ')}`);
  console.log(`drachtio      ${formatHostPort(drachtio.adminAddress)}  secret: ${shown(randomSecret)}`);
  console.log(
    `Event Socket  ${formatHostPort(freeswitch.eventSocketAddress)}  secret: ${shown(randomEslSecret)}`,
  );
  console.log(`media SIP     ${formatHostPort(freeswitch.sipAddress)}`);
  console.log(`RTP           ${options.rtp.host}, ports ${options.rtp.min} to ${options.rtp.max}`);
}

/** Resolves after SIGINT or SIGTERM, or when a server has ended by itself (then the exit code is 1). */
async function untilStopped(pair: Pair): Promise<void> {
  await new Promise<void>((resolve) => {
    const stop = (): void => resolve();
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
    pair.on('exit', (server) => {
      console.error(`xiangyin: the embedded ${server} server has ended by itself`);
      process.exitCode = 1;
      resolve();
    });
  });
  await pair.close();
}

function rtpRange(text: string): { host: string; min: number; max: number } {
  const match = /^(.+):(\d{1,5})-(\d{1,5})$/.exec(text);
  const [host, min, max] = [match?.[1], Number(match?.[2]), Number(match?.[3])];
  if (host === undefined || max > 65535 || min > max) {
    throw new InvalidArgumentError('write it as host:first-last, e.g. 127.0.0.1:20000-30000');
  }
  return { host, min, max };
}
