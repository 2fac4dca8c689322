import { createHash } from 'node:crypto';
import t from 'tap';
import type { IncomingInvite } from '../../../src/embedded/sip/incoming-invite.js';
import type { SipMessage } from '../../../src/embedded/sip/message.js';
import { accepted, agent, empty, next, uriOf } from '../sip/phones.js';
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

/** The error of createUAC, which has the SIP status. */
async function failure(promise: Promise<unknown>): Promise<{ status?: number; code?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as { status?: number; code?: string };
  }
  throw new Error('it did not fail');
}

for (const protocol of ['udp', 'tcp'] as const) {
  t.test(`createUAC calls a phone over ${protocol} and hangs up`, async (t) => {
    const server = await startServer(t);
    const phone = await agent(t, 'phone');
    const app = await connectApp(t, server);
    let request: SipMessage | undefined;
    let acked = false;
    phone.on('invite', (incoming) => {
      request = incoming.request;
      incoming.respond(180);
      const dialog = incoming.accept({ body: sdp });
      dialog.on('ack', () => (acked = true));
    });
    const provisional: number[] = [];
    const dialog = await app.createUAC(
      uriOf(phone, protocol),
      {
        localSdp: sdp,
        headers: { 'X-Campaign': '7', From: '<sip:me@localhost>', 'p-asserted-identity': 'sip:9@localhost' },
      },
      { cbProvisional: (res) => provisional.push(res.status) },
    );
    t.ok(provisional.includes(180));
    t.equal(request?.body, sdp);
    t.equal(request?.get('x-campaign'), '7');
    t.match(request?.get('from'), /^<sip:me@127\.0\.0\.1:\d+>;tag=/);
    t.match(request?.get('p-asserted-identity'), /^sip:9@127\.0\.0\.1:\d+$/);
    t.equal(request?.get('content-type'), 'application/sdp');
    t.equal(dialog.remote.sdp, sdp);
    const { callId, localTag } = dialog.sip;
    t.equal(app.findDialogByCallIDAndFromTag(callId, localTag), dialog);
    await dialog.destroy();
    t.equal(acked, true);
    t.ok(await serverEmpty(server));
    t.ok(await empty(phone));
  });
}

t.test('the phone hangs up, and may modify before', async (t) => {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  const app = await connectApp(t, server);
  phone.on('invite', (incoming) => {
    const dialog = incoming.accept({ body: sdp });
    dialog.once('ack', () => {
      void dialog.reinvite(`${sdp}a=sendonly\r\n`).then((answer) => {
        t.equal(answer.status, 200);
        void dialog.bye();
      });
    });
  });
  const dialog = await app.createUAC(uriOf(phone), { localSdp: sdp });
  await once(dialog, 'destroy');
  t.equal(dialog.remote.sdp, `${sdp}a=sendonly\r\n`);
  t.ok(await serverEmpty(server));
  t.ok(await empty(phone));
});

t.test('failures carry their status: refused, nobody there, no such transport, ourselves', async (t) => {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  const silent = await agent(t, 'silent');
  const app = await connectApp(t, server);
  phone.on('invite', (incoming) => incoming.respond(486));
  t.match(await failure(app.createUAC(uriOf(phone), { localSdp: sdp })), { status: 486 });
  const { port } = silent.addresses[0] as { port: number };
  await silent.close();
  const nobody = app.createUAC(`sip:x@127.0.0.1:${port}`, { localSdp: sdp });
  t.match(await failure(nobody), { status: 408 });
  const noTcp = app.createUAC('sip:x@127.0.0.1:1;transport=tcp', { localSdp: sdp });
  t.match(await failure(noTcp), { status: 503 });
  const noDns = app.createUAC('sip:x@nowhere.invalid', { localSdp: sdp });
  t.match(await failure(noDns), { status: 503, reason: 'DNS Error' });
  for (const uri of ['sip:x@127.0.0.1;transport=tls', serverUri(server), 'nonsense:x']) {
    t.equal((await failure(app.createUAC(uri, { localSdp: sdp }))).code, 'EDRACHTIO', uri);
  }
  t.ok(await serverEmpty(server));
});

t.test('CANCEL before any provisional response waits for one; after ringing it goes at once', async (t) => {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  const app = await connectApp(t, server);
  const cancels: Promise<[]>[] = [];
  phone.on('invite', (incoming) => void cancels.push(next(incoming, 'cancel')));
  const early = app.createUAC(uriOf(phone), { localSdp: sdp }, { cbRequest: (_, req) => req.cancel() });
  t.match(await failure(early), { status: 487 });
  await cancels[0];
  phone.removeAllListeners();
  phone.on('invite', (incoming: IncomingInvite) => {
    cancels.push(next(incoming, 'cancel'));
    incoming.respond(180);
  });
  let request: Request | undefined;
  const ringing = app.createUAC(
    uriOf(phone),
    { localSdp: sdp },
    {
      cbRequest: (_, req) => (request = req),
      cbProvisional: (res) => {
        if (res.status === 180) request?.cancel({ headers: { Reason: 'SIP;cause=200' } });
      },
    },
  );
  t.match(await failure(ringing), { status: 487 });
  t.equal(cancels.length, 2);
  await cancels[1];
  t.ok(await serverEmpty(server));
  t.ok(await empty(phone));
});

t.test('a 200 that crosses the CANCEL is acknowledged and hung up', async (t) => {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  const app = await connectApp(t, server);
  const ended = new Promise<unknown>((resolve) => {
    phone.on('invite', (incoming) => {
      // The CANCEL is held back until this 180; the 200 leaves in the same moment.
      incoming.respond(180);
      void next(incoming.accept({ body: sdp }), 'ended').then(resolve);
    });
  });
  const call = app.createUAC(uriOf(phone), { localSdp: sdp }, { cbRequest: (_, req) => req.cancel() });
  const dialog = await call;
  const reason = await new Promise((resolve) =>
    dialog.on('destroy', (_: Message, text: string) => resolve(text)),
  );
  t.equal(reason, 'ACK-BYE due to cancel race condition');
  t.same(await ended, ['remote-bye']);
  t.ok(await serverEmpty(server));
  t.ok(await empty(phone));
});

t.test('a challenged INVITE and a challenged BYE are repeated with credentials', async (t) => {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  const app = await connectApp(t, server);
  const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
  /** Checks the digest as RFC 2617 computes it. */
  const authorised = (request: SipMessage): boolean => {
    const header = request.get('authorization');
    if (header === undefined) return false;
    const field = (name: string): string => new RegExp(`\\b${name}="([^"]*)"`).exec(header)?.[1] ?? '';
    const ha1 = md5(`joe:here:pass`);
    const ha2 = md5(`${request.method}:${field('uri')}`);
    return field('response') === md5(`${ha1}:abc:${ha2}`);
  };
  const challenge = { 'WWW-Authenticate': 'Digest realm="here", nonce="abc", algorithm=MD5' };
  const calls: SipMessage[] = [];
  phone.on('invite', (incoming) => {
    calls.push(incoming.request);
    if (!authorised(incoming.request)) {
      incoming.respond(401, undefined, { headers: challenge });
      return;
    }
    incoming.accept({ body: sdp });
  });
  phone.on('request', (incoming) => {
    const right = authorised(incoming.request);
    incoming.respond(right ? 200 : 401, undefined, right ? {} : { headers: challenge });
  });
  const auth = { username: 'joe', password: 'pass' };
  const dialog = await app.createUAC(uriOf(phone), { localSdp: sdp, auth });
  t.equal(calls.length, 2);
  t.equal(calls[1]?.get('call-id'), calls[0]?.get('call-id'));
  t.equal(calls[1]?.get('from'), calls[0]?.get('from'));
  const [first, second] = calls.map((call) => Number.parseInt(call.get('cseq') ?? '', 10));
  t.equal(second, (first ?? 0) + 1);
  const req = await app.request(uriOf(phone), { method: 'REGISTER', auth });
  t.equal((await once<Message>(req, 'response')).status, 200);
  await dialog.destroy();
  t.ok(await serverEmpty(server));
});

t.test('createB2BUA joins two phones; a hang-up passes to the other side', async (t) => {
  const server = await startServer(t);
  const alice = await agent(t, 'alice');
  const bob = await agent(t, 'bob');
  const joined = new Promise<{ uas: AppDialog; uac: AppDialog }>((resolve) => {
    void connectApp(t, server, (app) => {
      app.invite((req, res) => {
        void app
          .createB2BUA(req, res, uriOf(bob), { localSdpB: req.body, proxyRequestHeaders: ['X-Tag'] })
          .then(({ uas, uac }) => {
            uas.on('destroy', () => void uac.destroy());
            uac.on('destroy', () => void uas.destroy());
            resolve({ uas, uac });
          });
      });
    }).then(() => {
      const call = alice.invite(serverUri(server), { body: sdp, headers: { 'X-Tag': 'z' } });
      call.on('provisional', (response) => seen.push(response.status));
      call.on('accepted', (response, dialog) => {
        t.equal(response.body, `${sdp}a=x\r\n`);
        call.ack();
        dialog.on('ended', (reason) => endOfAlice(reason));
      });
    });
  });
  const seen: number[] = [];
  let endOfAlice: (reason: string) => void = () => undefined;
  const aliceEnded = new Promise<string>((resolve) => (endOfAlice = resolve));
  const [incoming] = await next(bob, 'invite');
  t.equal(incoming.request.get('x-tag'), 'z');
  incoming.respond(180);
  const bobs = incoming.accept({ body: `${sdp}a=x\r\n` });
  await next(bobs, 'ack');
  const { uas, uac } = await joined;
  t.not(uas.id, uac.id);
  t.ok(seen.includes(180));
  await bobs.bye();
  t.equal(await aliceEnded, 'remote-bye');
  t.ok(await serverEmpty(server));
  t.ok(await empty(alice, bob));
});

t.test('a CANCEL of the caller passes through createB2BUA', async (t) => {
  const server = await startServer(t);
  const alice = await agent(t, 'alice');
  const bob = await agent(t, 'bob');
  await connectApp(t, server, (app) => {
    app.invite((req, res) => {
      app.createB2BUA(req, res, uriOf(bob), { localSdpB: req.body }).catch(() => undefined);
    });
  });
  const invited = next(bob, 'invite');
  const call = alice.invite(serverUri(server), { body: sdp });
  const failed = next(call, 'failed');
  const [incoming] = await invited;
  const cancelled = next(incoming, 'cancel');
  incoming.respond(180);
  call.cancel();
  await cancelled;
  t.equal((await failed)[0], 487);
  t.ok(await serverEmpty(server));
  t.ok(await empty(alice, bob));
});

t.test('requests outside a dialog pass both ways: OPTIONS, MESSAGE, through a chosen next hop', async (t) => {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  const texts: string[] = [];
  const app = await connectApp(t, server, (a) => {
    a.message((req: Request, res: Response) => {
      texts.push(req.body);
      res.send(202);
    });
  });
  const sent = await phone.request('MESSAGE', serverUri(server), {
    body: '你好',
    headers: { 'Content-Type': 'text/plain' },
  });
  t.equal(sent.status, 202);
  t.same(texts, ['你好']);
  phone.on('request', (incoming) => {
    t.equal(incoming.request.uri, 'sip:carol@example.invalid');
    incoming.respond(200, undefined, { headers: { 'X-Is': 'there' } });
  });
  const req = await app.request('sip:carol@example.invalid', { method: 'OPTIONS', proxy: uriOf(phone) });
  const response = await once<Message>(req, 'response');
  t.equal(response.status, 200);
  t.equal(response.get('X-Is'), 'there');
  t.ok(await serverEmpty(server));
});

t.test('an in-dialog request after the end is refused as ENODIALOG', async (t) => {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  const app = await connectApp(t, server);
  phone.on('invite', (incoming) => void incoming.accept({ body: sdp }));
  const dialog = await app.createUAC(uriOf(phone), { localSdp: sdp });
  await dialog.destroy();
  t.equal((await failure(dialog.request({ method: 'INFO' }))).code, 'ENODIALOG');
});

t.test('call-detail records tell attempt, start and stop of both legs', async (t) => {
  const server = await startServer(t);
  const alice = await agent(t, 'alice');
  const facts: string[] = [];
  await connectApp(t, server, (app) => {
    app.invite((req, res) => void app.createUAS(req, res, { localSdp: sdp }));
    app.on('cdr:attempt', (source: string) => facts.push(`attempt ${source}`));
    app.on('cdr:start', (source: string, _: string, role: string) => facts.push(`start ${source} ${role}`));
    app.on('cdr:stop', (source: string, _: string, reason: string) => facts.push(`stop ${source} ${reason}`));
  });
  const call = alice.invite(serverUri(server), { body: sdp });
  const dialog = await accepted(call);
  call.ack();
  await dialog.bye();
  await until(() => facts.length >= 3);
  t.same(facts, ['attempt network', 'start application uas', 'stop network normal-release']);
});
