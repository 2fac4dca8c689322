import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { connectApp, sdp, serverEmpty, startServer } from './harness.js';

/** SIPp: a SIP client that shares no code with ours. */
const skip = spawnSync('sipp', ['-v']).error === undefined ? false : 'sipp';

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}

/** Runs sipp in a folder of its own; resolves with its exit code (0: every call went as the scenario says). */
function sipp(t: Test, args: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'sipp-'));
  const child = spawn('sipp', [...args, '-i', '127.0.0.1', '-nostdin', '-timeout', '20s', '-timeout_error'], {
    cwd: folder,
    stdio: 'ignore',
  });
  t.teardown(() => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  return new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
}

for (const [protocol, flag] of [
  ['udp', 'u1'],
  ['tcp', 't1'],
] as const) {
  t.test(
    `sipp calls in over ${protocol}: 30 calls, each answered and ended as it wants`,
    { skip },
    async (t) => {
      const server = await startServer(t);
      let answered = 0;
      await connectApp(t, server, (app) => {
        app.invite((req, res) => {
          res.send(180);
          void app.createUAS(req, res, { localSdp: sdp }).then(() => answered++);
        });
      });
      const port = server.sipAddresses.find((address) => address.protocol === protocol)?.port;
      const own = await freePort();
      const args = ['-sn', 'uac', `127.0.0.1:${port}`, '-m', '30', '-r', '30', '-d', '100'];
      t.equal(await sipp(t, [...args, '-t', flag, '-p', String(own)]), 0);
      t.equal(answered, 30);
      t.ok(await serverEmpty(server));
    },
  );

  t.test(`sipp is called over ${protocol}: 10 calls`, { skip }, async (t) => {
    const server = await startServer(t);
    const app = await connectApp(t, server);
    const own = await freePort();
    const done = sipp(t, ['-sn', 'uas', '-m', '10', '-t', flag, '-p', String(own)]);
    await new Promise((resolve) => setTimeout(resolve, 300)); // it tells nobody when it listens
    const transport = protocol === 'tcp' ? ';transport=tcp' : '';
    for (let i = 0; i < 10; i++) {
      const seen: number[] = [];
      const dialog = await app.createUAC(
        `sip:called@127.0.0.1:${own}${transport}`,
        { localSdp: sdp },
        { cbProvisional: (res) => seen.push(res.status) },
      );
      t.same(seen, [180]);
      t.equal((await dialog.destroy()).method, 'BYE');
    }
    t.ok(await serverEmpty(server));
    t.equal(await done, 0);
  });
}
