import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import WebSocket from 'ws';
import { ManualClock, systemClock, type Clock } from '../../../src/core/clock.js';
import {
  ConnectionGate,
  defaultConnectionLimits,
  type ConnectionLimits,
} from '../../../src/embedded/sip/connection-limits.js';
import { StreamFramer } from '../../../src/embedded/sip/stream-framer.js';
import { listenStream, type StreamProtocol } from '../../../src/embedded/sip/transport-stream.js';
import { testTls } from './certificate.js';
import { surroundings } from './streams.js';

const options = 'OPTIONS sip:x SIP/2.0\r\nContent-Length: 0\r\n\r\n';

async function listen(
  t: Test,
  protocol: StreamProtocol,
  limits: Partial<ConnectionLimits> = {},
  clock: Clock = systemClock,
) {
  const answering = await surroundings(
    (_bytes, { stream }) => stream?.write(Buffer.from('answer')),
    limits,
    testTls,
  );
  const around = { ...answering, clock };
  const listener = await listenStream(protocol, { host: '127.0.0.1', port: 0 }, around);
  t.teardown(() => listener.close());
  const peer = () => {
    const socket = connect(listener.address.port, '127.0.0.1').on('error', () => undefined);
    t.teardown(() => socket.destroy());
    return socket;
  };
  return { listener, peer, around };
}

async function until(what: () => boolean): Promise<boolean> {
  for (let i = 0; i < 500 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  return what();
}

for (const protocol of ['tcp', 'tls', 'ws', 'wss'] as const) {
  t.test(`${protocol}: silence, half handshakes, resets and garbage leave nothing`, async (t) => {
    const { listener, peer } = await listen(t, protocol, { firstMessageMs: 200 });
    peer(); // says nothing
    peer().write('GET / HTTP/1.1\r\nUpgrade: web'); // half a WebSocket handshake
    peer().write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01])); // half a TLS hello
    peer().write(Buffer.alloc(100_000, 0xff));
    const dribble = peer();
    const dribbling = setInterval(() => dribble.write('O'), 20);
    t.teardown(() => clearInterval(dribbling));
    const reset = peer();
    reset.once('connect', () => reset.resetAndDestroy());
    t.ok(await until(() => listener.sockets > 3), 'they came in');
    t.ok(await until(() => listener.sockets === 1), 'and are gone');
  });
}

t.test('one address has so many connections, and no more', async (t) => {
  const { listener, peer, around } = await listen(t, 'tcp', { maxConnectionsPerAddress: 3 });
  const first = [peer(), peer(), peer()];
  t.ok(await until(() => listener.sockets === 4));
  const fourth = peer();
  await once(fourth, 'close');
  t.same(around.troubles, ['ECONNLIMIT']);
  first[0]?.destroy();
  t.ok(await until(() => listener.sockets === 3));
  const fifth = peer();
  fifth.write(options);
  t.equal(String(await once(fifth, 'data')), 'answer');
});

const nothing = (): void => undefined;

t.test('an IPv6 subscriber is one address, whatever the end of it; what leaves makes room', (t) => {
  const gate = new ConnectionGate({ ...defaultConnectionLimits, maxConnectionsPerAddress: 2 });
  const left = ['2001:db8::1', '2001:db8:0:0:1:2:3:4', '2001:db8::9', '2001:db8:0:1::1', '192.0.2.1'].map(
    (address) => gate.enter(address, 0, () => undefined),
  );
  t.same(
    left.map((leave) => leave !== undefined),
    [true, true, false, true, true],
  );
  left[0]?.();
  left[0]?.();
  t.ok(gate.enter('2001:db8::9', 0, nothing));
  t.notOk(
    gate.enter('2001:db8::7', 0, () => undefined),
    'leaving twice makes one place',
  );
  t.end();
});

t.test('all places taken: who has most gives its newest up to who has fewer, and to nobody else', (t) => {
  const gate = new ConnectionGate({ ...defaultConnectionLimits, maxConnections: 5 });
  const dropped: string[] = [];
  const enter = (address: string, name = address) =>
    gate.enter(address, 0, () => void dropped.push(name)) !== undefined;
  for (const name of ['first', 'second', 'third']) t.ok(enter('192.0.2.66', name));
  t.ok(enter('192.0.2.1') && enter('192.0.2.2'));
  t.equal(enter('192.0.2.66'), false, 'not to itself');
  t.ok(enter('192.0.2.3'));
  t.same(dropped, ['third']);
  t.ok(enter('192.0.2.4'));
  t.same(dropped, ['third', 'second']);
  t.equal(enter('192.0.2.5'), false, 'everybody has one');
  t.end();
});

t.test('one address opens so many connections a second; others are not asked to wait', (t) => {
  const gate = new ConnectionGate({ ...defaultConnectionLimits, newPerAddress: { burst: 2, perSecond: 1 } });
  const flash = (address: string, nowMs: number): boolean => {
    const leave = gate.enter(address, nowMs, nothing);
    leave?.();
    return leave !== undefined;
  };
  t.same(
    [0, 0, 0, 500, 1000, 1001].map((nowMs) => flash('192.0.2.66', nowMs)),
    [true, true, false, false, true, false],
  );
  t.ok(flash('192.0.2.1', 1001));
  t.end();
});

t.test('a message that has begun must become whole; one that keeps quiet may', async (t) => {
  const { listener, peer } = await listen(t, 'tcp', { firstMessageMs: 150 });
  const good = peer();
  good.write(options);
  await once(good, 'data');
  const slow = peer();
  slow.write(`${options}OPT`);
  await once(slow, 'data');
  await once(slow, 'close');
  t.ok(await until(() => listener.sockets === 2), 'the good one is there');
});

t.test('a line end alone keeps a connection open; two of them are answered by one', async (t) => {
  const clock = new ManualClock();
  const { peer } = await listen(t, 'tcp', {}, clock);
  const phone = peer();
  phone.write(options);
  await once(phone, 'data');
  phone.write('\r\n');
  // What is answered after it shows that it was read.
  phone.write(`\r\n`);
  t.equal(String((await once(phone, 'data'))[0]), '\r\n', 'the pong of RFC 5626');
  phone.write(`${options}\r\n`);
  await once(phone, 'data');
  t.equal(clock.pendingTimers, 0, 'nothing is awaited');
  t.equal(phone.destroyed, false);
});

t.test('line ends without end get no pong each', async (t) => {
  const { peer } = await listen(t, 'tcp');
  const phone = peer();
  phone.write('\r\n'.repeat(20_000));
  phone.write(options);
  let heard = '';
  for await (const bytes of phone) {
    heard += String(bytes);
    if (heard.includes('answer')) break;
  }
  t.ok(heard.length < 400, `${heard.length} bytes`);
});

t.test('a peer so busy that the next message has always begun is on no deadline', async (t) => {
  const clock = new ManualClock();
  const { peer } = await listen(t, 'tcp', { firstMessageMs: 10_000 }, clock);
  const trunk = peer();
  const cut = 10;
  trunk.write(options + options.slice(0, cut));
  await once(trunk, 'data');
  for (let i = 0; i < 5; i++) {
    clock.advance(6000);
    trunk.write(options.slice(cut) + options.slice(0, cut));
    t.equal(String((await once(trunk, 'data'))[0]), 'answer');
  }
  clock.advance(10_000);
  await once(trunk, 'close'); // its last one never became whole
});

t.test('WebSocket: only SIP is spoken; text, binary, keep-alives and pings; no giant frames', async (t) => {
  const { listener, around } = await listen(t, 'ws');
  const url = `ws://127.0.0.1:${listener.address.port}`;
  const other = new WebSocket(url, 'chat');
  t.match((await once(other, 'error'))[0], { message: /400/ });
  const peer = new WebSocket(url, 'sip');
  await once(peer, 'open');
  t.equal(peer.protocol, 'sip');
  for (const [said, heard] of [
    [options, 'answer'],
    [Buffer.from(options), 'answer'],
    ['\r\n\r\n', '\r\n'],
  ] as const) {
    peer.send(said);
    t.equal(String((await once(peer, 'message'))[0]), heard);
  }
  peer.ping();
  await once(peer, 'pong');
  peer.on('error', () => undefined);
  peer.send('x'.repeat(70_000));
  await once(peer, 'close');
  t.ok(await until(() => listener.sockets === 1));
  t.same(around.troubles, ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH']);
});

t.test(
  'WebSocket: a close frame is answered by one, a broken frame by its code; nothing is left',
  async (t) => {
    const { listener, around } = await listen(t, 'ws');
    const url = `ws://127.0.0.1:${listener.address.port}`;
    const polite = new WebSocket(url, 'sip');
    await once(polite, 'open');
    polite.close(1001, 'page left');
    t.equal((await once(polite, 'close'))[0], 1001);
    const broken = new WebSocket(url, 'sip');
    await once(broken, 'open');
    // no message has begun that this could go on with (RFC 6455 §5.4)
    (broken as unknown as { _socket: Socket })._socket.write(Buffer.from([0x80, 0x81, 0, 0, 0, 0, 0x41]));
    t.equal((await once(broken, 'close'))[0], 1002);
    t.ok(await until(() => listener.sockets === 1));
    t.same(around.troubles, ['WS_ERR_INVALID_OPCODE']);
  },
);

t.test('a byte at a time costs as much as all at once: 60 000 bytes of head and body', (t) => {
  const message = Buffer.from(
    `${options.slice(0, -5)}30000\r\nX: ${'y'.repeat(30_000)}\r\n\r\n${'z'.repeat(30_000)}`,
  );
  let length = 0;
  const framer = new StreamFramer(
    (bytes) => void (length = bytes.length),
    () => undefined,
  );
  const before = process.cpuUsage();
  for (let i = 0; i < message.length; i++) framer.push(message.subarray(i, i + 1));
  const { user } = process.cpuUsage(before);
  t.equal(length, message.length);
  t.ok(user < 500_000, `${String(user / 1000)} ms`);
  t.end();
});
