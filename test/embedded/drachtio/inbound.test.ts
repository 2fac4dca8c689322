import t, { type Test } from 'tap';
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
  type App,
  type AppDialog,
  type Message,
  type Request,
  type Response,
} from './harness.js';

// Each has its own server and phones, and waits most of its time for 64 * T1.
t.jobs = 4;

/** An application that answers each INVITE at once, and tells of its dialogs. */
function answering(dialogs: (dialog: AppDialog, req: Request) => void) {
  return (app: App): void => {
    app.invite((req, res) => {
      void app.createUAS(req, res, { localSdp: sdp }).then((dialog) => dialogs(dialog, req));
    });
  };
}

for (const protocol of ['udp', 'tcp'] as const) {
  t.test(`createUAS answers a call over ${protocol}; the caller hangs up`, async (t) => {
    const server = await startServer(t);
    const phone = await agent(t, 'phone');
    let made: (of: [AppDialog, Request]) => void = () => undefined;
    const dialogs = new Promise<[AppDialog, Request]>((resolve) => (made = resolve));
    const acks: Promise<unknown>[] = [];
    await connectApp(
      t,
      server,
      answering((dialog, req) => {
        acks.push(once(dialog, 'ack'));
        made([dialog, req]);
      }),
    );
    const call = phone.invite(serverUri(server, protocol), { body: sdp, headers: { 'X-Mark': 'a' } });
    call.on('accepted', (response) => t.equal(response.body, sdp));
    const phoneDialog = await accepted(call);
    call.ack();
    const [appDialog, request] = await dialogs;
    await acks[0];
    t.equal(request.get('X-Mark'), 'a');
    t.equal(request.protocol, protocol);
    t.equal(request.source_address, '127.0.0.1');
    t.match(request.server.hostport, /^udp\/127\.0\.0\.1:\d+,tcp\//);
    t.match(request.receivedOn, /^127\.0\.0\.1:\d+$/);
    t.match(appDialog.id, /^.+;from-tag=.+$/);
    t.equal(appDialog.sip.localTag, phoneDialog.remoteTag);
    const destroyed = once(appDialog, 'destroy');
    await phoneDialog.bye();
    await destroyed;
    t.ok(await serverEmpty(server));
    t.ok(await empty(phone));
  });
}

t.test('the application hangs up', async (t) => {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  const app = await connectApp(
    t,
    server,
    answering((dialog) => {
      dialog.once('ack', () => void dialog.destroy());
    }),
  );
  t.ok(app);
  const call = phone.invite(serverUri(server), { body: sdp });
  const dialog = await accepted(call);
  const ended = next(dialog, 'ended');
  call.ack();
  t.same(await ended, ['remote-bye']);
  t.ok(await serverEmpty(server));
  t.ok(await empty(phone));
});

t.test('100 comes at once, 183 with a body before the answer, and the tags agree', async (t) => {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  const destroyed: Promise<unknown>[] = [];
  const app = await connectApp(t, server, (a) => {
    a.invite((req, res) => {
      res.send(183, { body: sdp, headers: { 'X-Early': '1' } });
      void a.createUAS(req, res, { localSdp: sdp }).then((dialog) => {
        destroyed.push(once(dialog, 'destroy'));
      });
    });
  });
  t.ok(app);
  const call = phone.invite(serverUri(server), { body: sdp });
  const seen: SipMessage[] = [];
  call.on('provisional', (response) => seen.push(response));
  const answered = next(call, 'accepted');
  const [answer, dialog] = await answered;
  call.ack();
  // Each again when our INVITE was repeated meanwhile: T1 is 20 ms, and the machine may be busy.
  t.same([...new Set(seen.map((response) => response.status))], [100, 183]);
  const early = seen.find((response) => response.status === 183);
  t.equal(early?.body, sdp);
  t.equal(early?.get('x-early'), '1');
  t.equal(answer.get('x-early'), undefined);
  t.equal(answer.get('to'), early?.get('to'));
  await dialog.bye();
  await destroyed[0];
  t.ok(await serverEmpty(server));
});

t.test('a refusal of the application reaches the caller, its ACK stays below', async (t) => {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  await connectApp(t, server, (app) => {
    app.invite((_, res) => res.send(486, 'No time', { headers: { 'Retry-After': '30' } }));
  });
  const [status, response] = await next(phone.invite(serverUri(server), { body: sdp }), 'failed');
  t.equal(status, 486);
  t.equal(response?.reason, 'No time');
  t.equal(response?.get('retry-after'), '30');
  t.ok(await serverEmpty(server));
});

t.test('CANCEL while the application rings: event, 487, and its late answer is refused', async (t) => {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  let late: Promise<unknown> | undefined;
  const cancelled = new Promise<void>((resolve) => {
    void connectApp(t, server, (app) => {
      app.invite((req, res) => {
        res.send(180);
        req.on('cancel', () => {
          late = app.createUAS(req, res, { localSdp: sdp });
          late.catch(() => undefined);
          resolve();
        });
      });
    }).then(() => {
      const call = phone.invite(serverUri(server), { body: sdp });
      call.on('provisional', (response) => {
        if (response.status === 180) call.cancel({ Reason: 'SIP;cause=200;text="elsewhere"' });
      });
      call.on('failed', (status) => t.equal(status, 487));
    });
  });
  await cancelled;
  await t.rejects(late ?? Promise.resolve());
  t.ok(await serverEmpty(server));
  t.ok(await empty(phone));
});

t.test('re-INVITE, INFO, UPDATE, OPTIONS, REFER and NOTIFY of the phone reach the application', async (t) => {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  const heard: string[] = [];
  await connectApp(
    t,
    server,
    answering((dialog) => {
      for (const event of ['info', 'update', 'options', 'refer', 'notify', 'message']) {
        dialog.on(event, (req: Request, res: Response) => {
          heard.push(`${req.method} ${req.body}`);
          res.send(event === 'refer' ? 202 : 200);
        });
      }
      dialog.on('modify', (req: Request, res: Response) => {
        heard.push(`INVITE ${req.body === `${sdp}a=inactive\r\n`}`);
        res.send(200, { body: `${sdp}a=inactive\r\n` });
      });
    }),
  );
  const call = phone.invite(serverUri(server), { body: sdp });
  const dialog = await accepted(call);
  call.ack();
  const answer = await dialog.reinvite(`${sdp}a=inactive\r\n`);
  t.equal(answer.body, `${sdp}a=inactive\r\n`);
  for (const method of ['INFO', 'UPDATE', 'OPTIONS', 'NOTIFY', 'MESSAGE']) {
    const headers = { 'Content-Type': 'text/plain' };
    t.equal((await dialog.request(method, { body: 'x', headers })).status, 200, method);
  }
  const referTo = { 'Refer-To': '<sip:carol@example.com>' };
  t.equal((await dialog.request('REFER', { headers: referTo })).status, 202);
  t.same(heard, ['INVITE true', 'INFO x', 'UPDATE x', 'OPTIONS x', 'NOTIFY x', 'MESSAGE x', 'REFER ']);
  await dialog.bye();
  t.ok(await serverEmpty(server));
});

t.test('the application modifies, sends INFO and REFER inside the dialog', async (t) => {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  const made = new Promise<AppDialog>((resolve) => {
    void connectApp(t, server, answering(resolve)).then(() => {
      const call = phone.invite(serverUri(server), { body: sdp });
      call.on('accepted', (_, dialog) => {
        call.ack();
        dialog.on('request', (incoming) => {
          const { method } = incoming.request;
          if (method === 'INVITE') incoming.respond(200, undefined, { body: `${sdp}a=sendonly\r\n` });
          else incoming.respond(method === 'REFER' ? 202 : 200);
        });
      });
    });
  });
  const dialog = await made;
  await once(dialog, 'ack');
  t.equal(await dialog.modify(`${sdp}a=recvonly\r\n`), `${sdp}a=sendonly\r\n`);
  const info = await dialog.request({
    method: 'INFO',
    headers: { 'Content-Type': 'application/dtmf-relay' },
    body: 'Signal=1',
  });
  t.equal(info.status, 200);
  const refer = await dialog.request({ method: 'REFER', headers: { 'Refer-To': 'sip:c@d' } });
  t.equal(refer.status, 202);
  await dialog.destroy();
  t.ok(await serverEmpty(server));
  t.ok(await empty(phone));
});

/** With an application that answers every call: why the first one ended. */
async function endOfAnswered(
  t: Test,
  server: Awaited<ReturnType<typeof startServer>>,
): Promise<{ reason: Promise<string> }> {
  let tell: (reason: string) => void = () => undefined;
  const reason = new Promise<string>((resolve) => (tell = resolve));
  const answer = answering((dialog) => {
    dialog.on('destroy', (_: Message, why: string) => tell(why));
  });
  await connectApp(t, server, answer);
  return { reason };
}

t.test('no ACK: the answer is repeated, then both sides hear of the end', async (t) => {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  const ended = await endOfAnswered(t, server);
  // never acknowledged
  const call = phone.invite(serverUri(server), { body: sdp });
  call.on('accepted', (_, dialog) => dialog.on('bye', () => t.pass('BYE came')));
  t.equal(await ended.reason, 'ACK timeout');
  t.ok(await serverEmpty(server));
});

t.test('the application hears of the end also of a call whose caller cannot be told', async (t) => {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  const ended = await endOfAnswered(t, server);
  // Never acknowledged; and the way back is over TLS, on which we do not listen.
  const headers = { 'Record-Route': '<sip:127.0.0.1:5061;transport=tls;lr>' };
  phone.invite(serverUri(server), { body: sdp, headers });
  t.equal(await ended.reason, 'ACK timeout');
  t.ok(await serverEmpty(server));
});

t.test('two applications take INVITEs in turn; without one there is 503', async (t) => {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  const refused = async (): Promise<[number, string | undefined]> => {
    const call = phone.invite(serverUri(server), { body: sdp });
    const [status, response] = await next(call, 'failed');
    return [status, response?.get('x-app')];
  };
  t.same(await refused(), [503, undefined]);
  t.equal((await phone.request('OPTIONS', serverUri(server))).status, 503);
  const numbered = (name: string) => (app: App) => {
    app.invite((_, res) => res.send(603, { headers: { 'X-App': name } }));
  };
  const one = await connectApp(t, server, numbered('one'));
  const two = await connectApp(t, server, numbered('two'));
  const seen = [await refused(), await refused(), await refused(), await refused()];
  t.same(
    seen.map(([, name]) => name),
    ['one', 'two', 'one', 'two'],
  );
  one.disconnect();
  await until(() => server.counts().apps === 1);
  t.same(await refused(), [603, 'two']);
  two.disconnect();
  await until(() => server.counts().apps === 0);
  t.same(await refused(), [503, undefined]);
  t.equal(server.counts().apps, 0);
  t.ok(await serverEmpty(server));
});

t.test('stray requests get 481, broken ones 400', async (t) => {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  await connectApp(t, server, (app) => {
    app.invite((_, res) => res.send(603));
    app.register((_, res) => res.send(200));
  });
  const uri = serverUri(server);
  const To = '<sip:service@127.0.0.1>;tag=nobody';
  for (const method of ['BYE', 'UPDATE', 'INVITE']) {
    t.equal((await phone.request(method, uri, { headers: { To } })).status, 481, method);
  }
  t.equal((await phone.request('CANCEL', uri)).status, 481);
  t.equal((await phone.request('INVITE', uri, { headers: { Contact: 'nonsense' } })).status, 400);
  const star = { Contact: '*', Expires: '60' };
  t.equal((await phone.request('REGISTER', uri, { headers: star })).status, 400);
  t.equal((await phone.request('REGISTER', uri, { headers: { ...star, Expires: '0' } })).status, 200);
  t.ok(await serverEmpty(server));
});

t.test('an application that goes away: its ringing call gets 503, its live call 481 to BYE', async (t) => {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  let ringing = false;
  const app = await connectApp(t, server, (a) => {
    a.invite((req, res) => {
      if (ringing) res.send(180);
      else void a.createUAS(req, res, { localSdp: sdp });
    });
  });
  const live = phone.invite(serverUri(server), { body: sdp });
  const dialog = await accepted(live);
  live.ack();
  ringing = true;
  const call = phone.invite(serverUri(server), { body: sdp });
  const failed = next(call, 'failed');
  call.on('provisional', (response) => {
    if (response.status === 180) app.disconnect();
  });
  t.equal((await failed)[0], 503);
  t.equal(server.counts().dialogs, 1, 'the live call goes on');
  t.equal((await dialog.request('INFO')).status, 481);
  await phone.request('BYE', dialog.remoteTarget, {
    callId: dialog.callId,
    fromTag: dialog.localTag,
    headers: { To: `<sip:service@127.0.0.1>;tag=${dialog.remoteTag}`, CSeq: '50 BYE' },
  });
  t.ok(await serverEmpty(server));
});

t.test('a wrong secret is told so and dropped; other applications are not disturbed', async (t) => {
  const server = await startServer(t);
  const good = await connectApp(t, server, (app) => app.options((_, res) => res.send(200)));
  t.ok(good);
  await t.rejects(connectApp(t, server, undefined, { secret: 'wrong', reconnect: { maxAttempts: 1 } }));
  const phone = await agent(t, 'phone');
  t.equal((await phone.request('OPTIONS', serverUri(server))).status, 200);
  t.equal(uriOf(phone).startsWith('sip:'), true);
});
