import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { AudioStreamServer } from '../../src/audio-stream/audio-stream-server.js';
import { ManualClock, systemClock, type Clock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import { StreamLink, type LinkStream } from '../../src/core/stream-link.js';

const local = { host: '127.0.0.1', port: 0 };

async function listening(t: Test, clock: Clock = systemClock) {
  const server = await AudioStreamServer.listen({
    listen: local,
    advertise: undefined,
    clock,
    logger: silentLogger,
  });
  t.teardown(() => server.close());
  return server;
}

function dial(url: string): WebSocket {
  return new WebSocket(url, 'audio.drachtio.org');
}

t.test('a fork that brings its token gets through, once', async (t) => {
  const server = await listening(t);
  const expected = server.expect(2, 1000);
  const socket = dial(expected.url);
  const [stream] = await Promise.all([expected.arrived, once(socket, 'open')]);
  t.equal(socket.protocol === '' || socket.protocol === 'audio.drachtio.org', true);
  const again = dial(expected.url);
  const [error] = (await once(again, 'error')) as [Error];
  t.match(error.message, /403/, 'the token is used up');
  stream.close();
  await once(socket, 'close');
});

t.test('a media server of this machine comes by the Unix socket, strangers come in nowhere', async (t) => {
  // Not the test's own folder: a socket's path has at most 107 bytes.
  const folder = await mkdtemp(join(tmpdir(), 'xiangyin-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const localSocket = join(folder, 'a.sock');
  const server = await AudioStreamServer.listen({
    listen: local,
    advertise: undefined,
    localSocket,
    clock: systemClock,
    logger: silentLogger,
  });
  t.teardown(() => server.close());
  const expected = server.expect(1, 1000);
  t.match(expected.url, `link+unix:${localSocket}:/audio/`);
  const link = new StreamLink(connect(localSocket), { gone: () => undefined });
  t.teardown(() => link.close());
  const heard: number[] = [];
  const fork = await new Promise<LinkStream>((resolve) => {
    const opened = link.open(expected.url.replace(/^.*:/, ''), {
      opened: () => resolve(opened),
      message: (data) => heard.push(data.length),
      gone: () => heard.push(0),
    });
  });
  const stream = await expected.arrived;
  t.equal(server.openSockets, 1);
  const position = new Promise<number>((resolve) => {
    stream.onFrame = (caller) => resolve(caller[7] ?? 0);
  });
  fork.send(new Uint8Array(new Int16Array(160).fill(300).buffer));
  t.equal(await position, 300);
  stream.send(new Int16Array(160));
  stream.close();
  const refused = new Promise<string>((resolve) => {
    link.open('/audio/guess', { message: () => undefined, gone: resolve });
  });
  t.equal(await refused, 'closed');
  t.same(heard, [320, 0], 'what was sent before the end arrived');
  t.equal(server.openSockets, 0);
  await server.close();
  t.notOk(existsSync(localSocket), 'the file is gone');
});

t.test('where no Unix socket can be made, audio comes over TCP', async (t) => {
  const told: string[] = [];
  const server = await AudioStreamServer.listen({
    listen: local,
    advertise: undefined,
    localSocket: join(tmpdir(), 'xiangyin-no-such-folder', 'a.sock'),
    clock: systemClock,
    logger: { ...silentLogger, warn: (_fields, message) => void told.push(message) },
  });
  t.teardown(() => server.close());
  t.match(told, [/over TCP/]);
  const expected = server.expect(1, 1000);
  const socket = dial(expected.url);
  (await expected.arrived).close();
  await once(socket, 'close');
});

t.test('a WebSocket without a token is refused and disturbs nobody', async (t) => {
  const server = await listening(t);
  const stranger = dial(`ws://127.0.0.1:${server.address.port}/audio/guess`);
  const [error] = (await once(stranger, 'error')) as [Error];
  t.match(error.message, /403/);
  const expected = server.expect(1, 1000);
  const socket = dial(expected.url);
  (await expected.arrived).close();
  await once(socket, 'close');
});

t.test('stereo samples arrive as frames of both channels, however they are cut', async (t) => {
  const server = await listening(t);
  const expected = server.expect(2, 1000);
  const socket = dial(expected.url);
  const [stream] = await Promise.all([expected.arrived, once(socket, 'open')]);
  const frames: [number, number, number][] = [];
  const arrived = new Promise<void>((resolve) => {
    stream.onFrame = (caller, heard) => {
      frames.push([caller.length, caller[0] ?? 0, heard[159] ?? 0]);
      if (frames.length === 2) resolve();
    };
  });
  const samples = new Int16Array(2 * 160 * 2);
  for (let i = 0; i < 320; i += 1) {
    samples[2 * i] = i;
    samples[2 * i + 1] = -i;
  }
  const bytes = Buffer.from(samples.buffer);
  socket.send(bytes.subarray(0, 400));
  socket.send(bytes.subarray(400));
  await arrived;
  t.same(frames, [
    [160, 0, -159],
    [160, 160, -319],
  ]);
  t.equal(stream.positionSamples, 320);
  stream.close();
  await once(socket, 'close');
});

t.test('what the bot says goes out as it is, commands as JSON, marks come back', async (t) => {
  const server = await listening(t);
  const expected = server.expect(1, 1000);
  const socket = dial(expected.url);
  const received: (Buffer | object)[] = [];
  const three = new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      received.push(isBinary ? data : (JSON.parse(data.toString()) as object));
      if (received.length === 3) resolve();
    });
  });
  const [stream] = await Promise.all([expected.arrived, once(socket, 'open')]);
  stream.send(Int16Array.of(1, -2));
  stream.mark('end');
  stream.killAudio();
  await three;
  t.same(received, [
    Buffer.from([1, 0, 0xfe, 0xff]),
    { type: 'mark', data: { name: 'end' } },
    { type: 'killAudio' },
  ]);
  const marked = new Promise((resolve) => stream.once('mark', (...mark) => resolve(mark)));
  socket.send(JSON.stringify({ type: 'mark', data: { name: 'end', event: 'cleared' } }));
  t.same(await marked, ['end', 'cleared']);
  stream.close();
  await once(socket, 'close');
});

t.test('a fork that never comes rejects at its limit, and its token is void', async (t) => {
  const clock = new ManualClock();
  const server = await listening(t, clock);
  const expected = server.expect(1, 500);
  clock.advance(500);
  await t.rejects(expected.arrived, { code: 'AUDIO_STREAM_NEVER_CAME' });
  const late = dial(expected.url);
  const [error] = (await once(late, 'error')) as [Error];
  t.match(error.message, /403/);
});

t.test('the other side going away is told once', async (t) => {
  const server = await listening(t);
  const expected = server.expect(1, 1000);
  const socket = dial(expected.url);
  const [stream] = await Promise.all([expected.arrived, once(socket, 'open')]);
  const lost = new Promise<void>((resolve) => stream.once('lost', resolve));
  socket.close();
  await lost;
  stream.send(Int16Array.of(1));
  stream.close();
  stream.close();
});

t.test('a second listener on the same port says which', async (t) => {
  const server = await listening(t);
  await t.rejects(
    AudioStreamServer.listen({
      listen: server.address,
      advertise: undefined,
      clock: systemClock,
      logger: silentLogger,
    }),
    { code: 'AUDIO_STREAM_ADDRESS_IN_USE', message: new RegExp(String(server.address.port)) },
  );
});

t.test('a text that is JSON and no object disturbs nobody', async (t) => {
  const server = await listening(t);
  const expected = server.expect(1, 1000);
  const socket = dial(expected.url);
  const [stream] = await Promise.all([expected.arrived, once(socket, 'open')]);
  const marked = new Promise<string>((resolve) => stream.on('mark', resolve));
  for (const text of ['null', '3', '"x"', '[]', '{"type":"mark","data":null}', '{"type":"mark"}', '{'])
    socket.send(text);
  socket.send(JSON.stringify({ type: 'mark', data: { name: 'm1', event: 'playout' } }));
  t.equal(await marked, 'm1', 'and what comes after it is read');
  stream.close();
  await once(socket, 'close');
});

t.test('a handshake that fails leaves the token to the one that works', async (t) => {
  const server = await listening(t);
  const expected = server.expect(1, 1000);
  const path = new URL(expected.url).pathname;
  const clumsy = connect(server.address.port, '127.0.0.1');
  clumsy.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
  const [answer] = (await once(clumsy, 'data')) as [Buffer];
  t.match(answer.toString(), /^HTTP\/1.1 400/);
  clumsy.destroy();
  const socket = dial(expected.url);
  (await expected.arrived).close();
  await once(socket, 'close');
});

t.test('a peer that does not answer the close frame is cut off within seconds', async (t) => {
  const server = await listening(t);
  const expected = server.expect(1, 1000);
  const socket = dial(expected.url);
  const [stream] = await Promise.all([expected.arrived, once(socket, 'open')]);
  t.teardown(() => socket.terminate());
  socket.pause();
  stream.close();
  const begunMs = performance.now();
  while (server.openSockets > 0 && performance.now() - begunMs < 4500)
    await new Promise((resolve) => setTimeout(resolve, 100));
  t.equal(server.openSockets, 0);
});

t.test('a peer that takes nothing any more is lost, and what waits for it is bounded', async (t) => {
  const server = await listening(t);
  const expected = server.expect(1, 1000);
  const socket = dial(expected.url);
  const [stream] = await Promise.all([expected.arrived, once(socket, 'open')]);
  t.teardown(() => socket.terminate());
  socket.pause();
  const lost = new Promise<void>((resolve) => stream.on('lost', resolve));
  // 64 MB: more than the kernel's buffers and ours hold.
  for (let i = 0; i < 1000; i += 1) stream.send(new Int16Array(32_000));
  await lost;
  t.equal(server.openSockets, 0);
});

t.test('what was handed over may be used again', async (t) => {
  const server = await listening(t);
  const expected = server.expect(1, 1000);
  const socket = dial(expected.url);
  const [stream] = await Promise.all([expected.arrived, once(socket, 'open')]);
  const sent: Buffer[] = [];
  const whole = new Promise<void>((resolve) =>
    socket.on('message', (data: Buffer) => {
      sent.push(data);
      if (sent.length === 6) resolve();
    }),
  );
  socket.pause();
  const samples = new Int16Array(30_000);
  for (let value = 1; value <= 6; value += 1) stream.send(samples.fill(value));
  samples.fill(99);
  socket.resume();
  await whole;
  t.same(
    sent.map((data) => data.readInt16LE(data.length - 2)),
    [1, 2, 3, 4, 5, 6],
  );
  stream.close();
  await once(socket, 'close');
});
