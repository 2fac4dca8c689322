import { createSocket } from 'node:dgram';
import t, { type Test } from 'tap';
import { systemClock } from '../../../src/core/clock.js';
import type { DrachtioServer } from '../../../src/embedded/drachtio/drachtio-server.js';
import { SipObservation } from '../../../src/embedded/sip/sip-observation.js';
import { accepted, agent, next } from '../sip/phones.js';
import { connectApp, sdp, serverUri, startServer } from './harness.js';

const perAddress = { burst: 5, perSecond: 0 };

/** A server whose budget of an address is five, an application that takes calls for `service` alone, and a flood. */
async function open(t: Test) {
  const observer = new SipObservation(systemClock);
  const server = await startServer(t, { observer, sourceBudget: { perAddress } });
  const heard: string[] = [];
  await connectApp(t, server, (app) => {
    app.invite((req, res) => {
      heard.push(req.uri);
      if (!req.uri.includes('service')) return res.send(403);
      void app.createUAS(req, res, { localSdp: sdp }).then(
        (dialog) => void dialog.on('destroy', () => heard.push('destroy')),
        () => undefined,
      );
    });
  });
  const dropped = (reason: string): number =>
    Number(new RegExp(`dropped_total\\{reason="${reason}".* (\\d+)`).exec(observer.metrics({}))?.[1] ?? 0);
  return { server, heard, dropped, flood: await flooder(t, server) };
}

/** Sends INVITEs of calls that nobody takes, each of its own; never acknowledges. */
async function flooder(t: Test, server: DrachtioServer) {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  t.teardown(() => socket.close());
  const port = server.sipAddresses.find(({ protocol }) => protocol === 'udp')?.port ?? 0;
  let sent = 0;
  return (count: number): void => {
    for (let i = 0; i < count; i++) {
      const name = `junk${sent++}`;
      const lines = [
        'INVITE sip:scan@127.0.0.1 SIP/2.0',
        `Via: SIP/2.0/UDP 127.0.0.1:${socket.address().port};rport;branch=z9hG4bK${name}`,
        `From: <sip:a@127.0.0.1>;tag=${name}`,
        'To: <sip:b@127.0.0.1>',
        `Call-ID: ${name}`,
        'CSeq: 1 INVITE',
        `Contact: <sip:a@127.0.0.1:${socket.address().port}>`,
      ];
      socket.send(`${lines.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`, port, '127.0.0.1');
    }
  };
}

/** Waits until a condition holds, at most 5 s. */
async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
}

t.test(
  'a flood opens no more transactions, and reaches the application no more, than its budget',
  async (t) => {
    const { server, heard, dropped, flood } = await open(t);
    flood(100);
    await until(() => dropped('budget') === 95);
    t.equal(dropped('budget'), 95);
    await until(() => heard.length >= 5);
    t.equal(heard.length, 5);
    t.ok(server.counts().transactions + server.counts().lingering <= 5);
  },
);

t.test('a BYE of a live call passes while its address is over budget, a re-INVITE too', async (t) => {
  const { server, heard, dropped, flood } = await open(t);
  const phone = await agent(t, 'phone', { timers: {} });
  const call = phone.invite(serverUri(server), { body: sdp });
  const dialog = await accepted(call);
  call.ack();
  flood(100);
  await until(() => dropped('budget') > 80);
  t.ok(dropped('budget') > 80, 'the address is over budget');
  t.equal((await dialog.request('BYE')).status, 200);
  await until(() => heard.includes('destroy'));
  t.ok(heard.includes('destroy'), 'the application heard of it');
});

t.test('a stranger who calls from an address that is flooded is taken at the first repetition', async (t) => {
  const { server, dropped, flood } = await open(t);
  flood(100);
  await until(() => dropped('budget') === 95);
  const stranger = await agent(t, 'stranger', { timers: {} });
  const startedMs = systemClock.nowMs();
  const call = stranger.invite(serverUri(server), { body: sdp });
  const dialog = await accepted(call);
  const tookMs = systemClock.nowMs() - startedMs;
  call.ack();
  t.ok(tookMs >= 450 && tookMs < 3000, `${tookMs} ms`);
  flood(100);
  const startedAgainMs = systemClock.nowMs();
  const again = stranger.invite(serverUri(server), { body: sdp });
  const second = await accepted(again);
  again.ack();
  t.ok(systemClock.nowMs() - startedAgainMs < 450, 'a peer that made a call needs no repetition');
  await dialog.bye();
  await second.bye();
});

t.test(
  'a call that is refused by the server itself leaves nothing, also when nobody acknowledges',
  async (t) => {
    const server = await startServer(t, { timers: {} });
    const flood = await flooder(t, server);
    flood(50);
    const phone = await agent(t, 'phone');
    const call = phone.invite(serverUri(server), { body: sdp });
    const [status] = await next(call, 'failed');
    t.equal(status, 503, 'no application');
    t.match(server.counts(), { transactions: 0, lingering: 0, timers: 0 });
  },
);
