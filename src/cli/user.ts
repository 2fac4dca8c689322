import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { addUser, changePassword, listUsers, removeUser, usersWith, usersWithout } from '../sip/users.js';
import { ControlClient } from '../http/control-client.js';
import { registrationTable } from './call-text.js';
import { cliError } from './errors.js';
import { dataFolderCommand, configOf, dataDirOf, type DataFolderFlags } from './kept-calls.js';

interface PasswordFlags extends DataFolderFlags {
  readonly passwordStdin?: true;
}

/**
 * `xiangyin user add | list | remove | passwd`: who may register a telephone; a running server sees it at once.
 * `user registrations`: who has.
 */
export function addUserCommand(program: Command): void {
  const user = program.command('user').description('who may register a telephone and call as a user');
  const sub = (usage: string, summary: string): Command => dataFolderCommand(user, usage, summary);
  const stdin = ['--password-stdin', 'read the password from standard input'] as const;
  sub('add <name>', 'add a user; asks for the password')
    .option(...stdin)
    .action(async (name: string, flags: PasswordFlags) => {
      const { dataDir, sip } = await configOf(flags);
      await usersWithout(dataDir, name);
      await addUser(dataDir, name, sip.realm, await password(flags));
      console.log(`added ${name}, realm ${sip.realm}`);
    });
  sub('passwd <name>', "change a user's password; telephones that are registered stay so until they expire")
    .option(...stdin)
    .action(async (name: string, flags: PasswordFlags) => {
      const { dataDir, sip } = await configOf(flags);
      await usersWith(dataDir, name);
      await changePassword(dataDir, name, sip.realm, await password(flags));
      console.log(`changed the password of ${name}, realm ${sip.realm}`);
    });
  sub('remove <name>', 'remove a user, who is not called any more').action(
    async (name: string, flags: DataFolderFlags) => {
      await removeUser(await dataDirOf(flags), name);
      console.log(`removed ${name}`);
    },
  );
  sub('list', 'show the users and the realm that their passwords are good for')
    .option('--json', 'as one JSON list')
    .action(async (flags: DataFolderFlags & { readonly json?: true }) => {
      const { dataDir, sip } = await configOf(flags);
      // The hashes are good for their realm only, and telephones are asked for ours.
      const users = (await listUsers(dataDir)).map(({ name, realm }) => ({
        name,
        realm,
        canLogIn: realm === sip.realm,
      }));
      if (flags.json === true) console.log(JSON.stringify(users));
      else if (users.length === 0) console.log('no users; `xiangyin user add <name>` adds one');
      else for (const user of users) console.log(userLine(user, sip.realm));
    });
  sub('registrations', 'telephones that are registered at the running server: from where, until when')
    .option('--json', 'as one JSON list')
    .action(async (flags: DataFolderFlags & { readonly json?: true }) => {
      const registrations = await (await ControlClient.open(await dataDirOf(flags))).registrations();
      console.log(flags.json === true ? JSON.stringify(registrations) : registrationTable(registrations));
    });
}

function userLine(user: { name: string; realm: string; canLogIn: boolean }, realm: string): string {
  const line = `${user.name}@${user.realm}`;
  return user.canLogIn
    ? line
    : `${line}  cannot log in: sip.realm is ${realm}; xiangyin user passwd ${user.name}`;
}

/** Never an argument: those are seen by everybody on the machine, and kept by the shell. */
async function password({ passwordStdin }: PasswordFlags): Promise<string> {
  if (passwordStdin === true) return (await text(process.stdin)).replace(/\r?\n$/, '');
  if (!process.stdin.isTTY) throw cliError('CLI_NO_TERMINAL');
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output, terminal: true });
  const lines = terminal[Symbol.asyncIterator]();
  let givenUp = false;
  terminal.once('SIGINT', () => {
    givenUp = true;
    terminal.close();
  });
  try {
    const first = await askSilently('Password: ', lines);
    if (first !== (await askSilently('Again: ', lines))) throw cliError('CLI_PASSWORDS_DIFFER');
    return first;
  } catch (error) {
    if (!givenUp) throw error;
    throw cliError('CLI_GIVEN_UP', {}, error);
  } finally {
    terminal.close();
  }
}

/** Shows the question and nothing of the answer. */
async function askSilently(question: string, lines: AsyncIterator<string>): Promise<string> {
  process.stderr.write(question);
  const line = await lines.next();
  process.stderr.write('\n');
  if (line.done === true) throw cliError('CLI_NO_TERMINAL');
  return line.value;
}
