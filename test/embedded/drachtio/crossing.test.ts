import t, { type Test } from 'tap';
import { cseqNumber } from '../../../src/embedded/sip/make-message.js';
import type { SipMessage } from '../../../src/embedded/sip/message.js';
import { accepted, agent, early, empty, next } from '../sip/phones.js';
import { called, callee } from './callee.js';
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
  type Response,
} from './harness.js';

// Each has its own server and phones, and waits most of its time for 64 * T1.
t.jobs = 4;

/** The first response of that status to a call. */
function heard(call: { on(event: 'provisional', fn: (r: SipMessage) => void): unknown }, status: number) {
  return new Promise<SipMessage>((resolve) =>
    call.on('provisional', (response) => response.status === status && resolve(response)),
  );
}

t.test(
  'a BYE of the caller before the answer: 200, the INVITE 487, and the application sees it cancelled',
  async (t) => {
    const server = await startServer(t);
    const phone = await agent(t, 'phone');
    let late: Promise<unknown> | undefined;
    let reason = '';
    const cancelled = new Promise<void>((resolve) => {
      void connectApp(t, server, (app) => {
        app.invite((req, res) => {
          res.send(180);
          req.on('cancel', (cancel: Message) => {
            reason = cancel.get('Reason');
            late = app.createUAS(req, res, { localSdp: sdp });
            late.catch(() => undefined);
            resolve();
          });
        });
      }).then(async () => {
        const call = phone.invite(serverUri(server), { body: sdp });
        const failed = next(call, 'failed');
        const ringing = await heard(call, 180);
        const bye = await early(phone, call, ringing, 'BYE', 2, { headers: { Reason: 'SIP;cause=200' } });
        t.equal(bye.status, 200);
        t.equal((await failed)[0], 487);
      });
    });
    await cancelled;
    t.equal(reason, 'SIP;cause=200');
    await t.rejects(late ?? Promise.resolve(), 'its answer comes too late');
    t.ok(await serverEmpty(server));
    t.ok(await empty(phone));
  },
);

t.test('a CANCEL while the answer waits for a PRACK: the answer is refused to the application', async (t) => {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  let answer: Promise<AppDialog> | undefined;
  await connectApp(t, server, (app) => {
    app.invite((req, res) => {
      res.send(183, { headers: { Require: '100rel' }, body: sdp });
      answer = app.createUAS(req, res, { localSdp: sdp });
      answer.catch(() => undefined);
    });
  });
  const call = phone.invite(serverUri(server), { body: sdp, headers: { Supported: '100rel' } });
  const failed = next(call, 'failed');
  await heard(call, 183);
  call.cancel();
  t.equal((await failed)[0], 487);
  await t.rejects(answer as Promise<AppDialog>);
  t.ok(await serverEmpty(server));
});

t.test(
  'an application that hangs up before the ACK: the answer is repeated until the ACK, then BYE',
  async (t) => {
    const server = await startServer(t);
    const bob = await callee(t);
    const hungUp: Promise<Message>[] = [];
    await connectApp(t, server, (app) => {
      app.invite((req, res) => {
        void app.createUAS(req, res, { localSdp: sdp }).then((dialog) => void hungUp.push(dialog.destroy()));
      });
    });
    const answers = new Map<string, SipMessage[]>();
    bob.call(serverUri(server), (response) => {
      answers.set(String(response.status), [...(answers.get(String(response.status)) ?? []), response]);
    });
    // RFC 3261 §15: no BYE to who may not know yet that the call was answered.
    while ((answers.get('200')?.length ?? 0) < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    t.equal(bob.waiting(), 0, 'no BYE yet');
    const ok = answers.get('200')?.[0] as SipMessage;
    bob.acknowledge(ok);
    const bye = await bob.request();
    t.equal(bye.request.method, 'BYE');
    bye.respond(bob.answer(bye, 200));
    t.equal((await (hungUp[0] as Promise<Message>)).method, 'BYE');
    t.ok(await serverEmpty(server));
  },
);

t.test('an application that hangs up a call that is never acknowledged: BYE after 64*T1', async (t) => {
  const server = await startServer(t);
  const bob = await callee(t);
  const hungUp: Promise<Message>[] = [];
  const events: string[] = [];
  await connectApp(t, server, (app) => {
    app.invite((req, res) => {
      void app.createUAS(req, res, { localSdp: sdp }).then((dialog) => {
        dialog.on('destroy', () => events.push('destroy'));
        hungUp.push(dialog.destroy());
      });
    });
  });
  bob.call(serverUri(server), () => undefined);
  const bye = await bob.request();
  t.equal(bye.request.has('reason'), false, "the application's own");
  bye.respond(bob.answer(bye, 200));
  await hungUp[0];
  t.same(events, [], 'it knew');
  t.ok(await serverEmpty(server));
});

t.test('a BYE before the ACK ends the call; the late ACK is nobody’s', async (t) => {
  const server = await startServer(t);
  const bob = await callee(t);
  const reasons: string[] = [];
  await connectApp(t, server, (app) => {
    app.invite((req, res) => {
      void app.createUAS(req, res, { localSdp: sdp }).then((dialog) => {
        dialog.on('ack', () => t.fail('after the end'));
        dialog.on('destroy', (_: Message, reason: string) => reasons.push(reason));
      });
    });
  });
  const answered = new Promise<SipMessage>((resolve) => {
    bob.call(serverUri(server), (response) => {
      if (response.status !== 200) return;
      void bob.inside(response, 'BYE', 2).then((bye) => {
        t.equal(bye.status, 200);
        bob.acknowledge(response);
        resolve(response);
      });
    });
  });
  await answered;
  t.same(reasons, ['normal release']);
  t.ok(await serverEmpty(server));
});

/** The status that the library's error tells. */
function refusal(refused: Promise<unknown>): Promise<unknown> {
  return refused.then(
    () => 'accepted',
    (error: { status?: number }) => error.status,
  );
}

/** A call that the application answers; what it got of it. */
async function live(t: Test, modify?: (req: Request, res: Response) => void) {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  const made: AppDialog[] = [];
  await connectApp(t, server, (app: App) => {
    app.invite((req, res) => {
      void app.createUAS(req, res, { localSdp: sdp }).then((dialog) => {
        if (modify !== undefined) dialog.on('modify', modify);
        made.push(dialog);
      });
    });
  });
  const call = phone.invite(serverUri(server), { body: sdp });
  const dialog = await accepted(call);
  const acked = once(made[0] as AppDialog, 'ack');
  call.ack();
  await acked;
  return { server, phone, dialog, app: made[0] as AppDialog };
}

t.test('re-INVITEs that cross are refused with 491 on both sides; the call goes on', async (t) => {
  const { server, phone, dialog, app } = await live(t);
  const ours = app.modify(`${sdp}a=sendonly\r\n`);
  ours.catch(() => undefined);
  const [incoming] = await next(dialog, 'request');
  t.equal(incoming.request.method, 'INVITE');
  const crossing = { 'Content-Type': 'application/sdp' };
  const theirs = await dialog.request('UPDATE', { body: sdp, headers: crossing });
  t.equal(theirs.status, 491, 'an offer while ours is open (RFC 3311 §5.2)');
  t.equal((await dialog.request('INFO')).status, 200, 'what is no offer passes');
  t.equal((await dialog.reinvite(sdp)).status, 491);
  incoming.respond(491);
  t.equal(await refusal(ours), 491);
  t.equal((await dialog.reinvite(`${sdp}a=inactive\r\n`)).status, 200, 'the next one is taken');
  t.equal((await dialog.request('INFO')).status, 200);
  await dialog.bye();
  t.ok(await serverEmpty(server));
  t.ok(await empty(phone));
});

t.test('an UPDATE with an offer of the application is open: an offer of the phone gets 491', async (t) => {
  const { server, dialog, app } = await live(t);
  const ours = app.request({ method: 'UPDATE', body: sdp, headers: { 'Content-Type': 'application/sdp' } });
  const [incoming] = await next(dialog, 'request');
  t.equal(incoming.request.method, 'UPDATE');
  t.equal((await dialog.reinvite(sdp)).status, 491);
  incoming.respond(200, undefined, { body: sdp });
  t.equal((await ours).status, 200);
  t.equal((await dialog.reinvite(sdp)).status, 200);
  await dialog.bye();
  t.ok(await serverEmpty(server));
});

t.test('a re-INVITE that the application refuses, or the phone, leaves the call as it was', async (t) => {
  const { server, dialog, app } = await live(t, (_, res) => res.send(488));
  t.equal((await dialog.reinvite(`${sdp}a=x\r\n`)).status, 488);
  dialog.on('request', ({ request, respond }) => respond(request.method === 'INVITE' ? 488 : 200));
  t.equal(await refusal(app.modify(`${sdp}a=y\r\n`)), 488);
  t.equal((await dialog.request('INFO')).status, 200);
  t.equal((await app.request({ method: 'INFO' })).status, 200);
  const destroyed = once(app, 'destroy');
  await dialog.bye();
  await destroyed;
  t.ok(await serverEmpty(server));
});

t.test('a second re-INVITE while the application thinks about the first: 500 with Retry-After', async (t) => {
  const { server, phone, dialog } = await live(t, () => undefined);
  const first = dialog.reinvite(sdp);
  const { callId, localTag, remoteTag, remoteTarget } = dialog;
  const To = `<sip:service@127.0.0.1>;tag=${remoteTag}`;
  const second = await phone.request('INVITE', remoteTarget, {
    callId,
    fromTag: localTag,
    headers: { To, CSeq: '40 INVITE' },
    body: sdp,
  });
  t.equal(second.status, 500);
  t.match(second.get('retry-after'), /^(\d|10)$/);
  await phone.request('BYE', remoteTarget, { callId, fromTag: localTag, headers: { To, CSeq: '41 BYE' } });
  t.equal((await first).status, 487);
  t.ok(await serverEmpty(server));
});

t.test(
  'an application that hangs up while a re-INVITE of the phone waits for it, or one of its own',
  async (t) => {
    const { server, phone, dialog, app } = await live(t, () => void app.destroy());
    const open = dialog.reinvite(sdp);
    await next(dialog, 'bye');
    t.equal((await open).status, 487);
    t.ok(await serverEmpty(server), 'an application that never answers holds nothing');
    t.ok(await empty(phone));
    const other = await live(t);
    const ours = other.app.modify(`${sdp}a=y\r\n`);
    ours.catch(() => undefined);
    const [incoming] = await next(other.dialog, 'request');
    const destroyed = other.app.destroy();
    await next(other.dialog, 'bye');
    incoming.respond(487);
    t.equal((await destroyed).method, 'BYE');
    t.ok(await serverEmpty(other.server));
  },
);

t.test('an application that answers twice, or after a refusal, is told so and changes nothing', async (t) => {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  const errors: unknown[] = [];
  await connectApp(t, server, (app) => {
    app.invite((req, res) => {
      const again = Object.create(res) as Response; // a second answer that the library does not stop
      res.send(486);
      Object.defineProperty(again, 'finished', { value: false, writable: true });
      again.send(200, { body: sdp }, (error) => errors.push(error));
      t.ok(req);
    });
  });
  const [status] = await next(phone.invite(serverUri(server), { body: sdp }), 'failed');
  t.equal(status, 486);
  t.match(String(errors[0]), /unknown transaction/);
  t.ok(await serverEmpty(server));
});

t.test('an ACK has the CSeq of its INVITE also when the dialog has moved on', async (t) => {
  const server = await startServer(t);
  const app = await connectApp(t, server);
  const bob = await callee(t);
  const { dialog } = await called(app, bob);
  const modifying = dialog.modify(`${sdp}a=x\r\n`);
  const again = await bob.request();
  const info = dialog.request({ method: 'INFO' });
  const asked = await bob.request();
  t.equal(asked.request.method, 'INFO');
  asked.respond(bob.answer(asked, 200));
  await info;
  again.respond(bob.answer(again, 200, {}, sdp));
  t.equal(cseqNumber(await bob.ack()), cseqNumber(again.request));
  await modifying;
  const ended = dialog.destroy();
  const bye = await bob.request();
  bye.respond(bob.answer(bye, 200));
  await ended;
  t.ok(await serverEmpty(server));
});

t.test('the same INVITE by two ways: the second gets 482, and 480 when the first is answered', async (t) => {
  const server = await startServer(t);
  const bob = await callee(t);
  let invites = 0;
  let answer: () => Promise<AppDialog> = () => Promise.reject(new Error('nobody called'));
  await connectApp(t, server, (app) => {
    app.invite((req, res) => {
      invites++;
      res.send(180);
      answer = () => app.createUAS(req, res, { localSdp: sdp });
    });
  });
  const invite = bob.outside('INVITE', serverUri(server));
  const way = (): Promise<SipMessage> =>
    new Promise((resolve) => {
      const { host, port = 0 } = server.sipAddresses[0] ?? { host: '' };
      bob.layer.request(invite.clone(), { protocol: 'udp', host, port }, (response) => {
        if (response.status >= 200) resolve(response);
      });
    });
  const first = way();
  await until(() => invites === 1);
  t.equal((await way()).status, 482);
  const dialog = await answer();
  const ok = await first;
  t.equal(ok.status, 200);
  bob.acknowledge(ok);
  t.equal((await way()).status, 480);
  t.equal(invites, 1);
  const ended = dialog.destroy();
  const bye = await bob.request();
  bye.respond(bob.answer(bye, 200));
  await ended;
  t.ok(await serverEmpty(server));
});
