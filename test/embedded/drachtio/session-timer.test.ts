import t, { type Test } from 'tap';
import { systemClock, type Clock } from '../../../src/core/clock.js';
import { agent, empty, next, sdp, uriOf } from '../sip/phones.js';
import { connectApp, serverEmpty, serverUri, startServer, until, type Message } from './harness.js';

// Each has its own server and phones, and waits most of its time for 64 * T1.
t.jobs = 4;

/** Half a minute and more pass 300 times as fast: a session of 90 s, given up after 60, in 200 ms. */
const quickSessions: Clock = {
  nowMs: () => systemClock.nowMs(),
  wallMs: () => systemClock.wallMs(),
  after: (delayMs, fn) => systemClock.after(delayMs >= 30_000 ? delayMs / 300 : delayMs, fn),
};

async function answering(t: Test) {
  const server = await startServer(t, { clock: quickSessions });
  const phone = await agent(t, 'phone');
  let tell: (reason: string) => void = () => undefined;
  const destroyed = new Promise<string>((resolve) => (tell = resolve));
  // An INVITE that comes before the application does would be refused.
  await connectApp(t, server, (app) => {
    app.invite((req, res) => {
      void app.createUAS(req, res, { localSdp: sdp }).then((dialog) => {
        dialog.on('destroy', (_: Message, reason: string) => tell(reason));
        dialog.on('modify', (_, answer) => answer.send(200, { body: sdp }));
      });
    });
  });
  return { server, phone, destroyed };
}

t.test('a session that its caller does not refresh is hung up, and the application knows why', async (t) => {
  const { server, phone, destroyed } = await answering(t);
  const headers = { 'Session-Expires': '90', Supported: 'timer' };
  const call = phone.invite(serverUri(server), { body: sdp, headers });
  const [response, dialog] = await next(call, 'accepted');
  t.equal(response.get('session-expires'), '90;refresher=uac');
  t.equal(response.get('require'), 'timer');
  const ended = next(dialog, 'ended');
  call.ack();
  t.same(await ended, ['remote-bye']);
  t.equal(await destroyed, 'Session timer expired');
  t.ok(await serverEmpty(server));
  t.ok(await empty(phone));
});

t.test('each UPDATE of the caller prolongs it', async (t) => {
  const { server, phone } = await answering(t);
  const headers = { 'Session-Expires': '90;refresher=uac', Supported: 'timer' };
  const call = phone.invite(serverUri(server), { body: sdp, headers });
  const [, dialog] = await next(call, 'accepted');
  call.ack();
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setTimeout(resolve, 80));
    const refresh = await dialog.request('UPDATE', { headers });
    t.equal(refresh.status, 200);
    t.equal(refresh.get('session-expires'), '90;refresher=uac');
  }
  t.equal(dialog.isEnded, false, '400 ms later');
  await dialog.bye();
  t.ok(await serverEmpty(server), 'its timer is gone with it');
});

t.test('less than 90 s is refused with 422, in a dialog too', async (t) => {
  const { server, phone } = await answering(t);
  const short = { 'Session-Expires': '60', Supported: 'timer' };
  const refused = phone.invite(serverUri(server), { body: sdp, headers: short });
  const [status, response] = await next(refused, 'failed');
  t.equal(status, 422);
  t.equal(response?.get('min-se'), '90');
  const call = phone.invite(serverUri(server), { body: sdp });
  const [answer, dialog] = await next(call, 'accepted');
  t.equal(answer.has('session-expires'), false);
  call.ack();
  t.equal((await dialog.request('UPDATE', { headers: short })).status, 422);
  t.equal((await dialog.request('INFO')).status, 200, 'the call goes on');
  await dialog.bye();
  t.ok(await serverEmpty(server));
});

t.test('to a caller without UPDATE we refresh with a re-INVITE that changes nothing', async (t) => {
  const { server, phone } = await answering(t);
  const headers = { 'Session-Expires': '90;refresher=uas', Supported: 'timer', Allow: 'INVITE, ACK, BYE' };
  const call = phone.invite(serverUri(server), { body: sdp, headers });
  const [answer, dialog] = await next(call, 'accepted');
  t.equal(answer.get('session-expires'), '90;refresher=uas');
  call.ack();
  const refresh = () => next(dialog, 'request');
  const [glare] = await refresh();
  t.equal(glare.request.method, 'INVITE');
  t.equal(glare.request.body, answer.body, 'our session as it is');
  t.equal(glare.request.get('session-expires'), '90;refresher=uac');
  t.equal((await dialog.request('UPDATE', { body: sdp })).status, 491, 'an offer of ours is open');
  glare.respond(491);
  for (let i = 0; i < 2; i++) {
    const [incoming] = await refresh();
    const acknowledged = next(dialog, 'ack');
    incoming.respond(200, undefined, {
      body: sdp,
      headers: { 'Session-Expires': '90;refresher=uac', Allow: 'INVITE, ACK, BYE' },
    });
    await acknowledged;
  }
  const changed = await dialog.reinvite(`${sdp}a=inactive\r\n`);
  t.equal(changed.status, 200, 'the caller may change its session in between');
  await dialog.bye();
  t.ok(await serverEmpty(server), 'its timer is gone with it');
  t.ok(await empty(phone));
});

t.test('a call out is refreshed with a re-INVITE that has what we offered last; 481 ends it', async (t) => {
  const server = await startServer(t, { clock: quickSessions });
  const stops: string[] = [];
  const app = await connectApp(t, server, (a) => {
    a.on('cdr:stop', (source: string, _: string, reason: string) => stops.push(`${source} ${reason}`));
  });
  const bob = await agent(t, 'bob');
  const bodies: string[] = [];
  bob.on('invite', (incoming) => {
    const headers = { 'Session-Expires': '90;refresher=uac', Require: 'timer', Allow: 'INVITE, ACK, BYE' };
    incoming.accept({ body: sdp, headers }).on('request', ({ request, respond }) => {
      bodies.push(request.body);
      if (bodies.length < 3) respond(200, undefined, { body: sdp, headers });
      else respond(481);
    });
  });
  const headers = { Supported: 'timer', 'Session-Expires': '90' };
  const dialog = await app.createUAC(uriOf(bob), { localSdp: sdp, headers });
  const ended = new Promise<string>((resolve) =>
    dialog.on('destroy', (_: Message, text: string) => resolve(text)),
  );
  await dialog.modify(`${sdp}a=sendonly\r\n`, { headers });
  t.equal(await ended, 'Session timer expired');
  t.same(bodies, Array(3).fill(`${sdp}a=sendonly\r\n`));
  await until(() => stops.length > 0);
  t.same(stops, ['application session-expired']);
  t.ok(await serverEmpty(server));
  t.ok(await empty(bob));
});

t.test('a caller that wants us to refresh gets an UPDATE after half the time, again and again', async (t) => {
  const { server, phone } = await answering(t);
  const headers = {
    'Session-Expires': '90;refresher=uas',
    Supported: 'timer',
    Allow: 'INVITE, ACK, BYE, UPDATE',
  };
  const call = phone.invite(serverUri(server), { body: sdp, headers });
  const [answer, dialog] = await next(call, 'accepted');
  t.equal(answer.get('session-expires'), '90;refresher=uas');
  call.ack();
  let count = 0;
  const second = new Promise<void>((resolve) =>
    dialog.on('request', ({ request, respond }) => {
      t.equal(request.method, 'UPDATE');
      t.equal(request.get('session-expires'), '90;refresher=uac');
      respond(200, undefined, { headers: { 'Session-Expires': '90;refresher=uac', Allow: 'UPDATE' } });
      if (++count === 2) resolve();
    }),
  );
  await second;
  await dialog.bye();
  t.ok(await serverEmpty(server), 'its timer is gone with it');
  t.ok(await empty(phone));
});

t.test(
  'a call out: refreshed by us or watched, as the 2xx says; a refresh refused with 481 ends it',
  async (t) => {
    const server = await startServer(t, { clock: quickSessions });
    const app = await connectApp(t, server);
    const bob = await agent(t, 'bob');
    const dial = async (session: string, status: number): Promise<{ reason: string; updates: number }> => {
      let updates = 0;
      bob.once('invite', (incoming) => {
        const headers = { 'Session-Expires': session, Require: 'timer', Allow: 'INVITE, ACK, BYE, UPDATE' };
        incoming.accept({ body: sdp, headers }).on('request', ({ respond }) => {
          updates++;
          if (updates === 2) respond(status);
          else respond(200, undefined, { headers });
        });
      });
      const headers = { Supported: 'timer', 'Session-Expires': '90' };
      const dialog = await app.createUAC(uriOf(bob), { localSdp: sdp, headers });
      const reason = await new Promise<string>((resolve) =>
        dialog.on('destroy', (_: Message, text: string) => resolve(text)),
      );
      return { reason, updates };
    };
    t.same(await dial('90;refresher=uas', 200), { reason: 'Session timer expired', updates: 0 });
    t.same(await dial('90;refresher=uac', 481), { reason: 'Session timer expired', updates: 2 });
    t.ok(await serverEmpty(server));
    t.ok(await empty(bob));
  },
);

t.test('what no refresh reaches is ended before its time is over, and the application knows', async (t) => {
  const { server, phone, destroyed } = await answering(t);
  const headers = {
    'Session-Expires': '900;refresher=uas',
    Supported: 'timer',
    Allow: 'INVITE, ACK, BYE, UPDATE',
    Contact: '<sip:phone@127.0.0.1:1;transport=tls>', // which this server does not speak
  };
  const call = phone.invite(serverUri(server), { body: sdp, headers });
  await next(call, 'accepted');
  call.ack();
  t.equal(await destroyed, 'Session timer expired');
  t.ok(await serverEmpty(server));
});

t.test('so is what the peer will not refresh, after five times', async (t) => {
  const { server, phone, destroyed } = await answering(t);
  const headers = {
    'Session-Expires': '900;refresher=uas',
    Supported: 'timer',
    Allow: 'INVITE, ACK, BYE, UPDATE',
  };
  const call = phone.invite(serverUri(server), { body: sdp, headers });
  const [, dialog] = await next(call, 'accepted');
  call.ack();
  const methods: string[] = [];
  dialog.on('request', ({ request, respond }) => {
    methods.push(request.method);
    respond(500);
  });
  const ended = next(dialog, 'ended');
  t.equal(await destroyed, 'Session timer expired');
  t.same(await ended, ['remote-bye']);
  t.strictSame(methods, Array(5).fill('UPDATE'));
  t.ok(await serverEmpty(server));
  t.ok(await empty(phone));
});
