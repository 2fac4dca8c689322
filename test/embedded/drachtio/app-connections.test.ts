import { createServer, type AddressInfo, type Socket } from 'node:net';
import Srf from 'drachtio-srf';
import t from 'tap';
import { systemClock, type Clock } from '../../../src/core/clock.js';
import { accepted, agent, empty, next } from '../sip/phones.js';
import { called, callee } from './callee.js';
import {
  connectApp,
  once,
  sdp,
  secret,
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

t.test(
  'what belongs to a call goes to the application that has it, whoever else takes such requests',
  async (t) => {
    const server = await startServer(t);
    const phone = await agent(t, 'phone');
    const heard: string[] = [];
    const named =
      (name: string) =>
      (app: App): void => {
        app.invite((req, res) => {
          void app.createUAS(req, res, { localSdp: sdp }).then((dialog) => {
            dialog.on('info', (_: Request, answer: Response) => {
              heard.push(name);
              answer.send(200);
            });
          });
        });
        app.options((_, res) => res.send(200));
        (app as unknown as { info(fn: () => void): void }).info(() =>
          t.fail(`${name} got it outside the call`),
        );
      };
    await connectApp(t, server, named('one'));
    await connectApp(t, server, named('two'));
    const dialogs = [];
    for (let i = 0; i < 4; i++) {
      const call = phone.invite(serverUri(server), { body: sdp });
      const dialog = await accepted(call);
      call.ack();
      dialogs.push(dialog);
    }
    for (const dialog of dialogs) {
      for (let i = 0; i < 2; i++) t.equal((await dialog.request('INFO')).status, 200);
    }
    t.same(heard, ['one', 'one', 'two', 'two', 'one', 'one', 'two', 'two']);
    for (const dialog of dialogs) await dialog.bye();
    t.ok(await serverEmpty(server));
  },
);

t.test(
  'an application that loses its connection in a call and comes back gets new calls, the old one is over',
  async (t) => {
    const server = await startServer(t);
    const phone = await agent(t, 'phone');
    const made: AppDialog[] = [];
    const app = await connectApp(t, server, (a) => {
      a.invite(
        (req, res) => void a.createUAS(req, res, { localSdp: sdp }).then((dialog) => void made.push(dialog)),
      );
    });
    const first = phone.invite(serverUri(server), { body: sdp });
    const old = await accepted(first);
    first.ack();
    await until(() => made.length === 1);
    const again = once(app, 'connect');
    (made[0] as unknown as { socket: Socket }).socket.destroy();
    await again;
    await until(() => server.counts().apps === 1);
    await t.rejects((made[0] as AppDialog).destroy(), 'the library knows that the connection is gone');
    const second = phone.invite(serverUri(server), { body: sdp });
    const dialog = await accepted(second);
    second.ack();
    await until(() => made.length === 2);
    t.equal((await dialog.request('INFO')).status, 200);
    t.equal((await old.request('INFO')).status, 481, 'nobody has it');
    await dialog.bye();
    t.ok(await serverEmpty(server));
    t.ok(await empty(phone));
  },
);

t.test('a connection that drops while its call out is answered: the called is hung up', async (t) => {
  const server = await startServer(t);
  const app = await connectApp(t, server);
  const bob = await callee(t);
  app.createUAC(bob.uri, { localSdp: sdp }).catch(() => undefined);
  const invite = await bob.request();
  app.disconnect();
  await until(() => server.counts().apps === 0);
  invite.respond(bob.answer(invite, 200, {}, sdp));
  await bob.ack();
  const bye = await bob.request();
  t.equal(bye.request.method, 'BYE');
  bye.respond(bob.answer(bye, 200));
  t.ok(await serverEmpty(server));
});

t.test(
  'an application that never says anything: the caller gets 500 after 128*T1, what else is asked is forgotten',
  async (t) => {
    const server = await startServer(t);
    const phone = await agent(t, 'phone');
    await connectApp(t, server, (app) => {
      app.invite(() => undefined);
      app.options(() => undefined);
    });
    const options = phone.request('OPTIONS', serverUri(server));
    const [status] = await next(phone.invite(serverUri(server), { body: sdp }), 'failed');
    t.equal(status, 500);
    t.equal((await options).status, 408, 'of its own making');
    t.ok(await serverEmpty(server));
  },
);

t.test(
  'an application that never answers what is asked in a call: the call can still be ended',
  async (t) => {
    const server = await startServer(t);
    const asked: Promise<unknown>[] = [];
    const phone = await agent(t, 'phone');
    await connectApp(t, server, (app) => {
      app.invite((req, res) => {
        void app.createUAS(req, res, { localSdp: sdp }).then((dialog) => {
          for (const event of ['modify', 'info']) asked.push(once(dialog, event));
        });
      });
    });
    const call = phone.invite(serverUri(server), { body: sdp });
    const dialog = await accepted(call);
    call.ack();
    const changed = dialog.reinvite(sdp);
    const info = dialog.request('INFO');
    await until(() => asked.length === 2);
    await Promise.all(asked);
    await dialog.bye();
    t.equal((await changed).status, 487);
    t.equal((await info).status, 408, 'of its own making');
    t.ok(await serverEmpty(server));
  },
);

t.test('a verb that is given back goes to the others; the rest stays', async (t) => {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  const takes =
    (status: number) =>
    (app: App): void => {
      app.options((_, res) => res.send(status));
      app.message((_, res) => res.send(status));
    };
  const one = await connectApp(t, server, takes(486));
  await connectApp(t, server, takes(480));
  (one as unknown as { unregisterForMessages(verb: string): void }).unregisterForMessages('options');
  await once(
    await one.request('sip:x@127.0.0.1:9', { method: 'OPTIONS', proxy: 'sip:127.0.0.1:9' }),
    'response',
  );
  const asked = async (method: string): Promise<number[]> => {
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await phone.request(method, serverUri(server))).status);
    return [...new Set(statuses)].sort();
  };
  t.same(await asked('OPTIONS'), [480]);
  t.same(await asked('MESSAGE'), [480, 486]);
  (one as unknown as { reregisterForMessages(verb: string): void }).reregisterForMessages('options');
  await until(() => server.counts().transactions === 0);
  t.ok(await serverEmpty(server));
});

t.test(
  'an application that we connect to has its call to the end, and lets go of the connection',
  async (t) => {
    const listening = new (
      Srf as unknown as new () => App & {
        listen(options: object): void;
        endSession(req: Request): void;
      }
    )();
    const ended: string[] = [];
    listening.on('error', () => undefined);
    listening.invite((req, res) => {
      void listening.createUAS(req, res, { localSdp: sdp }).then((dialog) => {
        dialog.on('info', (_: Request, answer: Response) => answer.send(200));
        dialog.on('destroy', (bye: Request, reason: string) => {
          ended.push(reason);
          listening.endSession(bye);
        });
      });
    });
    const tcp = createServer();
    listening.listen({ server: tcp, secret });
    await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
    t.teardown(() => tcp.close());
    const { port } = tcp.address() as AddressInfo;
    const handler = { sipMethod: 'INVITE', url: `tcp://127.0.0.1:${port}` };
    const server = await startServer(t, { requestHandlers: [handler] });
    const phone = await agent(t, 'phone');
    const calls = [];
    for (let i = 0; i < 2; i++) {
      const call = phone.invite(serverUri(server), { body: sdp });
      calls.push(await accepted(call));
      call.ack();
    }
    t.equal(server.counts().apps, 2, 'one connection for each call');
    for (const dialog of calls) {
      t.equal((await dialog.request('INFO')).status, 200);
      await dialog.bye();
    }
    t.same(ended, ['normal release', 'normal release']);
    await until(() => server.counts().apps === 0);
    t.equal(server.counts().apps, 0);
    t.ok(await serverEmpty(server));
  },
);

t.test(
  'a connection that drops while its re-INVITE is answered: acknowledged, the call goes on',
  async (t) => {
    const server = await startServer(t);
    const app = await connectApp(t, server);
    const bob = await callee(t);
    const { dialog, invite } = await called(app, bob);
    dialog.modify(sdp).catch(() => undefined);
    const again = await bob.request();
    app.disconnect();
    await until(() => server.counts().apps === 0);
    again.respond(bob.answer(again, 200, {}, sdp));
    t.equal((await bob.ack()).get('cseq'), again.request.get('cseq')?.replace('INVITE', 'ACK'));
    t.equal((await bob.ask(invite.request, 'INFO', 1)).status, 481, 'nobody has it');
    t.equal(bob.waiting(), 0, 'no BYE');
    t.equal(server.counts().dialogs, 1);
    t.equal((await bob.ask(invite.request, 'BYE', 2)).status, 481);
    t.ok(await serverEmpty(server));
  },
);

t.test('a call that lost its application, and its caller too, is forgotten after a day', async (t) => {
  const hourMs = 3_600_000;
  const clock: Clock = {
    nowMs: () => systemClock.nowMs(),
    wallMs: () => systemClock.wallMs(),
    after: (delayMs, fn) => systemClock.after(delayMs > hourMs ? delayMs / hourMs : delayMs, fn),
  };
  const server = await startServer(t, { clock });
  const phone = await agent(t, 'phone');
  let made = 0;
  const app = await connectApp(t, server, (a) => {
    a.invite((req, res) => void a.createUAS(req, res, { localSdp: sdp }).then(() => made++));
  });
  const call = phone.invite(serverUri(server), { body: sdp });
  await accepted(call);
  call.ack();
  await until(() => made === 1);
  await phone.close();
  t.equal(server.counts().dialogs, 1);
  app.disconnect();
  await until(() => server.counts().apps === 0);
  t.ok(await serverEmpty(server), '24 ms later');
});
