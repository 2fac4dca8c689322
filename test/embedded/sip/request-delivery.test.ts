import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { makeResponse } from '../../../src/embedded/sip/make-message.js';
import type { SipMessage } from '../../../src/embedded/sip/message.js';
import { parseVia } from '../../../src/embedded/sip/via.js';
import { parseMessage } from './parsed.js';
import { agent, empty, next } from './phones.js';

/** A TCP server that does with each message what the test says, in turn. */
async function server(t: Test, ...acts: readonly ((message: SipMessage, socket: Socket) => void)[]) {
  const heard: SipMessage[] = [];
  const tcp = createServer((socket) => {
    t.teardown(() => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      const message = parseMessage(bytes);
      heard.push(message);
      acts[heard.length - 1]?.(message, socket);
    });
  });
  tcp.listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  t.teardown(() => tcp.close());
  const { port } = tcp.address() as AddressInfo;
  return { heard, uri: `sip:x@127.0.0.1:${port};transport=tcp` };
}

const answer = (status: number) => (message: SipMessage, socket: Socket) =>
  void socket.write(makeResponse(message, status).toBuffer());
const hangUp = (_message: SipMessage, socket: Socket): void => void socket.destroy();
const branchOf = (message?: SipMessage): string | undefined => parseVia(message?.get('via') ?? '')?.branch;
/** So slow that nothing in these tests ends by a timer. */
const timers = { t1Ms: 60_000, t2Ms: 60_000, t4Ms: 10 };

t.test('a connection that ends before any answer is a 503 at once', async (t) => {
  const { heard, uri } = await server(t, hangUp, hangUp);
  const phone = await agent(t, 'phone', { listen: ['tcp:127.0.0.1:0'], timers });
  t.equal((await phone.request('OPTIONS', uri)).status, 503);
  t.same(await next(phone.invite(uri), 'failed'), [503, undefined]);
  t.equal(heard.length, 2, 'each was sent once');
  t.ok(await empty(phone));
});

t.test('one that stood open before is replaced: the same request again over a new one, once', async (t) => {
  const { heard, uri } = await server(t, answer(200), hangUp, answer(200), hangUp, hangUp);
  const phone = await agent(t, 'phone', { listen: ['tcp:127.0.0.1:0'], timers });
  const statuses: number[] = [];
  for (let i = 0; i < 3; i++) statuses.push((await phone.request('OPTIONS', uri)).status);
  t.same(statuses, [200, 200, 503]);
  t.equal(heard.length, 5);
  t.equal(branchOf(heard[1]), branchOf(heard[2]));
  t.not(branchOf(heard[2]), branchOf(heard[3]));
  t.ok(await empty(phone));
});

t.test('who has said 100 may answer over a connection of its own', async (t) => {
  const { uri } = await server(t, (message, socket) => {
    socket.end(makeResponse(message, 100).toBuffer());
    const via = parseVia(message.get('via') ?? '');
    const back = connect(via?.port ?? 0, via?.host ?? '');
    t.teardown(() => back.destroy());
    socket.on('close', () => back.write(makeResponse(message, 486).toBuffer()));
  });
  const phone = await agent(t, 'phone', { listen: ['tcp:127.0.0.1:0'], timers });
  t.equal((await next(phone.invite(uri), 'failed'))[0], 486);
});
