import t from 'tap';
import { systemClock, type Clock } from '../../../src/core/clock.js';
import { agent, empty, uriOf } from '../sip/phones.js';
import {
  connectApp,
  serverEmpty,
  serverUri,
  startServer,
  type App,
  type Request,
  type Response,
} from './harness.js';

// Each has its own server and phones, and waits most of its time for 64 * T1.
t.jobs = 4;

type Subscribing = App & { subscribe(handler: (req: Request, res: Response) => void): void };

/** What takes half a minute and more passes 300 times as fast. */
const quick: Clock = {
  nowMs: () => systemClock.nowMs(),
  wallMs: () => systemClock.wallMs(),
  after: (delayMs, fn) => systemClock.after(delayMs >= 30_000 ? delayMs / 300 : delayMs, fn),
};

t.test('a subscription that nobody renews is forgotten when it expires', async (t) => {
  const server = await startServer(t, { clock: quick });
  await connectApp(t, server, (app) =>
    (app as Subscribing).subscribe((_, res) => res.send(202, { headers: { Expires: '90' } })),
  );
  const phone = await agent(t, 'phone');
  const headers = { Event: 'presence', Expires: '3600' };
  t.equal((await phone.request('SUBSCRIBE', serverUri(server), { headers })).status, 202);
  t.equal(server.counts().dialogs, 1);
  t.ok(await serverEmpty(server));
  t.ok(await empty(phone));
});

t.test('a subscription of an application too; a very long one stays', async (t) => {
  const server = await startServer(t, { clock: quick });
  const app = await connectApp(t, server);
  const bob = await agent(t, 'bob');
  let seconds = '60';
  bob.on('request', ({ respond }) =>
    respond(200, undefined, { headers: { Expires: seconds, Contact: `<${uriOf(bob)}>` } }),
  );
  const subscribe = async (): Promise<void> => {
    const headers = { Event: 'presence', Expires: '60' };
    const request = await app.request(uriOf(bob), { method: 'SUBSCRIBE', headers });
    await new Promise((resolve) => request.once('response', resolve));
  };
  await subscribe();
  t.equal(server.counts().dialogs, 1);
  t.ok(await serverEmpty(server));
  seconds = '4294967295';
  await subscribe();
  t.ok(await empty(bob));
  t.equal(server.counts().dialogs, 1);
});
