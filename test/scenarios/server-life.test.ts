import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { callDesk, deskEnvironment, startDesk } from './desk.js';
import { spawnServer, type ServerProcess } from './server-process.js';

t.setTimeout(85_000);
// Each has its own server.
t.jobs = 2;

/** Waits until the first call is answered and in the dialplan. */
const callIsUp = (server: ServerProcess): Promise<void> =>
  server.until(async (control) => (await control.calls()).some(({ node }) => node === 'main.menu'));

t.test('a second server on the same port says so in one line and ends', async (t) => {
  const first = await startDesk(t);
  const dataDir = await mkdtemp(join(tmpdir(), 'xiangyin-second-'));
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const second = spawnServer(dataDir, { ...deskEnvironment, XIANGYIN_SIP_LISTEN: `udp:${first.sip}` });
  let stderr = '';
  second.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(second, 'close')) as [number | null];
  t.not(code, 0);
  const port = first.sip.split(':')[1] ?? '';
  const lines = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
  t.equal(lines.length, 1, stderr);
  t.ok(lines[0]?.includes(port), `names the port: ${lines[0]}`);
  const report = await callDesk(first, '  - expect: speech\n  - hangup\n');
  t.equal(report.failure, undefined, 'the first is not disturbed');
});

t.test('SIGTERM: no new calls, the live one finishes, then exit 0', async (t) => {
  const server = await startDesk(t, { XIANGYIN_CALLS_DRAIN_MS: '20000' });
  const live = callDesk(
    server,
    '  - expect: { speech: true, withinMs: 20000 }\n  - wait: 2500\n  - press: "2"\n  - expectHangup\n',
  );
  await callIsUp(server);
  server.signal('SIGTERM');
  await server.until(async (control) => (await control.status()).status === 'draining');
  const refused = await callDesk(server, '  - expectRefusal: { status: 503 }\n');
  t.equal(refused.failure, undefined, 'a new call is refused');
  const report = await live;
  t.equal(report.failure, undefined, 'the live call went on to its end');
  const { code, stderr } = await server.exited;
  t.equal(code, 0, stderr);
});

t.test('SIGTERM: a call that does not end is ended after the limit', async (t) => {
  const server = await startDesk(t, { XIANGYIN_CALLS_DRAIN_MS: '1000' });
  const live = callDesk(server, '  - expectAnswer\n  - expectHangup: { withinMs: 8000 }\n');
  await callIsUp(server);
  server.signal('SIGTERM');
  const report = await live;
  t.equal(report.failure, undefined);
  t.equal((await server.exited).code, 0);
});
