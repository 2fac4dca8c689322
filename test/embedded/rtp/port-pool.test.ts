import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import t from 'tap';
import { PortPool } from '../../../src/embedded/rtp/port-pool.js';

async function taken(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    socket.bind({ port, address: '127.0.0.1', exclusive: true });
    await once(socket, 'listening');
    return false;
  } catch {
    return true;
  } finally {
    socket.close();
  }
}

t.test('a pair has an even port and the odd one above it, both free again after close', async (t) => {
  const pool = new PortPool({ address: '127.0.0.1', minPort: 0, maxPort: 0 });
  t.teardown(() => pool.close());
  const pair = await pool.acquire();
  t.equal(pair.port % 2, 0);
  t.equal(pair.address, '127.0.0.1');
  t.ok(await taken(pair.port));
  t.ok(await taken(pair.port + 1));
  t.equal(pool.inUse, 1);
  pair.close();
  pair.close();
  t.equal(pool.inUse, 0);
  t.notOk(await taken(pair.port));
  t.notOk(await taken(pair.port + 1));
});

t.test(
  'a range gives each pair once, passes over what others hold, then says that it is exhausted',
  async (t) => {
    const system = new PortPool({ address: '127.0.0.1', minPort: 0, maxPort: 0 });
    const anchor = await system.acquire();
    const minPort = anchor.port; // taken by somebody else
    const pool = new PortPool({ address: '127.0.0.1', minPort, maxPort: minPort + 7 });
    t.teardown(() => (system.close(), pool.close()));
    const pairs = [];
    let refusal: unknown;
    for (let i = 0; i < 4; i++) {
      try {
        pairs.push(await pool.acquire());
      } catch (error) {
        refusal = error;
      }
    }
    t.match(refusal, { code: 'RTP_NO_PORT', retryable: true, sipStatus: 503 });
    const ports = pairs.map((pair) => pair.port);
    t.equal(new Set(ports).size, ports.length);
    t.ok(
      ports.every((port) => port % 2 === 0 && port > minPort && port + 1 <= minPort + 7),
      ports.join(),
    );
    t.ok(ports.length >= 1, 'at least one of three was free');
    anchor.close();
    t.equal((await pool.acquire()).port, minPort, 'what became free is found');
  },
);

t.test('calls that start together get different ports', async (t) => {
  const pool = new PortPool({ address: '127.0.0.1', minPort: 0, maxPort: 0 });
  t.teardown(() => pool.close());
  const pairs = await Promise.all(Array.from({ length: 20 }, () => pool.acquire()));
  t.equal(new Set(pairs.map((pair) => pair.port)).size, 20);
  pool.close();
  t.equal(pool.inUse, 0);
  await t.rejects(pool.acquire(), { code: 'RTP_CLOSED' });
});

t.test('RTCP and unreachable hosts disturb nothing', async (t) => {
  const pool = new PortPool({ address: '127.0.0.1', minPort: 0, maxPort: 0 });
  t.teardown(() => pool.close());
  const [a, b] = [await pool.acquire(), await pool.acquire()];
  const got = new Promise<string>((done) => {
    b.onMessage = (bytes) => done(bytes.toString());
  });
  // Nobody listens there; then a host that cannot exist.
  a.send(Buffer.from('lost'), 4, 9, '127.0.0.1');
  a.send(Buffer.from('lost'), 4, 9, 'no-such-host.invalid');
  const report = createSocket('udp4');
  t.teardown(() => report.close());
  report.send(Buffer.from([0x80, 200, 0, 0]), b.port + 1, '127.0.0.1');
  a.send(Buffer.from('heard'), 5, b.port, '127.0.0.1');
  t.equal(await got, 'heard');
});
