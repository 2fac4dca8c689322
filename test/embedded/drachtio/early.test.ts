import t from 'tap';
import { cseqNumber } from '../../../src/embedded/sip/make-message.js';
import type { SipMessage } from '../../../src/embedded/sip/message.js';
import { parseNameAddr } from '../../../src/embedded/sip/name-addr.js';
import type { OutgoingInvite } from '../../../src/embedded/sip/outgoing-invite.js';
import type { UserAgent } from '../../../src/embedded/sip/user-agent.js';
import { agent, early, empty, next } from '../sip/phones.js';
import { callee } from './callee.js';
import {
  connectApp,
  sdp,
  serverEmpty,
  serverUri,
  startServer,
  type Request,
  type Response,
} from './harness.js';

// Each has its own server and phones, and waits most of its time for 64 * T1.
t.jobs = 4;

/** An UPDATE of the caller in the early dialog that `response` made. */
function update(phone: UserAgent, call: OutgoingInvite, response: SipMessage, cseq: number) {
  return phone.request('UPDATE', parseNameAddr(response.get('contact') ?? '').uri, {
    callId: call.request.get('call-id') ?? '',
    fromTag: /tag=(.*)$/.exec(call.request.get('from') ?? '')?.[1] ?? '',
    headers: { To: response.get('to') ?? '', CSeq: `${cseq} UPDATE` },
    body: sdp,
  });
}

t.test("an early UPDATE is the application's; a second while it is open gets 500", async (t) => {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  let later: ((res: Response) => void) | undefined;
  const asked = new Promise<Response>((resolve) => (later = resolve));
  let answer: () => void = () => undefined;
  await connectApp(t, server, (app) => {
    app.invite((req: Request, res: Response) => {
      req.on('update', (_: Request, updateResponse: Response) => later?.(updateResponse));
      res.send(180);
      answer = () => void app.createUAS(req, res, { localSdp: sdp });
    });
  });
  const call = phone.invite(serverUri(server), { body: sdp });
  const rung = new Promise<SipMessage>((resolve) =>
    call.on('provisional', (response) => response.status === 180 && resolve(response)),
  );
  const ringing = await rung;
  const first = update(phone, call, ringing, 2);
  const response = await asked;
  const second = await update(phone, call, ringing, 3);
  t.equal(second.status, 500);
  t.match(second.get('retry-after'), /^\d+$/);
  response.send(200, { body: `${sdp}a=early\r\n` });
  const updated = await first;
  t.equal(updated.status, 200);
  t.match(updated.body, /a=early/);
  answer();
  const [, dialog] = await next(call, 'accepted');
  call.ack();
  // CSeq 2 and 3 are used.
  await dialog.request('INFO');
  await dialog.request('INFO');
  await dialog.bye();
  t.ok(await serverEmpty(server));
  t.ok(await empty(phone));
});

t.test(
  'a reliable 183 of the callee gets one PRACK in the early dialog, numbered after the INVITE',
  async (t) => {
    const server = await startServer(t);
    const app = await connectApp(t, server);
    const bob = await callee(t);
    const seen: number[] = [];
    const dialing = app.createUAC(
      bob.uri,
      { localSdp: sdp, headers: { Supported: '100rel' } },
      {
        cbProvisional: ({ status }) => void seen.push(status),
      },
    );
    const invite = await bob.request();
    t.equal(invite.request.method, 'INVITE');
    const cseq = cseqNumber(invite.request);
    for (const rseq of [7, 8]) {
      const reliable = bob.answer(invite, 183, { RSeq: String(rseq), Require: '100rel' }, sdp);
      invite.respond(reliable);
      invite.respond(reliable);
      const prack = await bob.request();
      t.equal(prack.request.method, 'PRACK');
      t.equal(prack.request.uri, bob.uri, 'to the Contact of the 183');
      t.equal(prack.request.get('rack'), `${rseq} ${cseq} INVITE`);
      t.equal(cseqNumber(prack.request), cseq + rseq - 6);
      t.match(prack.request.get('to'), /;tag=callee$/);
      prack.respond(bob.answer(prack, 200));
    }
    invite.respond(bob.answer(invite, 200, {}, sdp));
    const ack = await bob.ack();
    t.equal(cseqNumber(ack), cseq, 'the ACK has the number of the INVITE');
    const dialog = await dialing;
    t.same(seen, [183, 183]);
    const ended = dialog.destroy();
    const bye = await bob.request();
    t.equal(bye.request.method, 'BYE');
    t.equal(cseqNumber(bye.request), cseq + 3);
    bye.respond(bob.answer(bye, 200));
    await ended;
    t.ok(await serverEmpty(server));
  },
);

t.test('an INVITE without an offer, the offer in a reliable 183: the PRACK has the answer', async (t) => {
  const server = await startServer(t);
  const app = await connectApp(t, server);
  const bob = await callee(t);
  const req = await app.request(bob.uri, { method: 'INVITE', headers: { Supported: '100rel' } });
  const statuses: number[] = [];
  req.on('response', (res: { status: number }, ack: (options?: object) => void) => {
    statuses.push(res.status);
    if (res.status === 183) ack({ body: `${sdp}a=answer\r\n` });
    if (res.status === 200) ack();
  });
  const invite = await bob.request();
  t.equal(invite.request.body, '');
  invite.respond(bob.answer(invite, 183, { RSeq: '1', Require: '100rel' }, sdp));
  const prack = await bob.request();
  t.equal(prack.request.body, `${sdp}a=answer\r\n`);
  t.equal(prack.request.get('content-type'), 'application/sdp');
  prack.respond(bob.answer(prack, 200));
  invite.respond(bob.answer(invite, 200));
  t.equal((await bob.ack()).body, '');
  t.same(statuses, [183, 200]);
  t.equal((await bob.ask(invite.request, 'BYE', 1)).status, 404, 'the library has made no dialog of it');
  t.ok(await serverEmpty(server));
});

t.test('an offer in the PRACK of a caller reaches the application, which answers it', async (t) => {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  let answer: () => void = () => undefined;
  await connectApp(t, server, (app) => {
    app.invite((req: Request, res: Response) => {
      res.send(183, { headers: { Require: '100rel' }, body: sdp });
      answer = () => void app.createUAS(req, res, { localSdp: sdp });
    });
    (app as unknown as { prack: typeof app.invite }).prack((req, res) => {
      res.send(200, { body: `${req.body}a=answered\r\n` });
    });
  });
  const call = phone.invite(serverUri(server), { body: sdp, headers: { Supported: '100rel' } });
  const reliable = await new Promise<SipMessage>((resolve) =>
    call.on('provisional', (response) => response.status === 183 && resolve(response)),
  );
  const headers = { RAck: `${reliable.get('rseq')} 1 INVITE`, 'Content-Type': 'application/sdp' };
  const answered = await early(phone, call, reliable, 'PRACK', 2, { headers, body: sdp });
  t.equal(answered.status, 200);
  t.equal(answered.body, `${sdp}a=answered\r\n`);
  answer();
  const [, dialog] = await next(call, 'accepted');
  call.ack();
  await dialog.request('INFO'); // CSeq 2 is used
  await dialog.bye();
  t.ok(await serverEmpty(server));
});
