import t from 'tap';
import { systemClock, type Clock } from '../../../src/core/clock.js';
import { agent, empty, uriOf } from '../sip/phones.js';
import { callee } from './callee.js';
import {
  connectApp,
  once,
  serverEmpty,
  serverUri,
  startServer,
  until,
  type App,
  type AppDialog,
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

type Subscribed = AppDialog & { readonly subscribeEvent: string; getCountOfSubscriptions(): number };

/** From whom the library compares with whom a NOTIFY is for. */
const subscribeTo = (): object => ({
  method: 'SUBSCRIBE',
  headers: { Event: 'presence', Expires: '60', From: '<sip:callee@127.0.0.1>' },
});

t.test('createUAC subscribes: NOTIFYs are heard, the last one ends the dialog', async (t) => {
  const server = await startServer(t);
  const app = await connectApp(t, server);
  const bob = await callee(t);
  const subscribing = app.createUAC(bob.uri, subscribeTo()) as Promise<Subscribed>;
  const subscribe = await bob.request();
  t.equal(subscribe.request.get('event'), 'presence');
  t.match(subscribe.request.get('contact'), /^<sip:127\.0\.0\.1:\d+>$/);
  subscribe.respond(bob.answer(subscribe, 202, { Expires: '60' }));
  const dialog = await subscribing;
  const states: string[] = [];
  dialog.on('notify', (req: Request, res: Response) => {
    states.push(`${req.get('Subscription-State')} ${req.body}`);
    res.send(200);
  });
  const destroyed = once(dialog, 'destroy');
  const notify = (cseq: number, state: string) =>
    bob.ask(subscribe.request, 'NOTIFY', cseq, {
      body: 'open',
      headers: { Event: 'presence', 'Subscription-State': state, 'Content-Type': 'text/plain' },
    });
  t.equal((await notify(1, 'active;expires=50')).status, 200);
  const renewing = dialog.request(subscribeTo());
  const renewal = await bob.request();
  t.match(renewal.request.get('to'), /;tag=callee$/, 'inside the dialog');
  renewal.respond(bob.answer(renewal, 200, { Expires: '60' }));
  t.equal((await renewing).status, 200);
  t.equal((await notify(2, 'terminated;reason=timeout')).status, 200);
  await destroyed;
  t.same(states, ['active;expires=50 open', 'terminated;reason=timeout open']);
  t.ok(await serverEmpty(server));
});

t.test('a NOTIFY that overtakes the answer to its SUBSCRIBE waits for it', async (t) => {
  const server = await startServer(t);
  const app = await connectApp(t, server);
  const bob = await callee(t);
  const subscribing = app.createUAC(bob.uri, subscribeTo()) as Promise<Subscribed>;
  const subscribe = await bob.request();
  const headers = { Event: 'presence', 'Subscription-State': 'terminated' };
  const notified = bob.ask(subscribe.request, 'NOTIFY', 1, { headers });
  // It is there when this is: one connection, one after the other.
  t.equal((await bob.ask(subscribe.request, 'INFO', 2)).status, 503);
  subscribe.respond(bob.answer(subscribe, 200, { Expires: '60' }));
  const dialog = await subscribing;
  const heard = new Promise<string>((resolve) =>
    dialog.on('notify', (req: Request, res: Response) => {
      res.send(200);
      resolve(req.get('Subscription-State'));
    }),
  );
  t.equal(await heard, 'terminated');
  t.equal((await notified).status, 200);
  t.ok(await serverEmpty(server));
});

t.test('a NOTIFY that overtakes the refusal of its SUBSCRIBE gets 481', async (t) => {
  const server = await startServer(t);
  const app = await connectApp(t, server);
  const bob = await callee(t);
  const refused = app.createUAC(bob.uri, subscribeTo()).catch((error: { status: number }) => error.status);
  const subscribe = await bob.request();
  const headers = { Event: 'presence', 'Subscription-State': 'active' };
  const notified = bob.ask(subscribe.request, 'NOTIFY', 1, { headers });
  t.equal((await bob.ask(subscribe.request, 'INFO', 2)).status, 503);
  subscribe.respond(bob.answer(subscribe, 489));
  t.equal(await refused, 489);
  t.equal((await notified).status, 481);
  t.ok(await serverEmpty(server));
});

t.test('createUAS accepts a subscription: renewed, notified, and ended by its application', async (t) => {
  const server = await startServer(t);
  const bob = await callee(t);
  const subscribed = new Promise<Subscribed>((resolve) => {
    void connectApp(t, server, (app) =>
      (app as Subscribing).subscribe((req, res) => {
        void app.createUAS(req, res, { headers: { Expires: '90' } }).then((dialog) => {
          dialog.on('subscribe', (_: Request, again: Response) =>
            again.send(202, { headers: { Expires: '90' } }),
          );
          resolve(dialog as Subscribed);
        });
      }),
    ).then(() => {
      bob.subscribe(serverUri(server), { Event: 'presence', Expires: '90' });
    });
  });
  const dialog = await subscribed;
  t.equal(dialog.subscribeEvent, 'presence');
  const accepted = await bob.response();
  t.equal(accepted.status, 202);
  const renewed = await bob.inside(accepted, 'SUBSCRIBE', 2, { Event: 'presence', Expires: '90' });
  t.equal(renewed.status, 202);
  const notifying = dialog.request({
    method: 'NOTIFY',
    body: 'open',
    headers: { Event: 'presence', 'Subscription-State': 'active', 'Content-Type': 'text/plain' },
  });
  const notify = await bob.request();
  t.equal(notify.request.body, 'open');
  notify.respond(bob.answer(notify, 200));
  t.equal((await notifying).status, 200);
  const ending = dialog.destroy();
  const last = await bob.request();
  t.equal(last.request.method, 'NOTIFY');
  t.equal(last.request.get('subscription-state'), 'terminated');
  last.respond(bob.answer(last, 200));
  await ending;
  await until(() => server.counts().dialogs === 0);
  t.ok(await serverEmpty(server));
});

t.test(
  'who has subscribed to an application that goes away while it is asked is told, and nothing is left',
  async (t) => {
    const server = await startServer(t);
    const app = await connectApp(t, server);
    const bob = await callee(t);
    app.createUAC(bob.uri, subscribeTo()).catch(() => undefined);
    const subscribe = await bob.request();
    app.disconnect();
    await until(() => server.counts().apps === 0);
    subscribe.respond(bob.answer(subscribe, 200, { Expires: '60' }));
    const headers = { Event: 'presence', 'Subscription-State': 'active' };
    await until(() => server.counts().transactions === 0);
    t.equal((await bob.ask(subscribe.request, 'NOTIFY', 1, { headers })).status, 503);
    t.ok(await serverEmpty(server));
  },
);
