import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chown, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { t } from 'tap';
import { addUserCommand } from '../../src/cli/user.js';
import { addUser, listUsers } from '../../src/sip/users.js';
import { serveFakeControl } from './serve-fake-control.js';
import { runCommand } from './run-command.js';

t.test('users are listed and removed, never with what their passwords are checked against', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'users-'));
  t.teardown(() => rm(dataDir, { recursive: true }));
  const user = (...line: string[]) => runCommand(t, addUserCommand, ['user', ...line, '--data-dir', dataDir]);
  t.match(await user('list'), /^no users; `xiangyin user add <name>`/);
  await addUser(dataDir, 'bob', 'xiangyin', 'secret');
  await addUser(dataDir, 'alice', 'xiangyin', 'secret');
  t.equal(await user('list'), 'alice@xiangyin\nbob@xiangyin');
  t.strictSame(JSON.parse(await user('list', '--json')), [
    { name: 'alice', realm: 'xiangyin', canLogIn: true },
    { name: 'bob', realm: 'xiangyin', canLogIn: true },
  ]);
  await addUser(dataDir, 'carol', 'elsewhere', 'secret');
  t.match(
    await user('list'),
    /\ncarol@elsewhere {2}cannot log in: sip\.realm is xiangyin; xiangyin user passwd carol$/,
  );
  t.match(JSON.parse(await user('list', '--json')), { 2: { name: 'carol', canLogIn: false } });
  await user('remove', 'carol');
  t.equal(await user('remove', 'bob'), 'removed bob');
  await t.rejects(user('remove', 'bob'), { code: 'SIP_NO_SUCH_USER' });
  t.equal(await user('list'), 'alice@xiangyin');
});

t.test('a name that is wrong, taken or unknown is told before a password is asked for', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'users-'));
  t.teardown(() => rm(dataDir, { recursive: true }));
  await addUser(dataDir, 'alice', 'xiangyin', 'secret');
  // Nobody is at a terminal here: asking would be CLI_NO_TERMINAL.
  const user = (...line: string[]) => runCommand(t, addUserCommand, ['user', ...line, '--data-dir', dataDir]);
  await t.rejects(user('add', 'alice'), { code: 'SIP_USER_EXISTS' });
  await t.rejects(user('add', 'a b'), { code: 'SIP_USER_NAME' });
  await t.rejects(user('passwd', 'bob'), { code: 'SIP_NO_SUCH_USER' });
});

t.test(
  'at a terminal a password is asked for twice, not shown, and Ctrl-C changes nothing',
  { skip: existsSync('/usr/bin/script') ? false : 'no script(1), which makes a terminal' },
  async (t) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'users-'));
    t.teardown(() => rm(dataDir, { recursive: true }));
    const main = new URL('../../src/main.js', import.meta.url).pathname;
    const type = async (...answers: string[]) => {
      const line = `${process.execPath} ${main} user add alice --data-dir ${dataDir}`;
      const child = spawn('script', ['-qec', line, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
      let shown = '';
      let given = 0;
      for await (const bytes of child.stdout) {
        shown += (bytes as Buffer).toString();
        const asked = shown.match(/(Password|Again): /g)?.length ?? 0;
        for (; given < asked; given++) child.stdin.write(answers[given] ?? '');
      }
      return shown;
    };
    t.match(await type('secret\r', '\x03'), /given up; nothing was changed/);
    t.strictSame(await listUsers(dataDir), []);
    const added = await type('secret\r', 'secret\r');
    t.match(added, /Password: \s+Again: \s+added alice/);
    t.notMatch(added, /secret/);
    t.match(await listUsers(dataDir), [{ name: 'alice' }]);
  },
);

t.test('a file of users that cannot be read or written is told with what to do', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'users-'));
  t.teardown(() => rm(dataDir, { recursive: true }));
  const user = (folder: string, ...line: string[]) =>
    runCommand(t, addUserCommand, ['user', ...line, '--data-dir', folder]);
  await writeFile(join(dataDir, 'users.json'), '{');
  await t.rejects(user(dataDir, 'list'), { message: /users\.json .*SyntaxError.*mended or moved away/ });
  await t.rejects(addUser(join(dataDir, 'users.json/x'), 'alice', 'xiangyin', 'secret'), /users\.json/);
  // A folder in the way of the new file stands for a disk that takes none.
  const full = join(dataDir, 'full');
  await mkdir(join(full, `users.json.${process.pid}`), { recursive: true });
  await t.rejects(addUser(full, 'alice', 'xiangyin', 'secret'), {
    code: 'SIP_USERS_UNWRITABLE',
    message: /full\/users\.json cannot be written/,
  });
});

t.test(
  'what root adds stays readable for whom the folder belongs to',
  { skip: process.getuid?.() === 0 ? false : 'only root can give a file away' },
  async (t) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'users-'));
    t.teardown(() => rm(dataDir, { recursive: true }));
    await chown(dataDir, 12345, 12346);
    await addUser(dataDir, 'alice', 'xiangyin', 'secret');
    t.match(await stat(join(dataDir, 'users.json')), { uid: 12345, gid: 12346, mode: 0o100600 });
  },
);

t.test(
  'registrations tells who is registered at the running server, from where and until when',
  async (t) => {
    const { control, dataDir } = await serveFakeControl(t);
    const ask = (...line: string[]) =>
      runCommand(t, addUserCommand, ['user', 'registrations', ...line, '--data-dir', dataDir]);
    const [, line] = (await ask()).split('\n');
    t.match(
      line,
      /^alice +sip:alice@192\.0\.2\.7:5062 +tcp:127\.0\.0\.1:40123 +2026-11-\d\d \d\d:\d\d:\d\d +desk \?\[31m4$/,
    );
    t.match(JSON.parse(await ask('--json')), [{ user: 'alice', source: { protocol: 'tcp', port: 40123 } }]);
    control.registrations = () => [];
    t.equal(await ask(), 'no telephone is registered');
  },
);
