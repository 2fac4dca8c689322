import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { refuseSecond } from '../../src/cli/start-server.js';
import { ControlClient } from '../../src/http/control-client.js';
import { serveFakeControl } from './serve-fake-control.js';

t.test('a data folder has one server: a second is refused, and the first goes on', async (t) => {
  const { dataDir } = await serveFakeControl(t);
  await t.rejects(refuseSecond(dataDir), {
    code: 'CLI_ALREADY_SERVED',
    message: /\(process 42\): stop that one, or .* --data-dir/,
  });
  t.match(await (await ControlClient.open(dataDir)).status(), { pid: 42 });
});

t.test('what a killed server left behind refuses nobody', async (t) => {
  const { dataDir } = await serveFakeControl(t);
  const token = join(dataDir, 'control.token');
  await writeFile(token, 'token\nhttp://127.0.0.1:1\n');
  await t.resolves(refuseSecond(dataDir), 'nobody is there');
  await writeFile(token, 'half');
  await t.resolves(refuseSecond(dataDir), 'the file is cut short');
  await rm(token);
  await t.resolves(refuseSecond(dataDir), 'there is no file');
  const { dataDir: other } = await serveFakeControl(t);
  const [, address = ''] = (await readFile(join(other, 'control.token'), 'utf8')).split('\n');
  await writeFile(token, `another\n${address}\n`);
  await t.resolves(refuseSecond(dataDir), 'the server of another folder has the port now');
});
