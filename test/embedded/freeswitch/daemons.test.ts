import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import t, { type Test } from 'tap';
import { limited } from './testbed.js';

const main = new URL('../../../src/main.js', import.meta.url).pathname;
const anyPort = [
  ...['--drachtio', '127.0.0.1:0', '--esl', '127.0.0.1:0', '--media-sip', '127.0.0.1:0'],
  ...['--sip', 'udp:127.0.0.1:0,tcp:127.0.0.1:0', '--rtp', '127.0.0.1:0-0'],
];

function run(t: Test, options: readonly string[]) {
  const child = spawn(process.execPath, [main, 'daemons', ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  const text = { out: '', err: '' };
  const line = new Promise<string>((resolve) => {
    child.stdout.on('data', (bytes: Buffer) => {
      text.out += bytes.toString();
      if (text.out.includes('\n')) resolve(text.out);
    });
  });
  child.stderr.on('data', (bytes: Buffer) => (text.err += bytes.toString()));
  const exit = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { child, text, line, exit };
}

t.test(
  'daemons says where it listens, makes secrets of its own, and ends cleanly when told to',
  async (t) => {
    const { child, line, exit } = run(t, [...anyPort, '--json']);
    const said = JSON.parse(await limited('nothing printed', line)) as Record<string, string>;
    t.match(said['drachtio'], /^127\.0\.0\.1:\d+$/);
    t.match(said['esl'], /^127\.0\.0\.1:[1-9]\d*$/);
    t.equal(said['sip']?.length, 2);
    t.ok((said['secret']?.length ?? 0) >= 32);
    t.not(said['secret'], said['eslSecret']);
    child.kill('SIGTERM');
    t.equal(await limited('it does not end', exit), 0);
  },
);

t.test('a port in use is one line that names it', async (t) => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  t.teardown(() => taken.close());
  const { port } = taken.address() as { port: number };
  const { text, exit } = run(t, [...anyPort, '--esl', `127.0.0.1:${port}`]);
  t.equal(await limited('it does not end', exit), 1);
  t.match(text.err, new RegExp(`${port}`));
  t.equal(text.err.trim().split('\n').length, 1, text.err);
});

t.test('a known secret is not opened to the network', async (t) => {
  const { text, exit } = run(t, [...anyPort, '--drachtio', '0.0.0.0:0', '--secret', 'cymru']);
  t.equal(await limited('it does not end', exit), 1);
  t.match(text.err, /beyond this machine/);
});
