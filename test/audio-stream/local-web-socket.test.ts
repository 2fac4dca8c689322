import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { asksForWebSocket, LocalWebSocket } from '../../src/audio-stream/local-web-socket.js';

const options = { maxMessageBytes: 70_000, closeLimitMs: 2000 };

/** A connection without a network: what is put in arrives, what is written is kept. */
function wire() {
  const written: Buffer[] = [];
  const socket = new Duplex({
    read: () => undefined,
    write: (bytes: Buffer, _encoding, done) => {
      written.push(bytes);
      done();
    },
  });
  return { socket, written };
}

/** A client's frame. */
function frame(opcode: number, payload: Uint8Array, { mask = 0, last = true } = {}): Buffer {
  const { length } = payload;
  const long = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const bytes = Buffer.alloc(2 + long + 4 + length);
  bytes[0] = (last ? 0x80 : 0) | opcode;
  bytes[1] = 0x80 | (long === 0 ? length : long === 2 ? 126 : 127);
  if (long === 2) bytes.writeUInt16BE(length, 2);
  if (long === 8) bytes.writeBigUInt64BE(BigInt(length), 2);
  bytes.writeUInt32BE(mask, 2 + long);
  for (let i = 0; i < length; i++)
    bytes[6 + long + i] = (payload[i] as number) ^ (bytes[2 + long + (i & 3)] as number);
  return bytes;
}

/** Over a real connection, with the general library as the client. */
async function connected(t: Test): Promise<{ client: WebSocket; server: LocalWebSocket; socket: Socket }> {
  const folder = await mkdtemp(join(tmpdir(), 'xiangyin-'));
  const path = join(folder, 's');
  const http = createServer();
  http.listen(path);
  await once(http, 'listening');
  const accepted = new Promise<{ server: LocalWebSocket; socket: Socket }>((resolve) => {
    http.on('upgrade', (request, socket, head) => {
      t.ok(asksForWebSocket(request));
      const server = LocalWebSocket.accept(request, socket, head, 'audio.drachtio.org', options);
      resolve({ server, socket: socket as Socket });
    });
  });
  const client = new WebSocket(`ws+unix:${path}:/audio/x`, 'audio.drachtio.org');
  client.on('error', () => undefined);
  t.teardown(async () => {
    client.terminate();
    http.close();
    await rm(folder, { recursive: true });
  });
  const [made] = await Promise.all([accepted, once(client, 'open')]);
  t.equal(client.protocol, 'audio.drachtio.org');
  return { client, ...made };
}

function heard(server: LocalWebSocket): { messages: (string | Buffer)[]; next: () => Promise<void> } {
  const messages: (string | Buffer)[] = [];
  let wake: () => void = () => undefined;
  server.onMessage((data, isBinary) => {
    messages.push(isBinary ? Buffer.from(data) : data.toString());
    wake();
  });
  return { messages, next: () => new Promise((resolve) => (wake = resolve)) };
}

t.test('an ordinary client is understood, and understands', async (t) => {
  const { client, server } = await connected(t);
  const { messages, next } = heard(server);
  for (const message of ['{"type":"mark"}', Buffer.alloc(640, 7), Buffer.alloc(66_000, 9)]) {
    const came = next();
    client.send(message);
    await came;
    t.same(messages.at(-1), message);
  }
  const came = next();
  client.send('in two ', { fin: false });
  client.send('parts');
  await came;
  t.equal(messages.at(-1), 'in two parts');
  const pong = once(client, 'pong');
  client.ping('are you there?');
  t.equal(String((await pong)[0]), 'are you there?');
  for (const message of ['text', Buffer.alloc(3200, 1), Buffer.alloc(70_000, 2)]) {
    const received = once(client, 'message');
    server.send(message);
    const [data, isBinary] = (await received) as [Buffer, boolean];
    t.same(isBinary ? data : data.toString(), message);
  }
});

t.test('either side may close; the other hears of it once', async (t) => {
  for (const who of ['client', 'server'] as const) {
    const { client, server } = await connected(t);
    let gone = 0;
    const over = new Promise<void>((resolve) =>
      server.onGone(() => {
        gone++;
        resolve();
      }),
    );
    const closed = once(client, 'close');
    if (who === 'client') client.close(1000);
    else server.close(1000);
    const [code] = (await closed) as [number];
    await over;
    t.equal(code, 1000, who);
    t.equal(gone, 1, who);
    server.send('nobody hears this');
    server.close(1000);
  }
});

t.test('a connection that breaks is gone', async (t) => {
  const { client, server } = await connected(t);
  const over = new Promise<void>((resolve) => server.onGone(resolve));
  client.terminate();
  await over;
});

t.test('what breaks the protocol closes the connection with the reason', (t) => {
  const broken: Record<string, readonly [Buffer, number]> = {
    'a frame without a mask': [Buffer.from([0x82, 0x02, 1, 2, 0, 0]), 1002],
    'a reserved bit': [Buffer.from([0xc2, 0x80, 0, 0, 0, 0]), 1002],
    'an unknown opcode': [frame(3, Buffer.of(1)), 1002],
    'an unknown control opcode': [frame(11, Buffer.of(1)), 1002],
    'a continuation of nothing': [frame(0, Buffer.of(1)), 1002],
    'a message within a message': [
      Buffer.concat([frame(1, Buffer.of(65), { last: false }), frame(1, Buffer.of(65))]),
      1002,
    ],
    'a ping in parts': [frame(9, Buffer.of(1), { last: false }), 1002],
    'a message that is too long': [frame(2, Buffer.alloc(70_001)), 1009],
    'a message that is too long together': [
      Buffer.concat([frame(2, Buffer.alloc(40_000), { last: false }), frame(0, Buffer.alloc(40_000))]),
      1009,
    ],
    'a length beyond all memory': [Buffer.from('82ffffffffffffffffff00000000', 'hex'), 1009],
  };
  for (const [what, [bytes, code]] of Object.entries(broken)) {
    const { socket, written } = wire();
    const server = new LocalWebSocket(socket, options);
    const { messages } = heard(server);
    socket.emit('data', bytes);
    socket.emit('data', frame(2, Buffer.of(1)));
    t.same(messages, [], what);
    const close = written[0] ?? Buffer.alloc(4);
    t.equal(close[0], 0x88, what);
    t.equal(close.readUInt16BE(2), code, what);
    socket.destroy();
  }
  t.end();
});

t.test('messages are the same however their bytes are cut', (t) => {
  const message = fc.record({
    opcode: fc.constantFrom(1, 2),
    payload: fc.oneof(fc.uint8Array({ maxLength: 130 }), fc.uint8Array({ minLength: 640, maxLength: 640 })),
    mask: fc.constantFrom(0, 0x12345678),
  });
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 6 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 700 })),
      (sent, cuts) => {
        const { socket } = wire();
        const server = new LocalWebSocket(socket, options);
        const got: Buffer[] = [];
        server.onMessage((data) => got.push(Buffer.from(data)));
        const bytes = Buffer.concat(
          sent.map(({ opcode, payload, mask }) => frame(opcode, payload, { mask })),
        );
        for (let at = 0; at < bytes.length;) {
          const end = Math.min(bytes.length, at + (cuts.next().value as number));
          // Like the system, a piece of memory of its own.
          socket.emit('data', Buffer.from(bytes.subarray(at, end)));
          at = end;
        }
        t.same(
          got.map((data) => data.toString('hex')),
          sent.map(({ payload }) => Buffer.from(payload).toString('hex')),
        );
        socket.destroy();
      },
    ),
    { numRuns: 200 },
  );
  t.end();
});

t.test('what asks for something else is no WebSocket', async (t) => {
  const http = createServer();
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  t.teardown(() => http.close());
  const { port } = http.address() as { port: number };
  const asks = new Promise<boolean>((resolve) => {
    http.on('upgrade', (request, socket) => {
      resolve(asksForWebSocket(request));
      socket.destroy();
    });
  });
  const client = connect(port, '127.0.0.1');
  client.on('error', () => undefined);
  client.write(
    'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  );
  t.equal(await asks, false);
});
