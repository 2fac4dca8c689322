import t from 'tap';
import { FrameRing, frameRingMemory } from '../../../src/embedded/freeswitch/frame-ring.js';

const frame = (value: number): Int16Array => new Int16Array(160).fill(value);

function pair() {
  const memory = frameRingMemory();
  const [writer, reader] = [new FrameRing(memory), new FrameRing(memory)];
  return { put: (value: number) => writer.put(frame(value)), take: () => reader.take()?.[159] };
}

t.test('frames come out in order, one frame late, and nothing where nothing is said', (t) => {
  const { put, take } = pair();
  t.equal(take(), undefined);
  put(1);
  t.equal(take(), undefined, 'the next tick may be early: one frame waits');
  put(2);
  t.equal(take(), 1);
  put(3);
  t.equal(take(), 2);
  t.equal(take(), 3, 'an early tick takes what waits');
  t.equal(take(), undefined);
  put(4);
  t.equal(take(), undefined, 'after a pause it begins as the first time');
  put(5);
  t.equal(take(), 4);
  t.end();
});

t.test('a reader that stalled goes on with the newest', (t) => {
  const { put, take } = pair();
  for (let value = 1; value <= 5; value += 1) put(value);
  t.equal(take(), 1, 'five are caught up with');
  for (let value = 6; value <= 40; value += 1) put(value);
  t.equal(take(), 39);
  t.equal(take(), 40);
  t.end();
});
