import t from 'tap';
import { SoundLevel } from '../../../../src/speech/engines/phrasebook/sound-level.js';

const row = (...parts: readonly (readonly [frames: number, loudness: number])[]) =>
  Float32Array.from(parts.flatMap(([frames, loudness]) => new Array<number>(frames).fill(loudness)));

t.test('on a quiet line sound is what is within reach of the loudest', async (t) => {
  t.equal(SoundLevel.of(row([20, 11], [30, 21], [20, 11])).least(6), 15);
});

t.test('noise is no sound, however near to the loudest', async (t) => {
  const least = SoundLevel.of(row([20, 16], [30, 21], [20, 16])).least(6);
  t.ok(least > 16.5 && least < 18, `from ${least} on`);
});

t.test('a voice without a pause is sound from its first frame to its last', async (t) => {
  const least = SoundLevel.of(row([40, 21])).least(6);
  t.ok(least < 21);
});

t.test('a gap shorter than the noise is measured over, a closed mouth, tells nothing', async (t) => {
  const least = SoundLevel.of(row([30, 21], [5, 15.5], [30, 21])).least(6);
  t.ok(least <= 19, `from ${least} on`);
});

t.test('where there is no noise around it the softest of a voice is sound', async (t) => {
  t.equal(SoundLevel.of(row([20, 9.21], [10, 17], [30, 21], [20, 9.21])).least(6), 15);
});

t.test('silence put in before an utterance does not hide the noise after it', async (t) => {
  t.ok(SoundLevel.of(row([20, 9.21], [30, 21], [20, 16])).least(6) > 16.5);
});

t.test('a sound shorter than the noise is measured over is within reach of its loudest', async (t) => {
  t.equal(SoundLevel.of(row([5, 20])).least(6), 14);
});
