import t, { type Test } from 'tap';
import { formatHostPort } from '../../src/core/address.js';
import { ControlClient } from '../../src/http/control-client.js';
import { addUser } from '../../src/sip/users.js';
import type { TimerOptions } from '../../src/embedded/sip/timers.js';
import type { Protocol } from '../../src/embedded/sip/transport.js';
import { testTls } from '../embedded/sip/certificate.js';
import { agent } from '../embedded/sip/phones.js';
import { send } from '../sip/telephone.js';
import { eventually, House } from './house.js';

t.setTimeout(60_000);

/** A telephone of alice's that has registered. */
async function registered(t: Test, house: House, protocol: Protocol, timers?: TimerOptions) {
  const ua = await agent(t, protocol, {
    listen: [`${protocol}:127.0.0.1:0`],
    tls: testTls,
    ...(timers && { timers }),
  });
  const contact = `sip:alice@192.0.2.7;transport=${protocol}`;
  const address = house.server.sipAddresses.find((one) => one.startsWith(`${protocol}/`)) ?? '';
  const { status } = await send({
    ua,
    method: 'REGISTER',
    uri: `sip:alice@${address.slice(protocol.length + 1)};transport=${protocol}`,
    user: 'alice',
    password: 'ALICE',
    callId: `registration-${protocol}`,
    cseq: 1,
    headers: { To: '<sip:alice@xiangyin>', Contact: `<${contact}>` },
  });
  t.equal(status, 200);
  return { ua, contact };
}

t.test('a telephone is told to the operator until its connection is found closed', async (t) => {
  const house = await House.start(t);
  await addUser(house.dataDir, 'alice', 'xiangyin', 'ALICE');
  const client = await ControlClient.open(house.dataDir);
  const figure = async (): Promise<string> => {
    const text = await (await fetch(`http://${formatHostPort(house.server.httpAddress)}/metrics`)).text();
    return /^xiangyin_registrations (\d+)$/m.exec(text)?.[1] ?? '';
  };
  t.equal(await figure(), '0');
  const desk = await registered(t, house, 'udp');
  const soft = await registered(t, house, 'tcp');
  t.match(await client.registrations(), [
    { user: 'alice', contact: soft.contact, source: { protocol: 'tcp', address: '127.0.0.1' } },
    { user: 'alice', contact: desk.contact, source: { protocol: 'udp', address: '127.0.0.1' } },
  ]);
  t.equal(await figure(), '2');
  const options = await desk.ua.request('OPTIONS', house.uri('alice'));
  t.match(options.get('allow'), /\bREGISTER\b/);
  await Promise.all([desk.ua.close(), soft.ua.close()]);
  await client.place({ to: 'alice', dialplan: 'desk' });
  const left = await eventually(async () => {
    const all = await client.registrations();
    return all.length < 2 ? all : undefined;
  });
  t.match(left, [{ contact: desk.contact }], 'a datagram may arrive the next time');
  t.equal(await figure(), '1');
});

t.test('so it is over TLS and WebSockets, whether or not we listen for TCP', async (t) => {
  const listen = ['udp', 'tls', 'ws', 'wss'].map((protocol) => `${protocol}:127.0.0.1:0`);
  const { certificate, key } = testTls;
  const house = await House.start(t, {
    'sip.listen': listen,
    'sip.tls.certificate': certificate,
    'sip.tls.key': key,
  });
  await addUser(house.dataDir, 'alice', 'xiangyin', 'ALICE');
  const client = await ControlClient.open(house.dataDir);
  for (const protocol of ['tls', 'ws', 'wss'] as const) {
    const { ua, contact } = await registered(t, house, protocol);
    t.match(await client.registrations(), [{ contact }]);
    const rang = new Promise<void>((resolve) => {
      ua.on('invite', (incoming) => {
        incoming.respond(486);
        resolve();
      });
    });
    await client.place({ to: 'alice', dialplan: 'desk' });
    await rang;
    t.equal((await client.registrations()).length, 1, `${protocol}: it is there`);
    await ua.close();
    await client.place({ to: 'alice', dialplan: 'desk' });
    await eventually(async () => ((await client.registrations()).length === 0 ? true : undefined));
  }
});

t.test('a telephone that says 503 by itself, without a 100 before, stays registered', async (t) => {
  const house = await House.start(t);
  await addUser(house.dataDir, 'alice', 'xiangyin', 'ALICE');
  const client = await ControlClient.open(house.dataDir);
  const { ua, contact } = await registered(t, house, 'tcp', { tryingMs: 200 });
  const asked = new Promise<void>((resolve) => {
    ua.on('invite', (incoming) => {
      incoming.respond(503);
      resolve();
    });
  });
  await client.place({ to: 'alice', dialplan: 'desk' });
  await asked;
  await eventually(async () => ((await client.calls()).length === 0 ? true : undefined));
  t.match(await client.registrations(), [{ contact }]);
});
