import { connect } from 'node:net';
import t from 'tap';
import { ManualClock, systemClock } from '../../../src/core/clock.js';
import { silentLogger } from '../../../src/core/logger.js';
import { encodeFrame } from '../../../src/embedded/drachtio/frame.js';
import type { SipObserver } from '../../../src/embedded/sip/sip-observer.js';
import { agent, uriOf } from '../sip/phones.js';
import { connectApp, once, secret, startServer, type Message } from './harness.js';

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

t.test('a command that fails here is refused and logged once; the next one is carried out', async (t) => {
  const warnings: unknown[] = [];
  const logger = {
    ...silentLogger,
    warn: (fields: object, message: string) => void warnings.push([fields, message]),
  };
  const observer: SipObserver = {
    received: () => undefined,
    sent: (message) => {
      if (message.method === 'PUBLISH') throw new RangeError('planted');
    },
    malformed: () => undefined,
    dropped: () => undefined,
    finished: () => undefined,
  };
  const server = await startServer(t, { logger, observer });
  const app = await connectApp(t, server);
  const phone = await agent(t, 'phone');
  for (let i = 0; i < 2; i++) {
    await t.rejects(app.request(uriOf(phone), { method: 'PUBLISH' }), { message: /Internal server error/ });
  }
  const request = await app.request(uriOf(phone), { method: 'OPTIONS' });
  t.equal((await once<Message>(request, 'response')).status, 200);
  t.same(warnings, [[{ error: 'RangeError' }, 'a command of an application failed here']]);
});
