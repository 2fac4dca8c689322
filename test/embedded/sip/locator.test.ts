import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { systemClock } from '../../../src/core/clock.js';
import { silentLogger } from '../../../src/core/logger.js';
import { ordered } from '../../../src/embedded/sip/locator.js';
import { testTls } from './certificate.js';
import { agent } from './phones.js';

type Answer = { readonly type: number; readonly ttl: number; readonly data: Buffer };

const name = (text: string): Buffer =>
  Buffer.concat([...text.split('.').map((l) => Buffer.from([l.length, ...Buffer.from(l)])), Buffer.alloc(1)]);
const a = (address: string, ttl = 60): Answer => ({
  type: 1,
  ttl,
  data: Buffer.from(address.split('.').map(Number)),
});
const numbers = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(2 * values.length);
  values.forEach((value, i) => bytes.writeUInt16BE(value, 2 * i));
  return bytes;
};
/** The target `.` is the empty name. */
const srv = (priority: number, port: number, target: string): Answer => ({
  type: 33,
  ttl: 60,
  data: Buffer.concat([numbers(priority, 1, port), target === '.' ? Buffer.alloc(1) : name(target)]),
});
const text = (value: string): Buffer => Buffer.from([value.length, ...Buffer.from(value)]);
const naptr = (order: number, service: string, target: string): Answer => ({
  type: 35,
  ttl: 60,
  data: Buffer.concat([numbers(order, 0), text('s'), text(service), text(''), name(target)]),
});

/**
 * A DNS server of these names only: what it does not know does not exist, what is `refused` it does not tell. Counts what it
 * is asked.
 */
async function dnsServer(
  t: Test,
  zone: Record<string, readonly Answer[]>,
  refused: (type: number) => boolean = () => false,
) {
  const asked: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    let at = 12;
    const labels: string[] = [];
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length));
      at += length + 1;
    }
    const end = at + 5;
    const domain = labels.join('.').toLowerCase();
    const type = query.readUInt16BE(at + 1);
    asked.push(`${type} ${domain}`);
    const answers = (zone[domain] ?? []).filter((answer) => answer.type === type && !refused(type));
    const code = refused(type) ? 5 : domain in zone ? 0 : 3;
    const head = Buffer.concat([query.subarray(0, 2), numbers(0x8180 | code, 1, answers.length, 0, 0)]);
    const records = answers.map(({ ttl, data }) =>
      Buffer.concat([numbers(0xc00c, type, 1, 0, ttl, data.length), data]),
    );
    socket.send(Buffer.concat([head, query.subarray(12, end), ...records]), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  t.teardown(() => socket.close());
  return { asked, dnsServers: [`127.0.0.1:${socket.address().port}`] };
}

const portOf = (ua: { addresses: readonly { protocol: string; port: number }[] }, protocol: string): number =>
  ua.addresses.find((address) => address.protocol === protocol)?.port ?? 0;

/** UDP and TCP at the same port, as servers have it; another one while somebody has taken it for TCP. */
async function twins(t: Test) {
  for (;;) {
    const datagrams = await agent(t, 'datagrams', { listen: ['udp:127.0.0.1:0'] });
    const listen = [`tcp:127.0.0.1:${portOf(datagrams, 'udp')}`];
    const twin = await agent(t, 'twin', { listen }).catch(() => undefined);
    if (twin !== undefined) return [datagrams, twin] as const;
  }
}

t.test('NAPTR chooses the transport, SRV the port; asked once while it lasts', async (t) => {
  const server = await agent(t, 'server');
  const heard: string[] = [];
  server.on('request', (incoming) => {
    heard.push(`${incoming.source.protocol} ${incoming.request.get('via')?.slice(8, 11)}`);
    incoming.respond(200);
  });
  const dns = await dnsServer(t, {
    'example.test': [
      naptr(1, 'SIP+D2T', '_sip._tcp.example.test'),
      naptr(2, 'SIP+D2U', '_sip._udp.example.test'),
    ],
    '_sip._tcp.example.test': [srv(1, portOf(server, 'tcp'), 'one.example.test')],
    '_sip._udp.example.test': [srv(1, 1, 'one.example.test')],
    'one.example.test': [a('127.0.0.1')],
  });
  const phone = await agent(t, 'phone', dns);
  t.equal((await phone.request('OPTIONS', 'sip:x@example.test')).status, 200);
  const queries = dns.asked.length;
  t.equal((await phone.request('OPTIONS', 'sip:x@example.test')).status, 200);
  t.same(heard, ['tcp TCP', 'tcp TCP']);
  t.equal(dns.asked.length, queries, 'the second time nothing was asked');
});

t.test(
  'the next server is tried after a 503, a silence and a refused connection; each try has its branch',
  async (t) => {
    const busy = await agent(t, 'busy');
    const good = await agent(t, 'good');
    const silent = createSocket('udp4');
    await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve));
    t.teardown(() => silent.close());
    const branches: string[] = [];
    const branchOf = (via = ''): string => /branch=([^;]+)/.exec(via)?.[1] ?? '';
    busy.on('request', (incoming) => {
      branches.push(branchOf(incoming.request.get('via')));
      incoming.respond(503);
    });
    good.on('request', (incoming) => {
      branches.push(branchOf(incoming.request.get('via')));
      incoming.respond(200);
    });
    const dns = await dnsServer(t, {
      'example.test': [],
      '_sip._udp.example.test': [
        srv(1, silent.address().port, 'one.example.test'),
        srv(2, portOf(busy, 'udp'), 'one.example.test'),
        srv(3, portOf(good, 'udp'), 'one.example.test'),
      ],
      '_sip._tcp.streams.test': [
        srv(1, 1, 'one.example.test'),
        srv(2, portOf(good, 'tcp'), 'one.example.test'),
      ],
      'one.example.test': [a('127.0.0.1')],
    });
    const phone = await agent(t, 'phone', dns);
    t.equal((await phone.request('OPTIONS', 'sip:x@example.test')).status, 200);
    t.equal((await phone.request('OPTIONS', 'sip:x@streams.test;transport=tcp')).status, 200);
    t.equal(new Set(branches).size, 3);
  },
);

t.test('who says 503 and when to come again is asked after the others until then', async (t) => {
  let nowMs = 0;
  const busy = await agent(t, 'busy');
  const good = await agent(t, 'good');
  const asked = { busy: 0, good: 0 };
  busy.on('request', (incoming) => {
    asked.busy++;
    incoming.respond(503, undefined, { headers: { 'Retry-After': '120 (busy);duration=9' } });
  });
  good.on('request', (incoming) => {
    asked.good++;
    incoming.respond(200);
  });
  const dns = await dnsServer(t, {
    '_sip._udp.example.test': [
      srv(1, portOf(busy, 'udp'), 'one.example.test'),
      srv(2, portOf(good, 'udp'), 'one.example.test'),
    ],
    'one.example.test': [a('127.0.0.1')],
  });
  const phone = await agent(t, 'phone', { ...dns, clock: { ...systemClock, nowMs: () => nowMs } });
  const ask = async () => (await phone.request('OPTIONS', 'sip:x@example.test;transport=udp')).status;
  t.equal(await ask(), 200);
  nowMs = 119_000;
  t.equal(await ask(), 200);
  t.same(asked, { busy: 1, good: 2 });
  nowMs = 120_000;
  t.equal(await ask(), 200);
  t.same(asked, { busy: 2, good: 3 });
});

t.test(
  'names with a port are addresses, of the hosts file too; no such name is a 503 of our own',
  async (t) => {
    const server = await agent(t, 'server');
    const dns = await dnsServer(t, { 'one.example.test': [a('127.0.0.1')] });
    const phone = await agent(t, 'phone', dns);
    const at = (host: string): string => `sip:x@${host}:${portOf(server, 'udp')}`;
    t.equal((await phone.request('OPTIONS', at('one.example.test'))).status, 200);
    t.equal((await phone.request('OPTIONS', at('localhost'))).status, 200);
    t.same(dns.asked, ['1 one.example.test']);
    const response = await phone.request('OPTIONS', at('none.example.invalid'));
    t.match(response, { status: 503, reason: 'DNS Error' });
  },
);

t.test(
  'a TLS connection is used again for the name that its certificate bears, and for no other',
  async (t) => {
    const listen = ['tls:127.0.0.1:0'];
    const server = await agent(t, 'server', { listen, tls: testTls });
    const dns = await dnsServer(t, {
      'sip.example.test': [a('127.0.0.1')],
      'other.example.test': [a('127.0.0.1')],
    });
    const phone = await agent(t, 'phone', { ...dns, listen, tls: testTls });
    const ask = async (host: string) => phone.request('OPTIONS', `sips:x@${host}:${portOf(server, 'tls')}`);
    t.equal((await ask('sip.example.test')).status, 200);
    t.equal((await ask('other.example.test')).status, 503, 'the same address, open, but no proof');
    t.equal((await ask('SIP.example.test')).status, 200);
    t.equal(server.counts().sockets, 2, 'the listener and one connection');
  },
);

t.test('a request too large for a datagram goes over TCP, and by UDP where nobody takes TCP', async (t) => {
  const both = await agent(t, 'both');
  const [datagrams, twin] = await twins(t);
  const heard: string[] = [];
  for (const ua of [both, datagrams]) {
    ua.on('request', (incoming) => {
      heard.push(incoming.source.protocol);
      incoming.respond(200);
    });
  }
  twin.on('request', (incoming) => {
    heard.push(incoming.source.protocol);
    incoming.respond(200);
  });
  const phone = await agent(t, 'phone');
  const body = 'x'.repeat(2000);
  const uri = `sip:x@127.0.0.1:${portOf(datagrams, 'udp')}`;
  await phone.request('MESSAGE', uri, { body });
  await phone.request('OPTIONS', uri, { headers: { Identity: body } });
  await phone.request('MESSAGE', uri, { body: 'short' });
  await phone.request('MESSAGE', `${uri};transport=udp`, { body });
  await phone.request('MESSAGE', `sip:x@127.0.0.1:${portOf(both, 'udp')}`, { body });
  t.same(heard, ['tcp', 'tcp', 'udp', 'udp', 'udp']);
});

t.test(
  'a server with several addresses is tried at each; one that failed comes last from then on',
  async (t) => {
    const server = await agent(t, 'server');
    server.on('request', (incoming) => incoming.respond(200));
    const dead = [2, 3, 4].map((last) => a(`127.0.0.${last}`));
    const dns = await dnsServer(t, {
      '_sip._tcp.example.test': [srv(1, portOf(server, 'tcp'), 'one.test')],
      'one.test': [...dead, a('127.0.0.1')],
    });
    const warnings: object[] = [];
    const logger = { ...silentLogger, warn: (fields: object) => void warnings.push(fields) };
    const phone = await agent(t, 'phone', { ...dns, logger });
    const ask = async () => (await phone.request('OPTIONS', 'sip:x@example.test;transport=tcp')).status;
    t.equal(await ask(), 200);
    const refused = warnings.length;
    t.ok(refused > 0, 'those before it were tried');
    t.equal(await ask(), 200);
    t.equal(warnings.length, refused);
  },
);

t.test('who hangs up instead of answering is passed over at once', async (t) => {
  const rude = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.destroy());
  }).listen(0, '127.0.0.1');
  t.teardown(() => rude.close());
  await once(rude, 'listening');
  const good = await agent(t, 'good');
  good.on('request', (incoming) => incoming.respond(200));
  const dns = await dnsServer(t, {
    '_sip._tcp.example.test': [
      srv(1, (rude.address() as AddressInfo).port, 'one.test'),
      srv(2, portOf(good, 'tcp'), 'one.test'),
    ],
    'one.test': [a('127.0.0.1')],
  });
  // By no timer: each would end the test.
  const timers = { t1Ms: 60_000, t2Ms: 60_000, t4Ms: 60_000 };
  const phone = await agent(t, 'phone', { ...dns, timers });
  t.equal((await phone.request('OPTIONS', 'sip:x@example.test;transport=tcp')).status, 200);
});

t.test('of a long SRV list the best are tried, wherever they stand in it', async (t) => {
  const server = await agent(t, 'server');
  server.on('request', (incoming) => incoming.respond(200));
  const list = Array.from({ length: 20 }, (_, i) =>
    srv(20 - i, i === 19 ? portOf(server, 'udp') : 1, 'one.test'),
  );
  const dns = await dnsServer(t, { '_sip._udp.example.test': list, 'one.test': [a('127.0.0.1')] });
  const phone = await agent(t, 'phone', dns);
  const response = await phone.request('OPTIONS', 'sip:x@example.test;transport=udp');
  t.match(response, { status: 200 });
});

t.test(
  'SRV: the target "." means that there is no such service, whatever address the domain has',
  async (t) => {
    const dns = await dnsServer(t, {
      'example.test': [a('127.0.0.1')],
      '_sip._tcp.example.test': [srv(0, 0, '.')],
    });
    const phone = await agent(t, 'phone', dns);
    const response = await phone.request('OPTIONS', 'sip:x@example.test;transport=tcp');
    t.match(response, { status: 503, reason: 'DNS Error' });
  },
);

t.test('the .invalid name in the Contact of a WebSocket phone is never looked up', async (t) => {
  const dns = await dnsServer(t, { 'df7jal23ls0d.invalid': [a('127.0.0.1')] });
  const phone = await agent(t, 'phone', { ...dns, listen: ['udp:127.0.0.1:0', 'ws:127.0.0.1:0'] });
  const response = await phone.request('OPTIONS', 'sip:x@df7jal23ls0d.invalid;transport=ws');
  t.match(response, { status: 503, reason: 'DNS Error' });
  t.same(dns.asked, []);
});

t.test('a DNS server that refuses to tell of NAPTR is asked for SRV', async (t) => {
  const server = await agent(t, 'server');
  server.on('request', (incoming) => incoming.respond(200));
  const zone = {
    '_sip._udp.example.test': [srv(1, portOf(server, 'udp'), 'one.test')],
    'one.test': [a('127.0.0.1')],
  };
  const dns = await dnsServer(t, zone, (type) => type === 35);
  const phone = await agent(t, 'phone', dns);
  t.equal((await phone.request('OPTIONS', 'sip:x@example.test')).status, 200);
});

t.test('servers are drawn by priority, then by weight (RFC 2782)', (t) => {
  const servers = [
    { id: 'c', priority: 2, weight: 0 },
    { id: 'a', priority: 1, weight: 1 },
    { id: 'b', priority: 1, weight: 9 },
  ];
  const order = (random: number): string =>
    ordered(servers, () => random)
      .map(({ id }) => id)
      .join('');
  t.same([order(0), order(0.5), order(0.999)], ['abc', 'bac', 'bac']);
  t.end();
});
