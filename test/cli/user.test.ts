import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { t } from 'tap';
import { addUserCommand } from '../../src/cli/user.js';
import { addUser } from '../../src/sip/users.js';
import { runCommand } from './run-command.js';

t.test('users are listed and removed, never with what their passwords are checked against', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'users-'));
  t.teardown(() => rm(dataDir, { recursive: true }));
  const user = (...line: string[]) => runCommand(t, addUserCommand, ['user', ...line, '--data-dir', dataDir]);
  t.equal(await user('list'), '');
  await addUser(dataDir, 'bob', 'xiangyin', 'secret');
  await addUser(dataDir, 'alice', 'xiangyin', 'secret');
  t.equal(await user('list'), 'alice@xiangyin\nbob@xiangyin');
  t.strictSame(JSON.parse(await user('list', '--json')), [
    { name: 'alice', realm: 'xiangyin' },
    { name: 'bob', realm: 'xiangyin' },
  ]);
  t.equal(await user('remove', 'bob'), 'removed bob');
  await t.rejects(user('remove', 'bob'), { code: 'SIP_NO_SUCH_USER' });
  t.equal(await user('list'), 'alice@xiangyin');
});
