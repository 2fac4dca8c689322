import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { parseWav } from '../audio/wav.js';
import { deinterleave } from '../audio/pcm.js';
import type { EngineConfig } from '../config/schema.js';
import { systemClock } from '../core/clock.js';
import { silentLogger } from '../core/logger.js';
import { openEngine } from '../engine-set.js';
import { promiseIds, testEngine } from '../speech/engines/xiangyin/conformance/conformance.js';
import type { Hello } from '../speech/engines/xiangyin/engine-link.js';
import { startReferenceServer } from '../speech/engines/xiangyin/reference-server.js';
import { engineLine, engineListText, reportText, triedText } from './engine-text.js';
import { cliError } from './errors.js';
import { configOf, configOption } from './kept-calls.js';
import { toldToStop } from './keep-serving.js';

interface TokenFlags {
  readonly tokenFile?: string;
  readonly tokenVariable?: string;
}

interface TestFlags extends TokenFlags {
  readonly caFile?: string;
  readonly recognizer?: boolean;
  readonly synthesizer?: boolean;
  readonly dialect?: string;
  readonly wav?: string;
  readonly text?: string;
  readonly only?: readonly string[];
  readonly timeout: number;
  readonly config?: string;
  readonly json?: boolean;
}

/** How long what an engine must not send is waited for, ms. */
const quietMs = 250;

/** `xiangyin engine`: speech engines over the network: which there are, whether one keeps the protocol, one to copy from. */
export function addEngineCommand(program: Command): void {
  const engine = program
    .command('engine')
    .description('speech engines over the network: list them, test one, run the reference one');
  engine
    .command('list')
    .description(
      'every engine of the configuration: whether it answers, and what it can do; exit status 1 if one does not',
    )
    .option(...configOption)
    .option('--json', 'print one JSON array')
    .action(list);
  withToken(
    engine
      .command('test')
      .summary('whether an engine keeps the engine protocol, promise by promise')
      .description(
        `Connects to an engine and tries every promise of the engine protocol (src/speech/engines/xiangyin/README.md).
Prints a line for each, and what to do where one is broken. Exits with 0 if all are kept, 1 if not.`,
      )
      .argument('<url>', 'ws://host:port/path, wss://..., or the name of an engine of the configuration'),
  )
    .option(
      '--ca-file <file>',
      'PEM file of the authorities that vouch for a wss: engine (default: those that Node trusts)',
    )
    .option('--recognizer', 'only what a recognizer promises')
    .option('--synthesizer', 'only what a synthesizer promises')
    .option('--dialect <code>', "one of the engine's dialect codes (default: its first)")
    .option('--text <words>', 'what is said to it, and by it (default: pay my bill)')
    .option(
      '--wav <file>',
      'a recording of the text for the recognizer (default: its own synthesizer says it)',
    )
    .option('--only <ids>', 'only these promises, by their ids (final,sentence)', promises)
    .option('--timeout <ms>', 'how long an answer may take', milliseconds, 5000)
    .option(...configOption)
    .option('--json', 'print one JSON object: {engine, ok, promises, measuredMs}')
    .action(test);
  withToken(
    engine
      .command('reference')
      .description(
        'run the reference engine, which speaks and hears in tones: to try things with, and to copy from',
      ),
  )
    .option('--port <port>', 'port on 127.0.0.1; 0 takes a free one', port, 7700)
    .action(reference);
}

function withToken(command: Command): Command {
  return command
    .option('--token-file <file>', 'file that holds the token')
    .option('--token-variable <name>', 'environment variable that holds the token');
}

async function list(flags: { readonly config?: string; readonly json?: boolean }): Promise<void> {
  const config = await configOf(flags);
  const lines = await Promise.all(config.speech.engines.map(async (one) => engineLine(one, await look(one))));
  if (flags.json === true) console.log(JSON.stringify(lines));
  else console.log(engineListText(lines, config.speech));
  process.exitCode = lines.every(({ answers }) => answers) ? 0 : 1;
}

/** What the engine says of itself, and how long that took; or why it does not. */
async function look(config: EngineConfig): Promise<{ hello: Hello; tookMs: number } | { reason: string }> {
  const beganMs = systemClock.nowMs();
  let reason = 'its token cannot be read';
  const logger = { ...silentLogger, error: (_fields: object, message: string) => void (reason = message) };
  const engine = await openEngine(config, systemClock, logger);
  if (engine === undefined) return { reason };
  try {
    return { hello: await engine.hello(), tookMs: systemClock.nowMs() - beganMs };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  } finally {
    await engine.close();
  }
}

async function test(target: string, flags: TestFlags): Promise<void> {
  const { url, token, ca } = await targetOf(target, flags);
  const recording = flags.wav === undefined ? undefined : await readRecording(flags.wav);
  const roles = (['recognizer', 'synthesizer'] as const).filter((role) => flags[role] === true);
  const report = await testEngine({
    url,
    limitMs: flags.timeout,
    quietMs,
    clock: systemClock,
    ...(token !== undefined && { token }),
    ...(ca !== undefined && { ca }),
    ...(roles.length > 0 && { roles }),
    ...(recording !== undefined && { recording }),
    ...(flags.only !== undefined && { only: flags.only }),
    ...(flags.text !== undefined && { text: flags.text }),
    ...(flags.dialect !== undefined && { dialect: flags.dialect }),
    onTried: (tried) => {
      if (flags.json !== true) console.log(triedText(tried));
    },
  });
  console.log(flags.json === true ? JSON.stringify(report) : reportText(report));
  process.exitCode = report.ok ? 0 : 1;
}

interface Target {
  readonly url: string;
  readonly token: string | undefined;
  /** PEM. */
  readonly ca: string | undefined;
}

/** A URL, or an engine of the configuration by its name; what the command line says goes before the configuration. */
async function targetOf(target: string, flags: TestFlags): Promise<Target> {
  const given = await tokenOf(flags);
  if (/^wss?:\/\//.test(target)) {
    if (!URL.canParse(target))
      throw cliError('CLI_NO_SUCH_ENGINE', { name: target, names: 'a URL is ws://host:port' });
    return { url: target, token: given, ca: await readAuthorities(flags.caFile) };
  }
  const { engines } = (await configOf(flags)).speech;
  const engine = engines.find(({ name }) => name === target) as EngineConfig | undefined;
  if (engine === undefined) {
    const names = engines.map(({ name }) => name).join(', ');
    throw cliError('CLI_NO_SUCH_ENGINE', { name: target, names: names === '' ? 'none' : names });
  }
  const { url, token, tokenFile, caFile } = engine;
  return {
    url,
    token: given ?? token ?? (tokenFile === undefined ? undefined : await readToken(tokenFile)),
    ca: await readAuthorities(flags.caFile ?? caFile),
  };
}

async function reference(flags: TokenFlags & { readonly port: number }): Promise<void> {
  const stopped = toldToStop();
  const server = await startReferenceServer(flags.port, await tokenOf(flags));
  console.log(`the reference engine listens on ${server.url}`);
  console.log(`try it: xiangyin engine test ${server.url}`);
  await stopped;
  await server.close();
}

async function tokenOf({ tokenFile, tokenVariable }: TokenFlags): Promise<string | undefined> {
  if (tokenFile !== undefined) return readToken(tokenFile);
  if (tokenVariable === undefined) return undefined;
  const token = process.env[tokenVariable];
  if (token === undefined || token === '')
    throw cliError('CLI_NO_TOKEN', { place: `the variable ${tokenVariable}` });
  return token;
}

async function readToken(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw cliError('CLI_NO_TOKEN', { place: file }, error);
  }
}

async function readAuthorities(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    const ca = await readFile(file, 'utf8');
    // A file without a certificate would be told as a fault of the engine's.
    void new X509Certificate(ca);
    return ca;
  } catch (error) {
    throw cliError('CLI_NO_AUTHORITIES', { file }, error);
  }
}

/** The first channel: what the caller said. */
async function readRecording(file: string): Promise<{ samples: Int16Array; sampleRateHz: number }> {
  try {
    const { samples, channels, sampleRateHz } = parseWav(await readFile(file));
    return { samples: deinterleave(samples, channels)[0] ?? samples, sampleRateHz };
  } catch (error) {
    throw cliError('CLI_RECORDING_UNREADABLE', { file }, error);
  }
}

function milliseconds(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) < 1)
    throw new InvalidArgumentError('write a number of milliseconds');
  return Number(text);
}

function promises(text: string): string[] {
  const ids = text.split(',').map((id) => id.trim());
  const unknown = ids.find((id) => !promiseIds.includes(id));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`there is no '${unknown}'; there are ${promiseIds.join(', ')}`);
  return ids;
}

function port(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) > 65_535)
    throw new InvalidArgumentError('write a port, 0 to 65535');
  return Number(text);
}
