import { createServer, type AddressInfo, type Server } from 'node:net';
import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { t } from 'tap';
import { cliError } from '../../src/cli/errors.js';
import { failureText } from '../../src/cli/failure-text.js';
import { optionThatSays } from '../../src/cli/start-server.js';

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

t.test('a known failure is its message; a fault of ours has no text', async (t) => {
  t.equal(failureText(cliError('CLI_NO_TERMINAL')), cliError('CLI_NO_TERMINAL').message);
  t.equal(failureText(new TypeError('x is not a function')), undefined);
  t.equal(failureText('thrown'), undefined);
});

t.test('a file that is not there, or is none, is named', async (t) => {
  const dir = t.testdir({});
  const missing = await failureOf(readFile(`${dir}/none`));
  t.equal(failureText(missing), `${dir}/none: there is no such file or folder`);
  t.match(
    failureText(Object.assign(new Error('x'), { code: 'EACCES', path: '/a' })),
    '/a: cannot be used (EACCES)',
  );
});

t.test('a port that is taken is named', async (t) => {
  const listen = (port: number): Server => createServer().listen(port, '127.0.0.1');
  const first = listen(0);
  t.teardown(() => first.close());
  await once(first, 'listening');
  const { port } = first.address() as AddressInfo;
  const [error] = (await once(listen(port), 'error')) as [Error];
  t.equal(failureText(error), `port ${port} on 127.0.0.1 is taken: choose another one`);
});

t.test('the option that names a path is found, however deep it stands', async (t) => {
  const config = { dataDir: '/d', dialplans: { dir: '/p' }, speech: { engines: [{ caFile: '/ca' }] } };
  t.equal(optionThatSays('/d', config), 'dataDir');
  t.equal(optionThatSays('/p', config), 'dialplans.dir');
  t.equal(optionThatSays('/ca', config), 'speech.engines.0.caFile');
  t.equal(optionThatSays('/else', config), undefined);
});
