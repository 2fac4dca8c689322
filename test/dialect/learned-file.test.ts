import { t } from 'tap';
import { learnedBytes, readLearned } from '../../src/dialect/learned-file.js';
import type { LearnedIntents } from '../../src/dialect/intent-model.js';

const learned = (...hashes: number[]): LearnedIntents => ({
  intents: ['yes', 'no'],
  hashes: Uint32Array.from(hashes),
  rarity: Uint8Array.from(hashes, (_, index) => 255 - index),
  linear: {
    classes: 2,
    scale: 1.5,
    bias: [0.25, -0.25],
    steps: Int8Array.from(hashes.flatMap((_, index) => [127 - index, -127])),
  },
});

const file = {
  digest: 'abc',
  families: new Map([
    ['sinitic', learned(1, 2_000_000_000, 0xffff_ffff)],
    ['en', learned()],
  ]),
};

t.test('what is written is read again', async (t) => {
  t.strictSame(readLearned(learnedBytes(file)), file);
  // As it comes out of a file: a view into a larger buffer.
  t.strictSame(readLearned(Buffer.concat([Buffer.alloc(3), learnedBytes(file)]).subarray(3)), file);
});

t.test('half a file, one byte too many and something else are nothing', async (t) => {
  const bytes = learnedBytes(file);
  for (const length of [0, 3, 20, bytes.length - 1])
    t.equal(readLearned(bytes.subarray(0, length)), undefined);
  t.equal(readLearned(Buffer.concat([bytes, Buffer.from([0])])), undefined);
  t.equal(readLearned(Buffer.from('not a model at all, but long enough for a header')), undefined);
});
