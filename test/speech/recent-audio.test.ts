import t from 'tap';
import { RecentAudio } from '../../src/speech/recent-audio.js';

/** `count` samples that count on from `from`. */
const counting = (from: number, count: number): Int16Array =>
  Int16Array.from({ length: count }, (_, i) => from + i);

function all(audio: RecentAudio, pieceSamples = 160): number[] {
  const samples: number[] = [];
  audio.replay(pieceSamples, (piece) => {
    t.ok(piece.length > 0 && piece.length <= pieceSamples);
    samples.push(...piece);
  });
  return samples;
}

t.test('gives back what was kept, in order and in small pieces', async (t) => {
  const audio = new RecentAudio(20_000);
  const frame = new Int16Array(160);
  for (let i = 0; i < 100; i++) {
    frame.set(counting(160 * i, 160));
    audio.push(frame);
  }
  t.equal(audio.lengthSamples, 16_000);
  t.strictSame(all(audio), [...counting(0, 16_000)]);
  t.strictSame(all(audio, 7), [...counting(0, 16_000)], 'and again');
});

t.test('of more than fits the last is kept, whatever the pieces', async (t) => {
  for (const piece of [1, 7, 160, 999, 5000]) {
    const audio = new RecentAudio(1000);
    for (let at = 0; at < 10_000; at += piece) audio.push(counting(at, Math.min(piece, 10_000 - at)));
    t.strictSame(all(audio), [...counting(9000, 1000)], `pieces of ${piece}`);
  }
});

t.test('is empty at first', async (t) => {
  t.strictSame(all(new RecentAudio(100)), []);
});
