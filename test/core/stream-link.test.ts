import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { StreamLink, type LinkListener, type LinkStream } from '../../src/core/stream-link.js';

/** Keeps what a stream tells, and wakes who waits for it. */
class Ear implements LinkListener {
  readonly told: (string | number[])[] = [];
  #wake: () => void = () => undefined;

  opened(): void {
    this.#tell('opened');
  }

  message(data: Buffer, isBinary: boolean): void {
    this.#tell(isBinary ? [...data] : data.toString());
  }

  gone(reason: string): void {
    this.#tell(`gone: ${reason}`);
  }

  async until(count: number): Promise<void> {
    while (this.told.length < count) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  #tell(what: string | number[]): void {
    this.told.push(what);
    this.#wake();
  }
}

interface Accepted {
  readonly name: string;
  readonly stream: LinkStream;
  readonly ear: Ear;
}

/** Two links over a Unix socket; the near one opens. */
async function linked(t: Test, refuses?: string) {
  const folder = await mkdtemp(join(tmpdir(), 'xiangyin-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const server = createServer();
  server.listen(join(folder, 'a.sock'));
  await once(server, 'listening');
  const socket = connect(join(folder, 'a.sock'));
  const [farSocket] = (await once(server, 'connection')) as [Socket];
  t.teardown(() => {
    socket.destroy();
    farSocket.destroy();
    server.close();
  });
  const accepted: Accepted[] = [];
  const gone: string[] = [];
  const far = new StreamLink(farSocket, {
    maxMessageBytes: 200_000,
    accept: (name, stream) => {
      if (name === refuses) return undefined;
      const ear = new Ear();
      accepted.push({ name, stream, ear });
      return ear;
    },
    gone: (reason) => void gone.push(`far ${reason}`),
  });
  const near = new StreamLink(socket, { gone: (reason) => void gone.push(`near ${reason}`) });
  const open = async (name: string): Promise<Accepted & { other: Accepted }> => {
    const ear = new Ear();
    const stream = near.open(name, ear);
    await ear.until(1);
    const other = accepted.at(-1);
    if (other === undefined) throw new Error('nothing was accepted');
    return { name, stream, ear, other };
  };
  return { near, far, accepted, gone, open, socket, farSocket };
}

t.test('messages of many streams arrive whole, in order, each at its own', async (t) => {
  const { open, near, far } = await linked(t);
  const a = await open('/a');
  const b = await open('/b');
  t.same([a.other.name, b.other.name], ['/a', '/b']);
  t.ok(a.stream.isOpen && b.stream.isOpen);
  a.stream.send(Uint8Array.of(1, 2, 3));
  b.stream.send('text for b');
  a.stream.send(new Uint8Array(0));
  b.other.stream.send('text for the opener');
  a.stream.close();
  await a.other.ear.until(3);
  await b.other.ear.until(1);
  await b.ear.until(2);
  t.same(a.other.ear.told, [[1, 2, 3], [], 'gone: closed']);
  t.same(b.other.ear.told, ['text for b']);
  t.same(b.ear.told, ['opened', 'text for the opener']);
  t.equal(near.streams, 1);
  t.equal(far.streams, 1);
});

t.test('any messages of any length come out as they went in, however the bytes are cut', async (t) => {
  const { open } = await linked(t);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.boolean(), fc.nat(90_000), fc.nat(255)), { minLength: 1, maxLength: 12 }),
      async (messages) => {
        const { stream, other } = await open('/x');
        const sent = messages.map(([isText, length, value]) =>
          isText ? 'é'.repeat(length >> 4) : new Uint8Array(length).fill(value),
        );
        for (const message of sent) stream.send(message);
        await other.ear.until(sent.length);
        const same = other.ear.told.every((got, i) => {
          const want = sent[i];
          return typeof got === 'string'
            ? got === want
            : got.length === want?.length && got.every((byte, at) => byte === (want as Uint8Array)[at]);
        });
        stream.close();
        return same;
      },
    ),
    { numRuns: 30 },
  );
});

t.test('samples in a message can be read where they lie', async (t) => {
  const { open } = await linked(t);
  const { stream, other } = await open('/x');
  const offsets: number[] = [];
  other.ear.message = (data) => void offsets.push(data.byteOffset % 4);
  const over = other.ear.until(1);
  for (let length = 1; length < 9; length++) stream.send(new Uint8Array(length));
  stream.close();
  await over;
  t.same(offsets, [0, 0, 0, 0, 0, 0, 0, 0]);
});

t.test('a stream that the other side does not want is gone at once', async (t) => {
  const { near } = await linked(t, '/no');
  const ear = new Ear();
  const stream = near.open('/no', ear);
  stream.send('early');
  await ear.until(1);
  t.same(ear.told, ['gone: closed']);
  t.notOk(stream.isOpen);
  stream.send('late');
  stream.close();
  t.same(ear.told, ['gone: closed'], 'once');
});

t.test('the end of the connection ends every stream, once', async (t) => {
  const { open, near, gone, farSocket } = await linked(t);
  const a = await open('/a');
  const b = await open('/b');
  farSocket.destroy();
  await Promise.all([a.ear.until(2), b.ear.until(2), a.other.ear.until(1), b.other.ear.until(1)]);
  t.same([a.ear.told.length, b.ear.told.length], [2, 2]);
  near.close();
  a.stream.close();
  t.same(a.ear.told.length, 2);
  t.same(gone.length, 2, 'and the owners were told');
  const late = new Ear();
  near.open('/late', late);
  t.same(late.told, [], 'not while it is being opened');
  await late.until(1);
  t.match(late.told, [/gone/]);
});

t.test('close() of the link hands over what was sent', async (t) => {
  const { open, near } = await linked(t);
  const { stream, other } = await open('/a');
  stream.send('last words');
  near.close();
  await other.ear.until(2);
  t.match(other.ear.told, ['last words', /gone/]);
});

t.test('who sends more than a message may have is cut off', async (t) => {
  const { open, gone } = await linked(t);
  const { stream, other, ear } = await open('/a');
  stream.send(new Uint8Array(200_001));
  await Promise.all([other.ear.until(1), ear.until(2)]);
  t.same(other.ear.told, ['gone: a message was too long']);
  t.ok(gone.includes('far a message was too long'));
});

t.test('what is no link, or speaks of streams that are none, ends nothing else', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
      const { socket, farSocket, accepted } = await linked(t);
      socket.write(bytes);
      socket.end();
      await once(farSocket, 'close');
      return accepted.every(({ ear }) => ear.told.filter((what) => /^gone/.test(String(what))).length === 1);
    }),
    { numRuns: 50 },
  );
});

t.test('what waits is shared by the streams', async (t) => {
  const { open, near } = await linked(t);
  const a = await open('/a');
  await open('/b');
  a.stream.send(new Uint8Array(992));
  t.equal(a.stream.waitingBytes, 500);
  near.flush();
  await a.other.ear.until(1);
});
