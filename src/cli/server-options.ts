import type { Command } from 'commander';
import { loadConfig } from '../config/load-config.js';
import type { Config } from '../config/schema.js';

/** What may be said on the command line of everything that starts a server. */
export interface ServerFlags {
  readonly config?: string;
  readonly dataDir?: string;
  readonly sip?: string;
  readonly requestHandler?: readonly string[];
  readonly http?: string;
  readonly logLevel?: string;
  readonly watch?: boolean;
}

/** What holds if neither the flag, nor a variable, nor the file says another. */
interface Usual {
  readonly sip: string;
  readonly http: string;
  readonly logLevel: string;
}

export function addServerOptions(command: Command, usual: Usual): Command {
  return command
    .option(
      '--config <file>',
      'configuration file (default: xiangyin.yaml where it is started, if there is one)',
    )
    .option('--data-dir <folder>', 'where everything is written (default: ./data)')
    .option(
      '--sip <addresses>',
      `where calls are taken, e.g. udp:0.0.0.0:5060,tcp:0.0.0.0:5060 (default: ${usual.sip})`,
    )
    .option(
      '--request-handler <method=url>',
      'who decides where new requests of that method go, instead of us; may be repeated',
      (text: string, before: readonly string[] = []) => [...before, text],
    )
    .option('--http <host:port>', `health, metrics, control (default: ${usual.http})`)
    .option('--log-level <level>', `silent, error, warn, info or debug (default: ${usual.logLevel})`);
}

/** The configuration with the flags on top. Rejects as loadConfig does. */
export function configOf(
  flags: ServerFlags,
  defaults: Readonly<Record<string, unknown>> = {},
): Promise<Config> {
  return loadConfig({
    ...(flags.config !== undefined && { file: flags.config }),
    env: process.env,
    flags: {
      ...defaults,
      ...(flags.dataDir !== undefined && { dataDir: flags.dataDir }),
      ...(flags.sip !== undefined && { 'sip.listen': flags.sip.split(',') }),
      ...(flags.requestHandler !== undefined && { 'sip.requestHandlers': [...flags.requestHandler] }),
      ...(flags.http !== undefined && { 'http.listen': flags.http }),
      ...(flags.logLevel !== undefined && { 'log.level': flags.logLevel }),
      ...(flags.watch === true && { 'dialplans.watch': true }),
    },
    cwd: process.cwd(),
  });
}
