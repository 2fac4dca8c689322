import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import WebSocket from 'ws';
import type { SipMessage } from '../../../src/embedded/sip/message.js';
import type { IncomingRequest } from '../../../src/embedded/sip/request-options.js';
import type { UserAgent } from '../../../src/embedded/sip/user-agent.js';
import { parseVia, stampVia, type Via } from '../../../src/embedded/sip/via.js';
import { parseMessage } from './parsed.js';
import { agent, empty } from './phones.js';
import { hasIPv6 } from './streams.js';

// Where answers go: RFC 3261 §18.2.2, RFC 3581 §4, RFC 7118 §5.

const options = (via: string): string =>
  [
    'OPTIONS sip:bob@127.0.0.1 SIP/2.0',
    `Via: ${via};branch=z9hG4bK776asdhds`,
    'From: <sip:a@h>;tag=1',
    'To: <sip:b@h>',
    'Call-ID: 1',
    'CSeq: 1 OPTIONS',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');

const portOf = (ua: UserAgent): number => ua.addresses[0]?.port ?? 0;

async function datagrams(t: Test, host: '127.0.0.1' | '::1') {
  const socket = createSocket(host === '::1' ? 'udp6' : 'udp4');
  await new Promise<void>((resolve) => socket.bind(0, host, resolve));
  t.teardown(() => socket.close());
  const heard = (): Promise<SipMessage> =>
    new Promise((resolve) => socket.once('message', (bytes) => resolve(parseMessage(bytes))));
  return { socket, port: socket.address().port, heard };
}

for (const [host, sentBy] of [
  ['127.0.0.1', 'phone.invalid'],
  ['::1', '[2001:db8::1]'],
] as const) {
  const skip = host === '::1' && !hasIPv6 ? 'IPv6 on this machine' : false;
  const bound = host === '::1' ? '[::1]' : host;

  t.test(`${host}: with rport to the very port; without to that of its Via`, { skip }, async (t) => {
    const bob = await agent(t, 'bob', { listen: [`udp:${bound}:0`] });
    const from = await datagrams(t, host);
    const other = await datagrams(t, host);
    from.socket.send(options(`SIP/2.0/UDP ${sentBy}:${other.port};rport`), portOf(bob), host);
    const via = parseVia((await from.heard()).get('via') ?? '');
    t.equal(via?.params.match(/;rport=(\d+)/)?.[1], String(from.port));
    t.equal(via?.params.match(/;received=([^;]+)/)?.[1], host, 'without brackets');
    const spoofed = `SIP/2.0/UDP ${sentBy}:${other.port};maddr=192.0.2.7;received=192.0.2.8`;
    const answer = other.heard();
    from.socket.send(options(spoofed).replace('776', '777'), portOf(bob), host);
    t.match(parseVia((await answer).get('via') ?? '')?.params, new RegExp(`;received=${host}$`));
  });
}

t.test('a link-local peer is told its address without the zone', (t) => {
  const value = 'SIP/2.0/UDP [fe80::1]:5070;rport;branch=z9hG4bK1, SIP/2.0/UDP h;branch=z9hG4bK2';
  const stamped = stampVia(value, parseVia(value) as Via, 'fe80::1%eth0', 5071);
  t.equal(
    stamped,
    'SIP/2.0/UDP [fe80::1]:5070;rport=5071;branch=z9hG4bK1;received=fe80::1, SIP/2.0/UDP h;branch=z9hG4bK2',
  );
  t.end();
});

/** A phone that keeps what it is asked until the test answers. */
async function slowPhone(t: Test, listen: string) {
  const bob = await agent(t, 'bob', { listen: [listen] });
  const asked = new Promise<IncomingRequest>((resolve) => bob.on('request', resolve));
  return { bob, asked };
}

/** Waits until the phone has heard that its peer has hung up the connection. */
async function alone(bob: UserAgent): Promise<void> {
  while (bob.counts().sockets > 1) await new Promise((resolve) => setImmediate(resolve));
}

t.test('tcp: an answer whose connection is gone goes over a new one to the port of its Via', async (t) => {
  const { bob, asked } = await slowPhone(t, 'tcp:127.0.0.1:0');
  const server = createServer().listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect(portOf(bob), '127.0.0.1');
  client.write(options(`SIP/2.0/TCP 127.0.0.1:${port}`));
  const request = await asked;
  client.destroy();
  await alone(bob);
  const connected = once(server, 'connection') as Promise<[Socket]>;
  request.respond(200);
  const [socket] = await connected;
  t.teardown(() => socket.destroy());
  t.match(String(await once(socket, 'data')), /^SIP\/2\.0 200 OK\r\n/);
});

t.test('ws: an answer whose connection is gone goes nowhere, and its transaction is over', async (t) => {
  const { bob, asked } = await slowPhone(t, 'ws:127.0.0.1:0');
  const browser = new WebSocket(`ws://127.0.0.1:${portOf(bob)}`, 'sip');
  await once(browser, 'open');
  browser.send(options('SIP/2.0/WS df7jal23ls0d.invalid'));
  const request = await asked;
  browser.terminate();
  await alone(bob);
  request.respond(200);
  t.ok(await empty(bob));
  t.equal(bob.counts().sockets, 1);
});

t.test('ws: a SIP message in many fragments is one message', async (t) => {
  const bob = await agent(t, 'bob', { listen: ['ws:127.0.0.1:0'] });
  const browser = new WebSocket(`ws://127.0.0.1:${portOf(bob)}`, 'sip');
  t.teardown(() => browser.terminate());
  await once(browser, 'open');
  const text = options('SIP/2.0/WS df7jal23ls0d.invalid');
  for (let at = 0; at < text.length; at += 20) {
    browser.send(text.slice(at, at + 20), { fin: at + 20 >= text.length });
    browser.ping(); // control frames may stand between (RFC 6455 §5.4)
  }
  t.match(String((await once(browser, 'message'))[0]), /^SIP\/2\.0 200 OK\r\n/);
});
