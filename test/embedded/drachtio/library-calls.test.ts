import { createHash } from 'node:crypto';
import t from 'tap';
import { cseqNumber } from '../../../src/embedded/sip/make-message.js';
import type { SipMessage } from '../../../src/embedded/sip/message.js';
import { agent, early, next } from '../sip/phones.js';
import { called, callee, hangUp } from './callee.js';
import {
  connectApp,
  once,
  sdp,
  serverEmpty,
  serverUri,
  startServer,
  until,
  type App,
  type AppDialog,
  type Message,
  type Request,
} from './harness.js';

// Each has its own server and phones, and waits most of its time for 64 * T1.
t.jobs = 4;

t.test('the library follows a 3xx: to its Contact, or with the old URI by way of it', async (t) => {
  const server = await startServer(t);
  const app = await connectApp(t, server);
  const old = await callee(t);
  const bob = await callee(t);
  for (const keepUriOnRedirect of [false, true]) {
    const dialing = app.createUAC(old.uri, { localSdp: sdp, followRedirects: true, keepUriOnRedirect });
    const first = await old.request();
    const moved = old.answer(first, 302);
    moved.set('Contact', `<${bob.uri}>`);
    first.respond(moved);
    const second = await bob.request();
    t.equal(second.request.uri, keepUriOnRedirect ? old.uri : bob.uri);
    t.equal(second.request.body, sdp);
    second.respond(bob.answer(second, 200, {}, sdp));
    await bob.ack();
    await hangUp(bob, await dialing);
  }
  const dialing = app.createUAC(old.uri, { localSdp: sdp });
  const first = await old.request();
  const moved = old.answer(first, 305);
  moved.set('Contact', `<${bob.uri}>`);
  first.respond(moved);
  await t.rejects(dialing, 'who does not follow is told');
  t.ok(await serverEmpty(server));
});

t.test('a challenged re-INVITE is repeated with credentials inside the dialog', async (t) => {
  const server = await startServer(t);
  const app = await connectApp(t, server);
  const bob = await callee(t);
  const auth = { username: 'joe', password: 'pass' };
  const dialing = app.createUAC(bob.uri, { localSdp: sdp, auth });
  const invite = await bob.request();
  invite.respond(bob.answer(invite, 200, {}, sdp));
  await bob.ack();
  const dialog = await dialing;
  const modifying = dialog.modify(`${sdp}a=x\r\n`);
  const refused = await bob.request();
  const nonce = 'abc';
  const challenge = `Digest realm="here", nonce="${nonce}", qop="auth", opaque="o", algorithm=MD5`;
  refused.respond(bob.answer(refused, 407, { 'Proxy-Authenticate': challenge }));
  const again = await bob.request();
  t.equal(cseqNumber(again.request), cseqNumber(refused.request) + 1);
  t.equal(again.request.get('to'), refused.request.get('to'));
  t.equal(again.request.get('from'), refused.request.get('from'));
  t.equal(again.request.uri, bob.uri, 'where the dialog goes');
  t.equal(again.request.body, `${sdp}a=x\r\n`);
  const header = again.request.get('proxy-authorization') ?? '';
  const field = (name: string): string => new RegExp(`\\b${name}="?([^",]*)"?`).exec(header)?.[1] ?? '';
  const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
  const a2 = md5(`INVITE:${field('uri')}`);
  t.equal(
    field('response'),
    md5([md5('joe:here:pass'), nonce, field('nc'), field('cnonce'), 'auth', a2].join(':')),
  );
  t.equal(field('opaque'), 'o');
  again.respond(bob.answer(again, 200, {}, sdp));
  t.equal(cseqNumber(await bob.ack()), cseqNumber(again.request));
  t.equal(await modifying, sdp);
  await hangUp(bob, dialog);
  t.ok(await serverEmpty(server));
});

t.test('a CANCEL while the challenged INVITE is repeated reaches the one with credentials', async (t) => {
  const server = await startServer(t);
  const app = await connectApp(t, server);
  const phone = await agent(t, 'phone');
  let asked = 0;
  const cancelled = new Promise<void>((resolve) => {
    phone.on('invite', (incoming) => {
      asked++;
      if (!incoming.request.has('authorization')) {
        const challenge = { 'WWW-Authenticate': 'Digest realm="here", nonce="abc"' };
        incoming.respond(401, undefined, { headers: challenge });
        return;
      }
      incoming.on('cancel', resolve);
      incoming.respond(180);
    });
  });
  const port = phone.addresses.find(({ protocol }) => protocol === 'udp')?.port;
  const refused = app
    .createUAC(
      `sip:bob@localhost:${port}`,
      { localSdp: sdp, auth: { username: 'joe', password: 'pass' } },
      {
        cbRequest: (_, req) => {
          // The name makes the library go back to the address that challenged.
          req.on('authenticate', () => req.cancel());
        },
      },
    )
    .catch((error: { status: number }) => error.status);
  await cancelled;
  t.equal(await refused, 487);
  t.equal(asked, 2);
  t.ok(await serverEmpty(server));
});

t.test('createB2BUA passes a reliable 183 on: each side has its own PRACK', async (t) => {
  const server = await startServer(t);
  const alice = await agent(t, 'alice');
  const bob = await callee(t);
  let seen: Request | undefined;
  const joined = new Promise<{ uas: AppDialog; uac: AppDialog }>((resolve) => {
    void connectApp(t, server, (app) => {
      app.invite((req, res) => {
        seen = req;
        const options = {
          localSdpB: req.body,
          proxyRequestHeaders: ['Supported'],
          proxyResponseHeaders: ['Require'],
        };
        void app.createB2BUA(req, res, bob.uri, options).then(resolve);
      });
    }).then(() => calling());
  });
  let ringing: (response: SipMessage) => void = () => undefined;
  const rung = new Promise<SipMessage>((resolve) => (ringing = resolve));
  let call: ReturnType<typeof alice.invite> | undefined;
  const calling = (): void => {
    call = alice.invite(serverUri(server), { body: sdp, headers: { Supported: '100rel' } });
    call.on('provisional', (response) => {
      if (response.status === 183) ringing(response);
    });
  };
  const invite = await bob.request();
  t.equal(invite.request.get('supported'), '100rel');
  invite.respond(bob.answer(invite, 183, { RSeq: '5', Require: '100rel' }, `${sdp}a=early\r\n`));
  const prack = await bob.request();
  t.equal(prack.request.get('rack'), `5 ${cseqNumber(invite.request)} INVITE`);
  prack.respond(bob.answer(prack, 200));
  const reliable = await rung;
  t.equal(reliable.body, `${sdp}a=early\r\n`);
  t.match(reliable.get('rseq'), /^\d+$/);
  const rack = { RAck: `${reliable.get('rseq')} 1 INVITE` };
  const made = call as NonNullable<typeof call>;
  t.equal((await early(alice, made, reliable, 'PRACK', 2, { headers: rack })).status, 200);
  const answered = next(made, 'accepted');
  invite.respond(bob.answer(invite, 200, {}, `${sdp}a=early\r\n`));
  await bob.ack();
  const [, dialog] = await answered;
  made.ack();
  const { uas, uac } = await joined;
  t.equal(seen?.get('Supported'), '100rel');
  await dialog.request('INFO'); // CSeq 2 is used
  const destroyed = once(uas, 'destroy');
  await dialog.bye();
  await destroyed;
  await hangUp(bob, uac);
  t.ok(await serverEmpty(server));
});

t.test('a transfer: REFER of the phone, NOTIFYs of the application with how it goes', async (t) => {
  const server = await startServer(t);
  const bob = await callee(t);
  const app: App = await connectApp(t, server);
  const { dialog, invite } = await called(app, bob);
  const refers: string[] = [];
  dialog.on('refer', (req: Request, res: { send(status: number): void }) => {
    refers.push(`${req.get('Refer-To')} ${req.get('Referred-By')}`);
    res.send(202);
  });
  const headers = {
    'Refer-To': '<sip:carol@example.com?Replaces=a%3Bto-tag%3Db>',
    'Referred-By': '<sip:b@c>',
  };
  const accepted = await bob.ask(invite.request, 'REFER', 1, { headers });
  t.equal(accepted.status, 202);
  t.same(refers, ['<sip:carol@example.com?Replaces=a%3Bto-tag%3Db> <sip:b@c>']);
  for (const [state, body] of [
    ['active;expires=60', 'SIP/2.0 100 Trying\r\n'],
    ['terminated;reason=noresource', 'SIP/2.0 200 OK\r\n'],
  ] as const) {
    const notifying = dialog.request({
      method: 'NOTIFY',
      body,
      headers: { Event: 'refer', 'Subscription-State': state, 'Content-Type': 'message/sipfrag;version=2.0' },
    });
    const notify = await bob.request();
    t.equal(notify.request.get('subscription-state'), state);
    t.equal(notify.request.get('content-type'), 'message/sipfrag;version=2.0');
    t.equal(notify.request.body, body);
    notify.respond(bob.answer(notify, 200));
    t.equal((await notifying).status, 200);
  }
  t.equal(server.counts().dialogs, 1, 'the end of that subscription is not the end of the call');
  await hangUp(bob, dialog);
  t.ok(await serverEmpty(server));
});

t.test('the tag of an answer: the application may choose it, for a refusal too, and keeps it', async (t) => {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  await connectApp(t, server, (app) => {
    app.invite((req, res) => {
      if (req.get('X-Refuse') === 'yes') return res.send(486, { headers: { To: 'tag=busy' } });
      res.send(180, { headers: { To: `${req.get('To')};tag=mine` } });
      void app.createUAS(req, res, { localSdp: sdp }).then((dialog) => {
        t.equal(dialog.sip.localTag, 'mine');
      });
    });
  });
  const refused = phone.invite(serverUri(server), { body: sdp, headers: { 'X-Refuse': 'yes' } });
  t.match((await next(refused, 'failed'))[1]?.get('to'), /;tag=busy$/);
  const call = phone.invite(serverUri(server), { body: sdp });
  const [answer, dialog] = await next(call, 'accepted');
  t.match(answer.get('to'), /;tag=mine$/);
  call.ack();
  await dialog.bye();
  t.ok(await serverEmpty(server));
});

t.test('REGISTER, PUBLISH, MESSAGE, OPTIONS and NOTIFY outside a dialog go both ways', async (t) => {
  const server = await startServer(t);
  const bob = await callee(t);
  const phone = await agent(t, 'phone');
  const methods = ['REGISTER', 'PUBLISH', 'MESSAGE', 'OPTIONS', 'NOTIFY', 'INFO', 'REFER'];
  const seen: string[] = [];
  const app = await connectApp(t, server, (a) => {
    for (const method of methods) {
      (
        a as unknown as {
          use(verb: string, fn: (req: Request, res: { send(s: number): void }) => void): void;
        }
      ).use(method.toLowerCase(), (req, res) => {
        seen.push(req.method);
        res.send(202);
      });
    }
  });
  for (const method of methods) {
    t.equal((await phone.request(method, serverUri(server))).status, 202, method);
    const req = await app.request(bob.uri, {
      method,
      headers: { 'call-id': `c-${method}`, CSeq: `7 ${method}` },
    });
    const arrived = await bob.request();
    t.equal(arrived.request.method, method);
    t.equal(arrived.request.get('call-id'), `c-${method}`, "the application's own");
    t.equal(cseqNumber(arrived.request), 7);
    t.equal(arrived.request.get('max-forwards'), '70');
    const responded = once<Message>(req, 'response');
    arrived.respond(bob.answer(arrived, 404));
    t.equal((await responded).status, 404);
  }
  t.same(seen, methods);
  t.ok(await serverEmpty(server));
});

t.test(
  'call-detail records of a call out, one refused, one cancelled by its caller, one never acknowledged',
  async (t) => {
    const server = await startServer(t);
    const bob = await callee(t);
    const phone = await agent(t, 'phone');
    const facts: string[] = [];
    const stopped: Message[] = [];
    let answers = false;
    const app = await connectApp(t, server, (a) => {
      a.invite((req, res) => {
        if (answers) void a.createUAS(req, res, { localSdp: sdp });
        else res.send(180);
      });
      a.on('cdr:attempt', (source: string) => facts.push(`attempt ${source}`));
      a.on('cdr:start', (source: string, _: string, role: string) => facts.push(`start ${source} ${role}`));
      a.on('cdr:stop', (source: string, _: string, reason: string, message: Message) => {
        facts.push(`stop ${source} ${reason}`);
        stopped.push(message);
      });
    });
    const told = async (count: number): Promise<string[]> => {
      await until(() => facts.length >= count);
      return facts.splice(0);
    };
    const { dialog } = await called(app, bob);
    await hangUp(bob, dialog);
    t.same(await told(3), ['attempt application', 'start network uac', 'stop application normal-release']);
    const refused = app.createUAC(bob.uri, { localSdp: sdp }).catch(() => undefined);
    const second = await bob.request();
    second.respond(bob.answer(second, 486));
    await refused;
    t.same(await told(2), ['attempt application', 'stop network call-rejected']);
    const call = phone.invite(serverUri(server), { body: sdp });
    call.on('provisional', ({ status }) => {
      if (status === 180) call.cancel();
    });
    await next(call, 'failed');
    t.same(await told(2), ['attempt network', 'stop network call-canceled']);
    t.equal(stopped.at(-1)?.method, 'INVITE', 'of a cancelled call the record has what it cancels');
    answers = true;
    bob.call(serverUri(server), () => undefined);
    const bye = await bob.request();
    bye.respond(bob.answer(bye, 200));
    t.same(await told(3), [
      'attempt network',
      'start application uas',
      'stop application system-initiated-termination',
    ]);
    t.ok(await serverEmpty(server));
  },
);
