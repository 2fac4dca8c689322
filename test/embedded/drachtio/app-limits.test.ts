import { connect } from 'node:net';
import t from 'tap';
import { ManualClock, systemClock } from '../../../src/core/clock.js';
import { encodeFrame } from '../../../src/embedded/drachtio/frame.js';
import { connectApp, secret, startServer } from './harness.js';

const gone = (socket: ReturnType<typeof connect>): Promise<void> =>
  new Promise((resolve) => socket.once('close', () => resolve()));

t.test('a connection that has not said the secret within 10 s is closed; one that has stays', async (t) => {
  const clock = new ManualClock();
  const server = await startServer(t, { clock });
  await connectApp(t, server);
  const idle = connect(server.adminAddress).on('error', () => undefined);
  idle.resume();
  const closed = gone(idle);
  while (server.counts().apps < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  clock.advance(9_999);
  t.equal(server.counts().apps, 2);
  clock.advance(1);
  await closed;
  while (server.counts().apps > 1) await new Promise((resolve) => setTimeout(resolve, 5));
  t.equal(server.counts().apps, 1);
});

t.test('an application that leaves 16 MB unread is dropped; the others go on', async (t) => {
  const server = await startServer(t);
  const other = await connectApp(t, server);
  let lost = false;
  other.on('close', () => (lost = true));
  const deaf = connect(server.adminAddress).on('error', () => undefined);
  await new Promise<void>((resolve) => deaf.once('connect', resolve));
  deaf.write(encodeFrame(`m1|authenticate|${secret}|`));
  await new Promise<void>((resolve) => deaf.once('data', () => resolve()));
  deaf.pause();
  // A ping is answered with some 60 bytes: as many as the answers need to fill 16 MB and the kernel's buffers.
  const pings = Buffer.concat(Array.from({ length: 4000 }, () => encodeFrame('m2|ping')));
  const closed = gone(deaf);
  let isClosed = false;
  void closed.then(() => (isClosed = true));
  const limit = systemClock.nowMs() + 20_000;
  while (server.counts().apps > 1 && systemClock.nowMs() < limit) {
    if (!isClosed) deaf.write(pings);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  t.equal(server.counts().apps, 1);
  t.equal(lost, false);
  deaf.destroy();
});
