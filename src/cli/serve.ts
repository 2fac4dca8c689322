import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { formatHostPort } from '../core/address.js';
import { systemClock } from '../core/clock.js';
import { createLogger, type LogLevel } from '../core/logger.js';
import { compileNumberRules, type NumberRules } from '../dialog/number-rules.js';
import type { Server } from '../server.js';
import { dialHints } from './dial-hints.js';
import { keepServing, toldToStop } from './keep-serving.js';
import { addServerOptions, configOf, type ServerFlags } from './server-options.js';
import { startServer } from './start-server.js';
import { tuneRuntime } from './tune-runtime.js';

/** `xiangyin serve`: runs the server until SIGTERM or SIGINT, then lets live calls finish. */
export function addServeCommand(program: Command): void {
  addServerOptions(program.command('serve').description('run the server until it is stopped'), {
    sip: 'udp and tcp on 127.0.0.1:5060',
    http: '127.0.0.1:8080',
    logLevel: 'info',
  })
    .option('--watch', 'publish each save of a dialplan that passes the check')
    .option('--json', 'print one line of JSON when ready')
    .action((flags: ServerFlags & { json?: boolean }) => serve(flags, program.version() ?? ''));
}

async function serve(flags: ServerFlags & { json?: boolean }, version: string): Promise<void> {
  tuneRuntime();
  const config = await configOf(flags);
  const logger = createLogger(config.log.level as LogLevel);
  const server = await startServer({ config, clock: systemClock, logger, version });
  keepServing(logger);
  const stopped = toldToStop();
  const hints = flags.json === true ? undefined : await readNumberRules(config.numbers);
  announce(server, config.sip.externalAddress, hints);
  await stopped;
  // A second signal is impatience: no call is waited for.
  process.once('SIGINT', () => process.exit(130));
  logger.info({}, 'stopping: no new calls; live calls may finish');
  await server.close();
}

/** The server has read them without an error; a file that has been changed since gives no hints. */
async function readNumberRules(file: string): Promise<NumberRules> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const result = compileNumberRules(text, file);
  return result.ok ? result.rules : [];
}

/** Without rules as one line for machines. */
function announce(server: Server, externalAddress: string | undefined, rules: NumberRules | undefined): void {
  const sip = server.sipAddresses;
  const http = `http://${formatHostPort(server.httpAddress)}`;
  if (rules === undefined) {
    console.log(JSON.stringify({ ready: true, sip: sip.map((address) => address.replace('/', ':')), http }));
    return;
  }
  const udp = sip.find((address) => address.startsWith('udp/')) ?? sip[0] ?? '';
  // Every address is no address to dial.
  const host = udp.replace(/^\w+\//, '').replace('0.0.0.0', externalAddress ?? '127.0.0.1');
  console.log(`Xiangyin takes calls on ${sip.join(', ')}`);
  const hints = dialHints(rules, host);
  if (hints.length > 0) console.log(`  dial ${hints.join(', ')}`);
  console.log(`  health and metrics: ${http}/healthz, ${http}/metrics`);
  console.log('  stop with Ctrl-C');
}
