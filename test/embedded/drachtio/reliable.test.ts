import t, { type Test } from 'tap';
import type { SipMessage } from '../../../src/embedded/sip/message.js';
import { agent, early, empty, next } from '../sip/phones.js';
import {
  connectApp,
  once,
  sdp,
  serverEmpty,
  serverUri,
  startServer,
  type AppDialog,
  type Request,
  type Response,
} from './harness.js';

// Each has its own server and phones, and waits most of its time for 64 * T1.
t.jobs = 4;

const reliable = { headers: { Require: '100rel' }, body: sdp };

/** A server whose application sends 183 reliably and answers when `go` says. */
async function ringing(t: Test, go: Promise<unknown>) {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  const answered: Promise<AppDialog>[] = [];
  await connectApp(t, server, (app) => {
    app.invite((req: Request, res: Response) => {
      res.send(183, reliable);
      void go.then(() => {
        const dialog = app.createUAS(req, res, { localSdp: sdp });
        dialog.catch(() => undefined);
        answered.push(dialog);
      });
    });
  });
  const call = phone.invite(serverUri(server), { body: sdp, headers: { Supported: 'timer, 100rel' } });
  const rung: SipMessage[] = [];
  call.on('provisional', (response) => {
    if (response.status === 183) rung.push(response);
  });
  const repeated = async (times: number): Promise<SipMessage> => {
    while (rung.length < times) await next(call, 'provisional');
    return rung[0] as SipMessage;
  };
  return { server, phone, call, rung, repeated, answered };
}

t.test(
  'a reliable 183 is repeated until its PRACK, which the application answers; then the call',
  async (t) => {
    let go: (value?: unknown) => void = () => undefined;
    const { server, phone, call, rung, repeated, answered } = await ringing(t, new Promise((r) => (go = r)));
    const first = await repeated(3);
    const rseq = first.get('rseq') ?? '';
    t.match(rseq, /^\d+$/);
    t.equal(first.get('require'), '100rel');
    t.equal(first.body, sdp);
    t.equal(rung[1]?.toString(), first.toString());
    const wrong = await early(phone, call, first, 'PRACK', 2, {
      headers: { RAck: `${Number(rseq) + 1} 1 INVITE` },
    });
    t.equal(wrong.status, 481);
    t.equal(
      (await early(phone, call, first, 'PRACK', 3, { headers: { RAck: `${rseq} 1 INVITE` } })).status,
      200,
    );
    const count = rung.length;
    await new Promise((resolve) => setTimeout(resolve, 150));
    t.equal(rung.length, count, 'no repetition after the PRACK');
    go();
    const [response, dialog] = await next(call, 'accepted');
    t.equal(response.has('rseq'), false);
    call.ack();
    const appDialog = await (answered[0] as Promise<AppDialog>);
    const destroyed = once(appDialog, 'destroy');
    // CSeq 2 and 3 are used.
    t.equal((await dialog.request('INFO')).status, 500);
    t.equal((await dialog.request('INFO')).status, 500);
    await dialog.bye();
    await destroyed;
    t.ok(await serverEmpty(server));
    t.ok(await empty(phone));
  },
);

t.test('a 200 waits for the PRACK of a 183 with a session description', async (t) => {
  const { server, phone, call, repeated } = await ringing(t, Promise.resolve());
  const first = await repeated(2);
  let accepted = false;
  const answer = next(call, 'accepted');
  void answer.then(() => (accepted = true));
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.equal(accepted, false);
  const rack = { headers: { RAck: `${first.get('rseq')} 1 INVITE` } };
  const { status } = await early(phone, call, first, 'PRACK', 2, rack);
  t.equal(status, 200, 'the application hears of it before its answer goes');
  const [, dialog] = await answer;
  call.ack();
  await dialog.request('INFO'); // CSeq 2 is used
  await dialog.bye();
  t.ok(await serverEmpty(server));
});

t.test('no PRACK: 504 after 64*T1, and the answer that waited is refused to the application', async (t) => {
  const { server, phone, call, answered } = await ringing(t, Promise.resolve());
  const [status] = await next(call, 'failed');
  t.equal(status, 504);
  await t.rejects(answered[0] as Promise<AppDialog>);
  t.ok(await serverEmpty(server));
  t.ok(await empty(phone));
});

t.test('CANCEL while a reliable 183 is repeated ends it', async (t) => {
  const { server, phone, call, repeated } = await ringing(t, new Promise(() => undefined));
  await repeated(2);
  call.cancel();
  t.equal((await next(call, 'failed'))[0], 487);
  t.ok(await serverEmpty(server));
  t.ok(await empty(phone));
});

t.test('a reliable 180 that the answer overtakes is repeated no more, but its PRACK is taken', async (t) => {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  await connectApp(t, server, (app) => {
    app.invite((req: Request, res: Response) => {
      res.send(180, { headers: { Require: '100rel' } });
      void app.createUAS(req, res, { localSdp: sdp });
    });
  });
  const call = phone.invite(serverUri(server), { body: sdp, headers: { Supported: '100rel' } });
  const rung: SipMessage[] = [];
  call.on('provisional', (response) => {
    if (response.status === 180) rung.push(response);
  });
  const [, dialog] = await next(call, 'accepted');
  call.ack();
  const [first] = rung as [SipMessage];
  const rack = { headers: { RAck: `${first.get('rseq')} 1 INVITE` } };
  t.equal((await early(phone, call, first, 'PRACK', 2, rack)).status, 200);
  t.equal((await early(phone, call, first, 'PRACK', 3, rack)).status, 481, 'once');
  for (let i = 0; i < 2; i++) await dialog.request('INFO'); // CSeq 2 and 3 are used
  await dialog.bye();
  t.ok(await serverEmpty(server));
  t.equal(rung.length, 1);
});

t.test('to a caller that requires 100rel every response but 100 is reliable, unasked', async (t) => {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  let go: () => void = () => undefined;
  await connectApp(t, server, (app) => {
    app.invite((req: Request, res: Response) => {
      res.send(180);
      res.send(183, { body: sdp });
      go = () => void app.createUAS(req, res, { localSdp: sdp });
    });
  });
  const call = phone.invite(serverUri(server), { body: sdp, headers: { Require: '100rel' } });
  const rseqs: number[] = [];
  for (const status of [180, 183]) {
    const response = await new Promise<SipMessage>((resolve) =>
      call.on('provisional', (one) => one.status === status && resolve(one)),
    );
    t.equal(response.get('require'), '100rel');
    rseqs.push(Number(response.get('rseq')));
    const headers = { RAck: `${response.get('rseq')} 1 INVITE` };
    // The library answers a PRACK that nobody waits for.
    t.equal((await early(phone, call, response, 'PRACK', status, { headers })).status, 200);
  }
  t.equal(rseqs[1], (rseqs[0] as number) + 1);
  go();
  const [answer, dialog] = await next(call, 'accepted');
  t.equal(answer.has('require'), false);
  call.ack();
  await phone.request('BYE', dialog.remoteTarget, {
    callId: dialog.callId,
    fromTag: dialog.localTag,
    headers: { To: `<sip:service@127.0.0.1>;tag=${dialog.remoteTag}`, CSeq: '200 BYE' },
  });
  t.ok(await serverEmpty(server));
});

t.test('to a caller without 100rel it is refused', async (t) => {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  let error: unknown;
  await connectApp(t, server, (app) => {
    app.invite((_, res) => {
      res.send(183, reliable, (failed) => {
        error = failed;
        res.send(480);
      });
    });
  });
  t.equal((await next(phone.invite(serverUri(server), { body: sdp }), 'failed'))[0], 480);
  t.match(String(error), /100rel/);
  t.ok(await serverEmpty(server));
});
