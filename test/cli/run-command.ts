import { Command } from 'commander';
import type { Test } from 'tap';

/** Runs one command line of the given commands; resolves with what it printed, rejects as the command does. */
export async function runCommand(
  t: Test,
  add: (program: Command) => void,
  line: readonly string[],
): Promise<string> {
  const program = new Command('xiangyin').exitOverride().configureOutput({ writeErr: () => undefined });
  add(program);
  for (const command of [...program.commands, ...program.commands.flatMap((inner) => inner.commands)]) {
    command.copyInheritedSettings(program);
  }
  const printed = t.capture(console, 'log');
  try {
    await program.parseAsync([...line], { from: 'user' });
  } finally {
    printed.restore();
  }
  return printed
    .args()
    .map((args) => args.join(' '))
    .join('\n');
}
