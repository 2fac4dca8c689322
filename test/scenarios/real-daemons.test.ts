import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { parseDaemonUrl } from '../../src/config/daemon-url.js';
import { callDesk, newestRecord, startDesk } from './desk.js';
import { projectDir, spawnServer } from './server-process.js';

t.setTimeout(400_000);

const drachtio = process.env['XIANGYIN_TEST_DRACHTIO_URL'];
const freeswitch = process.env['XIANGYIN_TEST_FREESWITCH_URL'];

// Every command that is started below reads the environment, and a variable that it does not know is an error.
delete process.env['XIANGYIN_TEST_DRACHTIO_URL'];
delete process.env['XIANGYIN_TEST_FREESWITCH_URL'];

/** The scenarios that run on the embedded pair, once more on daemons that are already there. */
const scenarios = (process.env['XIANGYIN_TEST_SCENARIOS'] ?? 'conversation,signalling,sipp,baresip').split(
  ',',
);
delete process.env['XIANGYIN_TEST_SCENARIOS'];

if (drachtio === undefined || freeswitch === undefined) {
  const skip = 'XIANGYIN_TEST_DRACHTIO_URL and XIANGYIN_TEST_FREESWITCH_URL are not given';
  t.test('the server on a real drachtio and a real FreeSWITCH', { skip }, async () => undefined);
} else {
  const daemons = { XIANGYIN_DRACHTIO_URL: drachtio, XIANGYIN_FREESWITCH_URL: freeswitch };

  for (const name of scenarios) {
    t.test(`the scenario '${name}' passes on the real daemons`, async (t) => {
      const file = join(projectDir, `dist/test/scenarios/${name}.test.js`);
      const { stdout } = await promisify(execFile)(process.execPath, [file], {
        env: { ...process.env, ...daemons },
        cwd: projectDir,
      }).catch((error: { stdout: string }) => error);
      t.same(
        stdout.split('\n').filter((line) => /^\s*not ok/.test(line)),
        [],
      );
      t.match(stdout, /^ok 1 - /m);
    });
  }

  t.test('the longest duration ends a call, and FreeSWITCH has no channel left', async (t) => {
    const server = await startDesk(t, { ...daemons, XIANGYIN_CALLS_MAX_DURATION_MS: '3000' });
    const report = await callDesk(
      server,
      '  - expect: speech\n  - press: "1"\n  - expectHangup: { withinMs: 6000 }\n',
    );
    t.equal(report.failure, undefined);
    t.match(await newestRecord(server, 0), { endReason: 'timeout' });
    t.equal(await channels(freeswitch), 0);
  });

  t.test('a WebSocket that FreeSWITCH cannot reach: 503, and the endpoint is closed', async (t) => {
    const server = await startDesk(t, {
      ...daemons,
      XIANGYIN_AUDIO_STREAM_ADVERTISE: 'ws://127.0.0.1:9',
      XIANGYIN_LOG_LEVEL: 'silent',
    });
    const report = await callDesk(server, '  - expectRefusal: { status: 503 }\n');
    t.equal(report.failure, undefined);
    t.match(await newestRecord(server, 0), { endReason: 'error', sipStatus: 503 });
    t.equal(await channels(freeswitch), 0);
    t.equal((await server.counts())['endpoints'], 0);
  });

  for (const [what, env, words] of [
    ['a wrong secret', { XIANGYIN_FREESWITCH_URL: withSecret(freeswitch, 'no-such-secret') }, /refused us/],
    ['a profile that is not there', { XIANGYIN_MEDIA_SERVER_PROFILE: 'nosuch' }, /no running SIP profile/],
    [
      'a wrong drachtio secret',
      { XIANGYIN_DRACHTIO_URL: withSecret(drachtio, 'nope') },
      /refused the secret/,
    ],
  ] as const) {
    t.test(`${what} is one clear error`, async (t) => {
      const child = spawnServer(t.testdir(), { ...daemons, ...env, XIANGYIN_LOG_LEVEL: 'silent' });
      t.teardown(() => child.kill('SIGKILL'));
      let stderr = '';
      child.stderr?.on('data', (text: Buffer) => (stderr += text.toString()));
      const code = await new Promise((resolve) => child.once('close', resolve));
      t.equal(code, 1);
      t.match(stderr, words);
      t.equal(stderr.trim().split('\n').length, 1);
    });
  }
}

function withSecret(url: string, secret: string): string {
  const changed = new URL(url.split(',')[0] ?? url);
  changed.password = secret;
  return changed.href;
}

/** Channels of the first FreeSWITCH once calls have had a second to go. */
async function channels(url: string): Promise<number> {
  let count = Number.NaN;
  for (let tries = 0; tries < 10 && count !== 0; tries += 1) {
    count = await channelsNow(url);
    if (count !== 0) await new Promise((resolve) => setTimeout(resolve, 300));
  }
  return count;
}

function channelsNow(url: string): Promise<number> {
  const { host, port, secret } = parseDaemonUrl(url.split(',')[0] ?? url);
  return new Promise((resolve, reject) => {
    const socket = connect(port, host, () => socket.write(`auth ${secret}\n\napi show channels count\n\n`));
    let text = '';
    socket.on('error', reject);
    socket.on('data', (data) => {
      text += data.toString();
      const count = /(\d+) total\./.exec(text)?.[1];
      if (count === undefined) return;
      socket.destroy();
      resolve(Number(count));
    });
  });
}
