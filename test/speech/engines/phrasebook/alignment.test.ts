import t from 'tap';
import {
  align,
  runningSums,
  type Pronunciation,
  type Scored,
} from '../../../../src/speech/engines/phrasebook/alignment.js';
import { uniform } from './reference-network.js';

function randomUtterance(frames: number, phones: number, seed: number): Scored {
  const next = uniform(seed);
  const scores = Float32Array.from({ length: frames * phones }, () => 3 * next() - 1);
  const best = Float32Array.from({ length: frames }, (_, t) =>
    Math.max(...scores.subarray(t * phones, (t + 1) * phones)),
  );
  return { frames, phones, scores, best, sums: runningSums(scores, phones) };
}

/** Every division of the frames among the phones, the best of them by its score per frame. */
function bestOfAll({ frames, phones, scores }: Scored, phrase: Pronunciation): number {
  const tempo = frames / phrase.reduce((sum, one) => sum + one.frames, 0);
  const divide = (i: number, from: number): number => {
    const part = phrase[i];
    if (part === undefined) return from === frames ? 0 : -Infinity;
    const expected = Math.max(2.5, part.frames * tempo);
    const longest = Math.min(frames - from, Math.ceil(expected * 3 + 3));
    let best = -Infinity;
    let sum = 0;
    for (let length = 1; length <= longest; length++) {
      sum += scores[(from + length - 1) * phones + part.phone] as number;
      if (length < Math.max(2, Math.floor(expected * 0.3))) continue;
      const duration = -0.35 * (Math.log(length / expected) / 0.45) ** 2;
      best = Math.max(best, sum + duration + divide(i + 1, from + length));
    }
    return best;
  };
  return divide(0, 0) / frames;
}

t.test('an alignment is the best of all divisions of the frames among the phones', async (t) => {
  const next = uniform(3);
  for (let seed = 1; seed <= 60; seed++) {
    const frames = 9 + (seed % 14);
    const utterance = randomUtterance(frames, 5, seed);
    const phrase = Array.from({ length: 1 + (seed % 4) }, () => ({
      phone: Math.floor((next() + 1) * 2.5),
      frames: 2 + 6 * (next() + 1),
    }));
    const unhurried = phrase.reduce((sum, one) => sum + one.frames, 0);
    const alignment = align(utterance, phrase);
    if (frames / unhurried >= 3.2 || frames / unhurried <= 0.4) {
      t.equal(alignment, undefined, 'nobody speaks so slowly or so fast');
      continue;
    }
    const best = bestOfAll(utterance, phrase);
    if (best === -Infinity) t.equal(alignment, undefined);
    else t.ok(Math.abs((alignment?.score ?? Infinity) - best) < 1e-5, `utterance ${seed}`);
  }
});

t.test('its facts are of the division that it found', async (t) => {
  // Four frames of each of three phones, each as unlikely elsewhere.
  const scores = Float32Array.from({ length: 12 * 3 }, (_, i) => (Math.floor(i / 3 / 4) === i % 3 ? 1 : -4));
  const best = new Float32Array(12).fill(1.5);
  const utterance: Scored = { frames: 12, phones: 3, scores, best, sums: runningSums(scores, 3) };
  const inOrder = align(
    utterance,
    [0, 1, 2].map((phone) => ({ phone, frames: 4 })),
  );
  t.ok(Math.abs((inOrder?.score ?? 0) - 1) < 1e-6, 'the durations are the expected ones');
  const [perFrame, perPhone, worst, second, missed, spread, tempo] = inOrder?.facts ?? [];
  t.strictSame([perFrame, perPhone, worst, second, missed, spread, tempo], [-0.5, -0.5, -0.5, -0.5, 0, 0, 0]);
  const reversed = align(
    utterance,
    [2, 1, 0].map((phone) => ({ phone, frames: 4 })),
  );
  t.ok((reversed?.facts[4] ?? 0) > 0.5, 'most phones of another order are missed');
});
