#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { failureText } from './cli/failure-text.js';

// drachtio-fsmrf tells of its connections on standard output, which belongs to what a command prints.
console.info = () => undefined;

/** Each command's rooms are loaded only when it is asked for, so that `calls list` need not wait for a SIP stack. */
const commands: Record<string, () => Promise<(program: Command) => void>> = {
  serve: async () => (await import('./cli/serve.js')).addServeCommand,
  demo: async () => (await import('./cli/demo.js')).addDemoCommand,
  caller: async () => (await import('./cli/caller.js')).addCallerCommand,
  calls: async () => (await import('./cli/calls.js')).addCallsCommand,
  status: async () => (await import('./cli/control.js')).addControlCommands,
  why: async () => (await import('./cli/why.js')).addWhyCommand,
  dialplan: async () => (await import('./cli/dialplan.js')).addDialplanCommand,
  recognize: async () => (await import('./cli/recognize.js')).addRecognizeCommand,
  daemons: async () => (await import('./cli/daemons.js')).addDaemonsCommand,
  media: async () => (await import('./cli/media.js')).addMediaCommand,
  sip: async () => (await import('./cli/sip.js')).addSipCommand,
  user: async () => (await import('./cli/user.js')).addUserCommand,
  dialect: async () => (await import('./cli/dialect.js')).addDialectCommand,
  callers: async () => (await import('./cli/callers.js')).addCallersCommand,
  engine: async () => (await import('./cli/engine.js')).addEngineCommand,
  trunks: async () => (await import('./cli/trunks.js')).addTrunksCommand,
};

const packageFile = new URL('../../package.json', import.meta.url);
const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };

const program = new Command('xiangyin')
  .description('IVR and voice-bot server that understands callers in their own dialect and answers them fast')
  .version(version)
  .showHelpAfterError('(--help tells what is possible)');

const sameModule: Record<string, string> = { reload: 'status', drain: 'status' };
const word = process.argv[2] ?? '';
const asked = commands[sameModule[word] ?? word];
try {
  for (const load of asked === undefined ? Object.values(commands) : [asked]) (await load())(program);
  await program.parseAsync();
} catch (error) {
  // A known failure is one clear line; anything else is a fault of ours and shows where it is.
  const text = failureText(error);
  console.error(text === undefined ? error : `xiangyin: ${text}`);
  process.exitCode = 1;
}
