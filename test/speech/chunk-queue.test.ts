import t from 'tap';
import { ChunkQueue } from '../../src/speech/chunk-queue.js';

const chunk = (value: number): Int16Array => new Int16Array([value]);

async function valuesOf(chunks: AsyncIterable<Int16Array>): Promise<number[]> {
  const values: number[] = [];
  for await (const [value = 0] of chunks) values.push(value);
  return values;
}

t.test(
  'chunks come in order, whether they were there before the reader or come while it waits',
  async (t) => {
    const queue = new ChunkQueue();
    let left = 0;
    queue.push(chunk(1));
    const read = valuesOf(queue.read(() => (left += 1)));
    queue.push(chunk(2));
    await Promise.resolve();
    queue.push(chunk(3));
    queue.end();
    t.same(await read, [1, 2, 3]);
    t.equal(left, 1);
    t.equal(queue.over, true);
  },
);

t.test('a failure comes after the chunks before it, and only the first end counts', async (t) => {
  const queue = new ChunkQueue();
  queue.push(chunk(1));
  queue.end(new Error('first'));
  queue.end();
  queue.push(chunk(2));
  const values: number[] = [];
  await t.rejects(async () => {
    for await (const [value = 0] of queue.read(() => undefined)) values.push(value);
  }, new Error('first'));
  t.same(values, [1]);
});

t.test('a reader that leaves early drops the rest, and tells so', async (t) => {
  const queue = new ChunkQueue();
  let left = 0;
  queue.push(chunk(1));
  queue.push(chunk(2));
  for await (const [value] of queue.read(() => (left += 1))) {
    t.equal(value, 1);
    break;
  }
  t.equal(left, 1);
  queue.end();
  t.same(await valuesOf(queue.read(() => undefined)), []);
});
