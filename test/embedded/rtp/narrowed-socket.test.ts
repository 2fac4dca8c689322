import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { systemClock } from '../../../src/core/clock.js';
import { silentLogger } from '../../../src/core/logger.js';
import { writeRtpHeader } from '../../../src/embedded/rtp/packet.js';
import { PortPool } from '../../../src/embedded/rtp/port-pool.js';
import { RtpSession } from '../../../src/embedded/rtp/rtp-session.js';

const local = '127.0.0.1';
const silence = new Int16Array(160);

async function telephone(t: Test): Promise<Socket & { heard: number }> {
  const socket = Object.assign(createSocket('udp4'), { heard: 0 });
  socket.on('message', () => void socket.heard++);
  socket.bind(0, local);
  await once(socket, 'listening');
  let isClosed = false;
  socket.on('close', () => void (isClosed = true));
  t.teardown(() => (isClosed ? undefined : socket.close()));
  return socket;
}

/** A session on a port of our choice, which alone may be narrowed, and the caller it was agreed with. */
async function call(t: Test): Promise<{ session: RtpSession; caller: Socket & { heard: number } }> {
  const any = new PortPool({ address: local, minPort: 0, maxPort: 0 });
  const found = await any.acquire();
  const { port } = found;
  found.close();
  const pool = new PortPool({ address: local, minPort: port, maxPort: port + 1 });
  const caller = await telephone(t);
  const session = new RtpSession({
    socket: await pool.acquire(),
    clock: systemClock,
    codec: 'PCMU',
    payloadType: 0,
    telephoneEventType: undefined,
    remote: { host: local, port: caller.address().port },
    ptimeMs: 20,
    logger: silentLogger,
  });
  t.teardown(() => session.close());
  return { session, caller };
}

let sequence = 0;

async function say(from: Socket, to: RtpSession, packets = 1, ssrc = 77): Promise<void> {
  for (let i = 0; i < packets; i++, sequence++) {
    const bytes = new Uint8Array(172).fill(0xff);
    writeRtpHeader(bytes, 0, false, sequence, 160 * sequence, ssrc);
    await new Promise<void>((sent) => from.send(bytes, to.localPort, local, () => sent()));
  }
}

async function until(condition: () => boolean): Promise<void> {
  const endMs = systemClock.nowMs() + 5000;
  while (!condition()) {
    if (systemClock.nowMs() > endMs) throw new Error('waited in vain');
    await new Promise((done) => setImmediate(done));
  }
}

t.test('a caller who is heard steadily has the socket alone, until it falls silent', async (t) => {
  const { session, caller } = await call(t);
  const stranger = await telephone(t);
  await say(caller, session, 60);
  await until(() => session.stats.packetsReceived === 60);
  await say(stranger, session, 3, 1);
  await say(caller, session, 5);
  await until(() => session.stats.packetsReceived === 65);
  t.equal(session.stats.strangers, 0, 'the system kept strangers off');
  for (let i = 0; i < 25; i++) session.send(silence);
  await until(() => caller.heard === 25);
  await say(stranger, session, 1, 1);
  await until(() => session.stats.strangers === 1);
  await say(caller, session, 60);
  await until(() => session.stats.packetsReceived === 125);
  await say(stranger, session, 1, 1);
  await say(caller, session, 1);
  await until(() => session.stats.packetsReceived === 126);
  t.equal(session.stats.strangers, 1, 'heard again it has it again');
  session.send(silence);
  await until(() => caller.heard === 26);
});

t.test('after a new offer and answer the socket is open to a new address at once', async (t) => {
  const { session, caller } = await call(t);
  const other = await telephone(t);
  await say(caller, session, 60);
  await until(() => session.stats.packetsReceived === 60);
  session.setRemote({ host: local, port: other.address().port }, 'PCMU', 0, undefined);
  session.send(silence);
  await until(() => other.heard === 1);
  await say(other, session, 60, 2);
  await until(() => session.stats.packetsReceived === 120);
  t.equal(session.target?.port, other.address().port);
  session.send(silence);
  await until(() => other.heard === 2);
});

t.test('a caller that is gone refuses packets, and ends nothing', async (t) => {
  const { session, caller } = await call(t);
  await say(caller, session, 60);
  await until(() => session.stats.packetsReceived === 60);
  const { port } = caller.address();
  caller.removeAllListeners('message');
  const back = createSocket('udp4');
  await new Promise<void>((closed) => caller.close(() => closed()));
  t.teardown(() => back.close());
  for (let i = 0; i < 30; i++) {
    session.send(silence);
    await new Promise((done) => setImmediate(done));
  }
  let heard = 0;
  back.on('message', () => void heard++);
  back.bind(port, local);
  await once(back, 'listening');
  session.send(silence);
  session.send(silence);
  await until(() => heard >= 1);
  await say(back, session);
  await until(() => session.stats.packetsReceived === 61);
});
