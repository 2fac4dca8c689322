import t from 'tap';
import { cseqNumber } from '../../../src/embedded/sip/make-message.js';
import type { SipMessage } from '../../../src/embedded/sip/message.js';
import { agent, next } from '../sip/phones.js';
import { called, callee, hangUp } from './callee.js';
import {
  connectApp,
  once,
  sdp,
  serverEmpty,
  serverUri,
  startServer,
  until,
  type AppDialog,
  type Message,
  type Request,
  type Response,
} from './harness.js';

// Each has its own server and phones, and waits most of its time for 64 * T1.
t.jobs = 4;

t.test(
  'what the server writes alone is not the application’s to write, and what it leaves out is there',
  async (t) => {
    const server = await startServer(t);
    const bob = await callee(t);
    const app = await connectApp(t, server);
    const own = `sip:127.0.0.1:${server.sipAddresses[0]?.port}`;
    const headers = {
      Via: 'SIP/2.0/UDP evil',
      v: 'SIP/2.0/UDP evil',
      Route: '<sip:evil>',
      'Record-Route': '<sip:evil>',
      RSeq: '1',
      'Content-Length': '1',
      l: '1',
      'x-my-header': '1',
      Subject: 'a, b',
    };
    const dialing = app.createUAC(bob.uri, { localSdp: sdp, headers });
    const invite = await bob.request();
    const { request } = invite;
    t.equal(request.getAll('via').length, 1);
    for (const name of ['route', 'record-route', 'rseq']) t.equal(request.has(name), false, name);
    t.equal(request.toString().includes('evil'), false);
    t.match(request.toString(), new RegExp(`\r\nContent-Length: ${sdp.length}\r\n`));
    t.match(request.toString(), /\r\nx-my-header: 1\r\n/);
    t.equal(request.get('subject'), 'a, b');
    t.match(request.get('from'), new RegExp(`^<${own}>;tag=.+`));
    t.equal(request.get('to'), `<${bob.uri}>`);
    t.equal(request.get('contact'), `<${own}>`);
    t.equal(request.get('max-forwards'), '70');
    t.equal(request.get('content-type'), 'application/sdp');
    t.match(request.get('call-id'), /.+/);
    t.match(request.get('cseq'), /^\d+ INVITE$/);
    invite.respond(bob.answer(invite, 200, {}, sdp));
    await bob.ack();
    await hangUp(bob, await dialing);
    t.ok(await serverEmpty(server));
  },
);

t.test('a CANCEL has the addresses of its INVITE and the Reason of the application', async (t) => {
  const server = await startServer(t);
  const bob = await callee(t);
  const app = await connectApp(t, server);
  let sent: Request | undefined;
  const dialing = app
    .createUAC(bob.uri, { localSdp: sdp }, { cbRequest: (_, req) => (sent = req) })
    .catch((error: { status: number }) => error.status);
  const invite = await bob.request();
  invite.respond(bob.answer(invite, 180));
  await until(() => sent !== undefined);
  const headers = {
    Reason: 'Q.850;cause=16',
    'X-Why': 'w',
    From: 'sip:evil@x',
    To: 'sip:evil@x',
    Contact: 'sip:evil@x',
  };
  sent?.cancel({ headers });
  const cancel = await bob.cancelled();
  t.equal(cancel.get('reason'), 'Q.850;cause=16');
  t.equal(cancel.get('x-why'), 'w');
  for (const name of ['from', 'to', 'call-id', 'via'])
    t.equal(cancel.get(name), invite.request.get(name), name);
  t.equal(cancel.has('contact'), false);
  t.equal(cseqNumber(cancel), cseqNumber(invite.request));
  invite.respond(bob.answer(invite, 487));
  t.equal(await dialing, 487);
  t.ok(await serverEmpty(server));
});

t.test('a request that names the Call-ID and From tag of a call goes inside it', async (t) => {
  const server = await startServer(t);
  const bob = await callee(t);
  const app = await connectApp(t, server);
  const { dialog, invite } = await called(app, bob);
  const headers = { 'call-id': dialog.sip.callId, From: invite.request.get('from') ?? '' };
  const req = await app.request('sip:placeholder', { method: 'INFO', headers });
  const info = await bob.request();
  t.equal(info.request.uri, bob.uri);
  t.match(info.request.get('to'), /;tag=callee$/);
  t.equal(cseqNumber(info.request), cseqNumber(invite.request) + 1);
  const responded = once<Message>(req, 'response');
  info.respond(bob.answer(info, 200));
  t.equal((await responded).status, 200);
  await hangUp(bob, dialog);
  t.ok(await serverEmpty(server));
});

t.test('why a request is refused is said in the words that applications match', async (t) => {
  const server = await startServer(t);
  const bob = await callee(t);
  const app = await connectApp(t, server);
  const said = (uri: string, options: object): Promise<string> =>
    app.request(uri, options).then(
      () => 'sent',
      (error: Error) => error.message,
    );
  t.match(await said('nonsense:x', { method: 'OPTIONS' }), /^invalid request-uri: /);
  t.match(await said(serverUri(server), { method: 'OPTIONS' }), /^can not send request to myself/);
  const tls = 'sip:x@127.0.0.1;transport=tls';
  t.match(await said(tls, { method: 'OPTIONS' }), /^requested protocol\/transport not available/);
  t.match(await said(bob.uri, { method: 'MESSAGE', body: 'x' }), /^missing content-type/);
  const gone = { method: 'INFO', stackDialogId: 'none;from-tag=x' };
  t.match(await said(bob.uri, gone), /unable to find dialog/);
  const ack = { method: 'ACK', stackDialogId: 'none;from-tag=x' };
  t.match(await said(bob.uri, ack), /^ACK for non-success final response is automatically generated/);
});

t.test('100 comes at once for a re-INVITE too, while the application thinks', async (t) => {
  const server = await startServer(t);
  const bob = await callee(t);
  let modify: ((res: Response) => void) | undefined;
  const thinking = new Promise<Response>((resolve) => (modify = resolve));
  await connectApp(t, server, (app) => {
    app.invite((req, res) => {
      void app.createUAS(req, res, { localSdp: sdp }).then((dialog) => {
        dialog.on('modify', (_: Request, answer: Response) => modify?.(answer));
      });
    });
  });
  const ok = await new Promise<SipMessage>((resolve) =>
    bob.call(serverUri(server), (response) => response.status === 200 && resolve(response)),
  );
  bob.acknowledge(ok);
  const statuses: number[] = [];
  const answered = bob.inside(ok, 'INVITE', 2, {}, (response) => statuses.push(response.status));
  const res = await thinking;
  await until(() => statuses.length > 0);
  t.equal(statuses[0], 100);
  res.send(488);
  t.equal((await answered).status, 488);
  t.equal((await bob.inside(ok, 'BYE', 3)).status, 200);
  t.ok(await serverEmpty(server));
});

t.test('the called hangs up while our re-INVITE is open: that one is cancelled', async (t) => {
  const server = await startServer(t);
  const bob = await callee(t);
  const app = await connectApp(t, server);
  const { dialog, invite } = await called(app, bob);
  const destroyed = once<Message>(dialog, 'destroy');
  const refused = dialog.modify(sdp).catch((error: { status: number }) => error.status);
  const again = await bob.request();
  again.respond(bob.answer(again, 100));
  t.equal((await bob.ask(invite.request, 'BYE', 1)).status, 200);
  await destroyed;
  await bob.cancelled();
  again.respond(bob.answer(again, 487));
  t.equal(await refused, 487);
  t.ok(await serverEmpty(server));
});

t.test('createB2BUA: a re-INVITE of the called before the ACK of the caller waits for it', async (t) => {
  const server = await startServer(t);
  const alice = await agent(t, 'alice');
  const bob = await callee(t);
  const joined = new Promise<{ uas: AppDialog; uac: AppDialog }>((resolve) => {
    void connectApp(t, server, (app) => {
      app.invite((req, res) => {
        void app.createB2BUA(req, res, bob.uri, { localSdpB: req.body }).then((both) => {
          both.uac.on('modify', (_: Request, answer: Response) => {
            order.push('re-INVITE');
            answer.send(200, { body: sdp });
          });
          both.uas.on('ack', () => order.push('ACK'));
          resolve(both);
        });
      });
    }).then(() => calling());
  });
  const order: string[] = [];
  let answered: Promise<unknown> | undefined;
  let call: ReturnType<typeof alice.invite> | undefined;
  const calling = (): void => {
    call = alice.invite(serverUri(server), { body: sdp });
    answered = next(call, 'accepted');
  };
  const invite = await bob.request();
  invite.respond(bob.answer(invite, 200, {}, sdp));
  await bob.ack();
  const changed = bob.ask(invite.request, 'INVITE', 1, { body: `${sdp}a=x\r\n` });
  const { uas, uac } = await joined;
  await answered;
  call?.ack();
  t.equal((await changed).status, 200);
  t.same(order, ['ACK', 're-INVITE']);
  await uas.destroy();
  await hangUp(bob, uac);
  t.ok(await serverEmpty(server));
});
