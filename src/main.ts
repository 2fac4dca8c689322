#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addCallerCommand } from './cli/caller.js';
import { addCallsCommand } from './cli/calls.js';
import { addDaemonsCommand } from './cli/daemons.js';
import { addDemoCommand } from './cli/demo.js';
import { addDialplanCommand } from './cli/dialplan.js';
import { addServeCommand } from './cli/serve.js';
import { addWhyCommand } from './cli/why.js';
import { XiangyinError } from './core/errors.js';

// drachtio-fsmrf tells of its connections on standard output, which belongs to what a command prints.
console.info = () => undefined;

const packageFile = new URL('../../package.json', import.meta.url);
const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };

const program = new Command('xiangyin')
  .description('IVR and voice-bot server that understands callers in their own dialect and answers them fast')
  .version(version)
  .showHelpAfterError('(--help tells what is possible)');

addServeCommand(program);
addDemoCommand(program);
addCallerCommand(program);
addCallsCommand(program);
addWhyCommand(program);
addDialplanCommand(program);
addDaemonsCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  // A known failure is one clear line; anything else is a fault of ours and shows where it is.
  if (error instanceof XiangyinError) console.error(`xiangyin: ${error.message}`);
  else console.error(error);
  process.exitCode = 1;
}
