import { chown, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { t } from 'tap';
import { addUserCommand } from '../../src/cli/user.js';
import { addUser } from '../../src/sip/users.js';
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
