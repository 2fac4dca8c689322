import { createSocket } from 'node:dgram';
import t, { type Test } from 'tap';
import { SipCounters } from '../../../src/embedded/sip/sip-counters.js';
import { fairClock } from '../sip/fair-clock.js';
import { agent, next } from '../sip/phones.js';
import {
  connectApp,
  sdp,
  serverEmpty,
  serverUri,
  startServer,
  type AppDialog,
  type Request,
} from './harness.js';

const times = 1000;
/** Each waits 64*T1 for what is left; the messages of one are not seen by another. */
t.jobs = 4;

/** At a time: few enough for the receive buffers of both sides. */
const burst = 50;

/** A server that counts, and a peer that says exactly what it is told, as often as it is told. */
async function stormy(t: Test) {
  const counters = new SipCounters();
  const server = await startServer(t, { sip: ['udp:127.0.0.1:0'], observer: counters, clock: fairClock });
  const port = server.sipAddresses[0]?.port ?? 0;
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  t.teardown(() => socket.close());
  const heard: string[] = [];
  socket.on('message', (bytes) => heard.push(bytes.toString()));
  const own = socket.address().port;
  const send = (text: string): void => socket.send(text, port, '127.0.0.1');
  /** The figure of a line of the metrics, 0 if there is none. */
  const metric = (name: string): number => {
    const line = counters
      .text({})
      .split('\n')
      .find((text) => text.startsWith(`xiangyin_sip_${name} `));
    return Number(line?.split(' ').at(-1) ?? 0);
  };
  /** Waits for it, at most 5 s. */
  const until = async (true_: () => boolean): Promise<void> => {
    for (let i = 0; i < 1000 && !true_(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  /** The same message `times` times; each burst is sent when the server has counted the one before. */
  const storm = async (text: string, received: string): Promise<void> => {
    const before = metric(received);
    for (let sent = burst; sent <= times; sent += burst) {
      for (let i = 0; i < burst; i++) send(text);
      await until(() => metric(received) >= before + sent);
    }
  };
  const of = (start: string): string[] => heard.filter((text) => text.startsWith(start));
  /** All that begin so, once there are so many; more would be seen, too, by what the test does next. */
  const all = async (start: string, count: number): Promise<string[]> => {
    await until(() => of(start).length >= count);
    return of(start);
  };
  const first = async (start: string): Promise<string> => {
    await until(() => of(start).length > 0);
    return of(start)[0] ?? '';
  };
  const request = (method: string, branch: string, to: string, body = ''): string =>
    [
      `${method} sip:service@127.0.0.1:${port} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${own};branch=z9hG4bK${branch}`,
      `From: <sip:raw@127.0.0.1>;tag=f`,
      `To: ${to}`,
      'Call-ID: storm',
      `CSeq: ${branch === 'bye' ? 3 : branch === 'again' || branch === 'ack2' ? 2 : 1} ${method}`,
      `Contact: <sip:raw@127.0.0.1:${own}>`,
      ...(body === '' ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n');
  return { server, own, heard, send, metric, until, storm, of, all, first, request };
}

const header = (message: string, name: string): string =>
  new RegExp(`^${name}: (.*?)\\r?$`, 'm').exec(message)?.[1] ?? '';

t.test(
  'the same INVITE, re-INVITE and BYE, 1000 times each: one call, one change, one end',
  { buffered: true },
  async (t) => {
    const { server, send, metric, storm, of, all, first, request, heard } = await stormy(t);
    const invites: Request[] = [];
    const events: string[] = [];
    let answer: () => void = () => undefined;
    await connectApp(t, server, (app) => {
      app.invite((req, res) => {
        invites.push(req);
        res.send(180);
        answer = () =>
          void app.createUAS(req, res, { localSdp: sdp }).then((dialog) => {
            events.push('answered');
            dialog.on('modify', (_, changed) => {
              events.push('modify');
              changed.send(200, { body: sdp });
            });
            dialog.on('destroy', () => events.push('destroy'));
          });
      });
    });
    const invite = request('INVITE', 'first', '<sip:b@127.0.0.1>', sdp);
    const invited = 'requests_total{direction="in",method="INVITE",transport="udp"}';
    send(invite);
    const ringing = await first('SIP/2.0 180');
    await storm(invite, invited);
    t.equal(invites.length, 1);
    t.equal(of('SIP/2.0 100').length, 1);
    t.equal((await all('SIP/2.0 180', 1 + times)).length, 1 + times, 'each is told what is known');
    t.equal(new Set(of('SIP/2.0 180')).size, 1);
    t.equal(metric('retransmissions_total{direction="in",kind="request",method="INVITE"}'), times);
    t.equal(server.counts().transactions, 1);

    answer();
    const answered = await first('SIP/2.0 200');
    const to = header(answered, 'To');
    t.equal(to, header(ringing, 'To'));
    send(request('ACK', 'ack', to));
    await storm(invite, invited);
    t.ok(of('SIP/2.0 200').length < 10, 'the answer is repeated by its timer, not for each INVITE');
    t.equal(metric('transactions_total{role="server",method="INVITE",status="200"}'), 1);

    const again = request('INVITE', 'again', to, sdp);
    heard.length = 0;
    send(again);
    await first('SIP/2.0 200');
    send(request('ACK', 'ack2', to));
    await storm(again, invited);
    t.equal(metric('transactions_total{role="server",method="INVITE",status="200"}'), 2);

    const bye = request('BYE', 'bye', to);
    heard.length = 0;
    send(bye); // before it is answered, its repetitions hear nothing
    await first('SIP/2.0 200');
    await storm(bye, 'requests_total{direction="in",method="BYE",transport="udp"}');
    t.equal((await all('SIP/2.0 200', 1 + times)).length, 1 + times, 'each gets the answer');
    t.equal(new Set(of('SIP/2.0 200')).size, 1, 'and the same one');
    t.equal(metric('retransmissions_total{direction="in",kind="request",method="BYE"}'), times);
    t.equal(metric('transactions_total{role="server",method="BYE",status="200"}'), 1);
    t.same(events, ['answered', 'modify', 'destroy']);
    t.equal(invites.length, 1);
    t.ok(await serverEmpty(server), JSON.stringify(server.counts()));
  },
);

t.test(
  'the same CANCEL 1000 times: one 487, one event, the same answer to each',
  { buffered: true },
  async (t) => {
    const { server, send, metric, storm, of, all, first, request } = await stormy(t);
    let cancels = 0;
    await connectApp(t, server, (app) => {
      app.invite((req, res) => {
        req.on('cancel', () => cancels++);
        res.send(180);
      });
    });
    send(request('INVITE', 'x', '<sip:b@127.0.0.1>', sdp));
    await first('SIP/2.0 180');
    await storm(
      request('CANCEL', 'x', '<sip:b@127.0.0.1>'),
      'requests_total{direction="in",method="CANCEL",transport="udp"}',
    );
    const refused = await first('SIP/2.0 487');
    send(request('ACK', 'x', header(refused, 'To')));
    t.equal(cancels, 1);
    t.equal((await all('SIP/2.0 200', times)).length, times);
    t.equal(new Set(of('SIP/2.0 200')).size, 1);
    t.equal(metric('retransmissions_total{direction="in",kind="request",method="CANCEL"}'), times - 1);
    t.equal(metric('transactions_total{role="server",method="INVITE",status="487"}'), 1);
    t.ok(await serverEmpty(server), JSON.stringify(server.counts()));
  },
);

/** The answer to a message, as its phone `tag` gives it. */
function answerTo(message: string, status: string, tag: string, own: number, body = ''): string {
  const copied = ['Via', 'From', 'Call-ID', 'CSeq'].map((name) => `${name}: ${header(message, name)}`);
  const to = header(message, 'To').replace(/;tag=.*/, '');
  return [
    `SIP/2.0 ${status}`,
    ...copied,
    `To: ${to};tag=${tag}`,
    `Contact: <sip:${tag}@127.0.0.1:${own}>`,
    ...(body === '' ? [] : ['Content-Type: application/sdp']),
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}

t.test('the same 200 to a call out 1000 times: one call, one ACK for each', { buffered: true }, async (t) => {
  const { server, own, send, metric, storm, of, all, first } = await stormy(t);
  const app = await connectApp(t, server);
  let dialogs = 0;
  const calling = app.createUAC(`sip:callee@127.0.0.1:${own}`, { localSdp: sdp });
  void calling.then(() => dialogs++);
  const ok = answerTo(await first('INVITE'), '200 OK', 'one', own, sdp);
  send(ok);
  const dialog: AppDialog = await calling;
  await first('ACK');
  await storm(ok, 'responses_total{direction="in",method="INVITE",status="200",transport="udp"}');
  t.equal(dialogs, 1);
  t.equal((await all('ACK', 1 + times)).length, 1 + times);
  t.equal(new Set(of('ACK')).size, 1, 'the same ACK');
  t.equal(metric('retransmissions_total{direction="in",kind="response",method="INVITE"}'), times);
  t.equal(metric('transactions_total{role="client",method="INVITE",status="200"}'), 1);
  t.equal(of('BYE').length, 0);
  const bye = dialog.destroy();
  send(answerTo(await first('BYE'), '200 OK', 'one', own));
  await bye;
  await storm(ok, 'responses_total{direction="in",method="INVITE",status="200",transport="udp"}');
  t.equal(new Set(of('BYE')).size, 1, 'a 200 after the end brings no second BYE');
  t.ok(await serverEmpty(server), JSON.stringify(server.counts()));
});

t.test('the 200 of another fork, 1000 times: an ACK for each, but one BYE', { buffered: true }, async (t) => {
  const { server, own, send, metric, storm, of, all, first } = await stormy(t);
  const app = await connectApp(t, server);
  const calling = app.createUAC(`sip:callee@127.0.0.1:${own}`, { localSdp: sdp });
  const invite = await first('INVITE');
  send(answerTo(invite, '200 OK', 'one', own, sdp));
  const dialog = await calling;
  await storm(
    answerTo(invite, '200 OK', 'two', own, sdp),
    'responses_total{direction="in",method="INVITE",status="200",transport="udp"}',
  );
  const isOfFork = (message: string): boolean => header(message, 'To').endsWith('tag=two');
  const acks = (await all('ACK', 1 + times)).filter(isOfFork);
  t.equal(acks.length, times);
  t.equal(new Set(acks).size, 1, 'the same ACK');
  const byes = of('BYE').filter(isOfFork);
  t.equal(new Set(byes.map((bye) => header(bye, 'Via'))).size, 1, 'one BYE, repeated by its timer alone');
  send(answerTo(byes[0] ?? '', '200 OK', 'two', own));
  t.equal(metric('transactions_total{role="client",method="INVITE",status="200"}'), 1);
  const bye = dialog.destroy();
  for (let i = 0; i < 100 && of('BYE').every(isOfFork); i++) await new Promise((r) => setTimeout(r, 5));
  send(answerTo(of('BYE').find((text) => !isOfFork(text)) ?? '', '200 OK', 'one', own));
  await bye;
  t.ok(await serverEmpty(server), JSON.stringify(server.counts()));
});

t.test(
  'a proxied call that was cancelled, answered by 40 forks: 16 are hung up',
  { buffered: true },
  async (t) => {
    const { server, own, send, of, all, first } = await stormy(t);
    await connectApp(t, server, (app) => {
      app.invite((req) => {
        const { proxyRequest } = app as unknown as { proxyRequest(...args: unknown[]): Promise<unknown> };
        proxyRequest.call(app, req, [`sip:callee@127.0.0.1:${own}`], {}).catch(() => undefined);
      });
    });
    const alice = await agent(t, 'alice');
    const call = alice.invite(serverUri(server), { body: sdp });
    const failed = next(call, 'failed');
    const invite = await first('INVITE');
    call.cancel();
    t.equal((await failed)[0], 487);
    for (let i = 0; i < 40; i++) send(answerTo(invite, '200 OK', `fork${String(i)}.`, own, sdp));
    // The last of them is known by now; so is what each of the others brought.
    send(answerTo(invite, '200 OK', 'fork0.', own, sdp));
    await all('ACK', 17);
    for (const bye of new Set(of('BYE'))) send(answerTo(bye, '200 OK', '', own));
    t.equal(new Set(of('ACK').map((ack) => header(ack, 'To'))).size, 16);
    t.equal(new Set(of('BYE').map((bye) => header(bye, 'To'))).size, 16);
    t.ok(await serverEmpty(server), JSON.stringify(server.counts()));
    t.equal(new Set(of('BYE').map((bye) => header(bye, 'To'))).size, 16);
  },
);
