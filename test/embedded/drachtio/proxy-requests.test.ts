import t from 'tap';
import type { SipMessage } from '../../../src/embedded/sip/message.js';
import type { OutgoingInvite } from '../../../src/embedded/sip/outgoing-invite.js';
import type { ServerTransaction } from '../../../src/embedded/sip/transaction-layer.js';
import { agent, empty, next } from '../sip/phones.js';
import { callee } from './callee.js';
import {
  connectApp,
  sdp,
  serverEmpty,
  serverUri,
  startServer,
  until,
  type App,
  type Message,
  type Request,
  type Response,
} from './harness.js';

// Each has its own server and phones, and waits most of its time for 64 * T1.
t.jobs = 4;

type Proxying = App & {
  use(verb: string, handler: (req: Request, res: Response) => void): void;
  proxyRequest(
    req: Message,
    to: string | readonly string[],
    options?: object,
  ): Promise<{ finalStatus: number; connected: boolean }>;
};

t.test('MESSAGE, OPTIONS, SUBSCRIBE and REGISTER are forwarded too; REGISTER gets a Path', async (t) => {
  const server = await startServer(t);
  const bob = await callee(t);
  const phone = await agent(t, 'phone');
  const results: number[] = [];
  const methods = ['MESSAGE', 'OPTIONS', 'SUBSCRIBE', 'REGISTER'];
  await connectApp(t, server, (app) => {
    for (const method of methods) {
      (app as Proxying).use(method.toLowerCase(), (req) => {
        void (app as Proxying)
          .proxyRequest(req, bob.uri, { remainInDialog: true })
          .then(({ finalStatus }) => results.push(finalStatus));
      });
    }
  });
  for (const method of methods) {
    const asked = phone.request(method, serverUri(server), {
      body: '你好',
      headers: { 'Content-Type': 'text/plain', 'X-Mark': 'm' },
    });
    const arrived = await bob.request();
    t.equal(arrived.request.method, method);
    t.equal(arrived.request.uri, bob.uri);
    t.equal(arrived.request.body, '你好');
    t.equal(arrived.request.get('x-mark'), 'm');
    t.equal(arrived.request.has('path'), method === 'REGISTER');
    t.equal(arrived.request.has('record-route'), method !== 'REGISTER');
    arrived.respond(bob.answer(arrived, 202, { 'X-Back': 'b' }));
    const answer = await asked;
    t.equal(answer.status, 202);
    t.equal(answer.get('x-back'), 'b');
  }
  await until(() => results.length === methods.length);
  t.same(results, [202, 202, 202, 202]);
  t.ok(await serverEmpty(server));
});

t.test('remainInDialog: PRACK and UPDATE of the early dialog pass, and the BYE', async (t) => {
  const server = await startServer(t);
  const alice = await callee(t);
  const bob = await callee(t);
  await connectApp(t, server, (app) => {
    app.invite((req) => {
      void (app as Proxying).proxyRequest(req, bob.uri, { remainInDialog: true });
    });
  });
  let hear: (response: SipMessage) => void = () => undefined;
  const heard = new Map(
    [183, 200].map((status) => {
      const response = new Promise<SipMessage>((resolve) => {
        const before = hear;
        hear = (one) => (one.status === status ? resolve(one) : before(one));
      });
      return [status, response];
    }),
  );
  alice.call(serverUri(server), (response) => hear(response));
  const invite = await bob.request();
  invite.respond(bob.answer(invite, 183, { RSeq: '3', Require: '100rel' }, sdp));
  const ringing = (await heard.get(183)) as SipMessage;
  t.match(ringing.get('record-route'), /;lr;pass=/);
  t.equal(ringing.get('rseq'), '3');
  const pass = async (response: SipMessage, method: string, cseq: number): Promise<void> => {
    const asked = alice.inside(response, method, cseq, { RAck: '3 1 INVITE' });
    const arrived = await bob.request();
    t.equal(arrived.request.method, method);
    t.equal(arrived.request.uri, bob.uri);
    t.equal(arrived.request.has('route'), false);
    t.equal(arrived.request.getAll('via').length, 2, 'through us');
    arrived.respond(bob.answer(arrived, 200));
    t.equal((await asked).status, 200);
  };
  await pass(ringing, 'PRACK', 2);
  await pass(ringing, 'UPDATE', 3);
  invite.respond(bob.answer(invite, 200, {}, sdp));
  const ok = (await heard.get(200)) as SipMessage;
  alice.acknowledge(ok);
  t.equal((await bob.ack()).getAll('via').length, 2);
  await pass(ok, 'BYE', 4);
  t.ok(await serverEmpty(server));
});

t.test('two phones answer at once: the caller gets both answers and hangs up one', async (t) => {
  const server = await startServer(t);
  const alice = await callee(t);
  const desk = await callee(t);
  const mobile = await callee(t);
  await connectApp(t, server, (app) => {
    app.invite((req) => {
      void (app as Proxying).proxyRequest(req, [desk.uri, mobile.uri], { forking: 'simultaneous' });
    });
  });
  const answers: SipMessage[] = [];
  alice.call(serverUri(server), (response) => {
    if (response.status === 200) answers.push(response);
  });
  const [atDesk, atMobile] = [await desk.request(), await mobile.request()];
  atDesk.respond(desk.answer(atDesk, 200, {}, sdp, 'desk'));
  atMobile.respond(mobile.answer(atMobile, 200, {}, sdp, 'mobile'));
  await until(() => answers.length >= 2);
  t.same(answers.map((answer) => answer.get('to')?.split(';tag=')[1]).sort(), ['desk', 'mobile']);
  for (const answer of answers) alice.acknowledge(answer);
  t.match((await desk.ack()).get('to'), /tag=desk$/);
  t.match((await mobile.ack()).get('to'), /tag=mobile$/);
  t.ok(await serverEmpty(server), 'without remainInDialog it has nothing more to do with it');
});

t.test('those who ring are told why they are cancelled', async (t) => {
  const server = await startServer(t);
  const alice = await agent(t, 'alice');
  const desk = await callee(t);
  const mobile = await callee(t);
  await connectApp(t, server, (app) => {
    app.invite((req) => {
      const forking = { forking: 'simultaneous' };
      void (app as Proxying).proxyRequest(req, [desk.uri, mobile.uri], forking).catch(() => undefined);
    });
  });
  /** Both ring; how the CANCEL of the mobile phone says why. */
  const told = async (then: (atDesk: ServerTransaction, call: OutgoingInvite) => void): Promise<string> => {
    const call = alice.invite(serverUri(server), { body: sdp });
    const over = Promise.race([next(call, 'accepted'), next(call, 'failed')]);
    const [atDesk, atMobile] = [await desk.request(), await mobile.request()];
    for (const [phone, invite] of [
      [desk, atDesk],
      [mobile, atMobile],
    ] as const) {
      const ringing = next(call, 'provisional');
      invite.respond(phone.answer(invite, 180));
      await ringing;
    }
    then(atDesk, call);
    const cancel = await mobile.cancelled();
    for (const one of [atDesk, atMobile]) if (one.pending) one.respond(mobile.answer(one, 487));
    await over;
    return cancel.get('reason') ?? 'none';
  };
  const elsewhere = await told((atDesk) => atDesk.respond(desk.answer(atDesk, 200, {}, sdp)));
  t.equal(elsewhere, 'SIP;cause=200;text="Call completed elsewhere"');
  const given = await told((_, call) => call.cancel({ Reason: 'SIP;cause=600;text="Never mind"' }));
  t.equal(given, 'SIP;cause=600;text="Never mind"');
  t.equal(await told((_, call) => call.cancel()), 'none');
  t.ok(await serverEmpty(server));
});

t.test('an application that rings itself, then forwards, and goes away: the call is set up', async (t) => {
  const server = await startServer(t);
  const alice = await agent(t, 'alice');
  const bob = await callee(t);
  const app = await connectApp(t, server, (a) => {
    a.invite((req, res) => {
      res.send(180);
      (a as Proxying).proxyRequest(req, bob.uri, { remainInDialog: true }).catch(() => undefined);
    });
  });
  const call = alice.invite(serverUri(server), { body: sdp });
  const answered = next(call, 'accepted');
  const invite = await bob.request();
  app.disconnect();
  await until(() => server.counts().apps === 0);
  invite.respond(bob.answer(invite, 200, {}, sdp));
  const [, dialog] = await answered;
  call.ack();
  await bob.ack();
  const ended = dialog.bye();
  const bye = await bob.request();
  bye.respond(bob.answer(bye, 200));
  await ended;
  t.ok(await serverEmpty(server));
  t.ok(await empty(alice));
});
