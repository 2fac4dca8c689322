import { once } from 'node:events';
import { createServer } from 'node:net';
import t, { type Test } from 'tap';
import { ManualClock, systemClock } from '../../../src/core/clock.js';
import { silentLogger, type Logger } from '../../../src/core/logger.js';
import { MediaWorkers, shareOut } from '../../../src/embedded/media-workers.js';
import type { FreeSwitchServer } from '../../../src/embedded/freeswitch/freeswitch-server.js';
import { api, connectClient } from './testbed.js';

const settings = {
  eventSocket: { host: '127.0.0.1', port: 0 },
  secret: 'secret',
  sip: 'udp:127.0.0.1:0',
  rtpAddress: '127.0.0.1',
  rtpPorts: { min: 0, max: 0 },
};

t.test('workers get the ports after those that are given, and RTP ports of their own', (t) => {
  const shared = shareOut(
    {
      ...settings,
      eventSocket: { host: '127.0.0.1', port: 8021 },
      sip: 'udp:127.0.0.1:5080,tcp:[::1]:5080',
      rtpPorts: { min: 20_000, max: 20_009 },
    },
    3,
  );
  t.strictSame(
    shared.map(({ eventSocket, sip, rtpPorts }) => [eventSocket.port, sip, rtpPorts.min, rtpPorts.max]),
    [
      [8021, 'udp:127.0.0.1:5080,tcp:[::1]:5080', 20_000, 20_001],
      [8022, 'udp:127.0.0.1:5081,tcp:[::1]:5081', 20_002, 20_003],
      [8023, 'udp:127.0.0.1:5082,tcp:[::1]:5082', 20_004, 20_009],
    ],
  );
  const free = shareOut(settings, 2).map(({ eventSocket, sip, rtpPorts }) => [
    eventSocket.port,
    sip,
    rtpPorts.max,
  ]);
  t.strictSame(free, [
    [0, 'udp:127.0.0.1:0', 0],
    [0, 'udp:127.0.0.1:0', 0],
  ]);
  t.end();
});

t.test('no worker is without RTP ports: where they are few there are fewer workers', (t) => {
  const ranges = (min: number, max: number) =>
    shareOut({ ...settings, rtpPorts: { min, max } }, 6).map(({ rtpPorts }) => [rtpPorts.min, rtpPorts.max]);
  t.strictSame(ranges(20_000, 20_005), [
    [20_000, 20_001],
    [20_002, 20_003],
    [20_004, 20_005],
  ]);
  t.strictSame(
    ranges(20_001, 20_006),
    [
      [20_002, 20_003],
      [20_004, 20_006],
    ],
    'a pair begins with an even port',
  );
  t.equal(ranges(20_000, 20_000).length, 1, 'there is one in any case');
  t.end();
});

async function answers(t: Test, workers: MediaWorkers, index: number): Promise<boolean> {
  const at = workers.addresses[index] as unknown as FreeSwitchServer;
  return /^UP/.test(await api(await connectClient(t, at, settings.secret), 'status'));
}

/** A logger, and the number of the worker of whose crash it is told. */
function watched(): { logger: Logger; crashed: Promise<unknown> } {
  let logger: Logger = silentLogger;
  const crashed = new Promise<unknown>((resolve) => {
    const error: Logger['error'] = (fields, message) => {
      if (/has crashed/.test(message)) resolve((fields as { worker?: unknown }).worker);
    };
    logger = { ...silentLogger, error };
  });
  return { logger, crashed };
}

t.test('a worker that crashes is replaced under the same addresses; the others go on', async (t) => {
  const { logger, crashed } = watched();
  const workers = await MediaWorkers.start(shareOut(settings, 2), { clock: systemClock, logger });
  t.teardown(() => workers.close());
  const before = workers.addresses;
  t.ok(await answers(t, workers, 0));
  const other = await connectClient(t, before[1] as unknown as FreeSwitchServer, settings.secret);
  await workers['seats'][0]?.['worker']?.['worker'].terminate();
  t.equal(await crashed, 0);
  t.match(await api(other, 'status'), /^UP/, 'the other worker has not noticed');
  for (let again = 0; again < 100; again += 1) {
    if (await answers(t, workers, 0).catch(() => false)) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  t.ok(await answers(t, workers, 0), 'a new one answers');
  t.strictSame(workers.addresses, before);
});

t.test('when one worker cannot start, none stays, and the message says why', async (t) => {
  const taken = await MediaWorkers.start([settings], { clock: systemClock, logger: silentLogger });
  t.teardown(() => taken.close());
  const port = taken.addresses[0]?.eventSocketAddress.port ?? 0;
  const starting = MediaWorkers.start([settings, { ...settings, eventSocket: { host: '127.0.0.1', port } }], {
    clock: systemClock,
    logger: silentLogger,
  });
  await t.rejects(starting, { code: 'EMBEDDED_START_FAILED', message: new RegExp(String(port)) });
});

t.test(
  'a worker that cannot be replaced is tried less and less often, however long it ran before',
  async (t) => {
    const clock = new ManualClock();
    let failed: () => void = () => undefined;
    const { logger: watching, crashed } = watched();
    const logger: Logger = {
      ...silentLogger,
      error: (fields, message) => {
        watching.error(fields, message);
        failed();
      },
    };
    const workers = await MediaWorkers.start([settings], { clock, logger });
    t.teardown(() => workers.close());
    const [seat] = workers['seats'];
    clock.advance(60_000);
    await seat?.['worker']?.['worker'].terminate();
    await crashed;
    const taken = createServer().listen(workers.addresses[0]?.eventSocketAddress);
    await once(taken, 'listening');
    t.teardown(() => taken.close());
    for (const delayMs of [100, 200, 400]) {
      const before = seat?.['worker'];
      clock.advance(delayMs - 1);
      t.equal(seat?.['worker'], before, `not before ${String(delayMs)} ms`);
      const told = new Promise<void>((resolve) => (failed = resolve));
      clock.advance(1);
      t.not(seat?.['worker'], before);
      await told;
    }
  },
);

t.test('closing is safe twice, and while a worker is being replaced', async (t) => {
  const { logger, crashed } = watched();
  const workers = await MediaWorkers.start([settings], { clock: systemClock, logger });
  await workers['seats'][0]?.['worker']?.['worker'].terminate();
  await crashed;
  await Promise.all([workers.close(), workers.close()]);
  t.strictSame(await workers.counts(), {});
});
