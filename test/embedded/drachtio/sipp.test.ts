import t, { type Test } from 'tap';
import { freePortPair } from '../../scenarios/outside-tool.js';
import { SippProcess, withoutSipp } from '../../scenarios/sipp-process.js';
import { connectApp, sdp, serverEmpty, startServer } from './harness.js';

// Each has its own server, and waits for sipp, which paces its calls.
t.jobs = 4;

const skip = withoutSipp;

/** Runs sipp, for 20 s at most; resolves with its exit code (0: every call went as the scenario says). */
async function sipp(t: Test, args: readonly string[]): Promise<number | null> {
  const running = await SippProcess.start([...args, '-timeout', '20s', '-timeout_error']);
  t.teardown(() => running.close());
  return running.exit;
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
      const own = await freePortPair();
      const args = ['-sn', 'uac', `127.0.0.1:${port}`, '-m', '30', '-r', '30', '-d', '100'];
      t.equal(await sipp(t, [...args, '-t', flag, '-p', String(own)]), 0);
      t.equal(answered, 30);
      t.ok(await serverEmpty(server));
    },
  );

  t.test(`sipp is called over ${protocol}: 10 calls`, { skip }, async (t) => {
    const server = await startServer(t);
    const app = await connectApp(t, server);
    const own = await freePortPair();
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
