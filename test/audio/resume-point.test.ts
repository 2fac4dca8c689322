import t from 'tap';
import { concatSamples } from '../../src/audio/pcm.js';
import { resumePoint } from '../../src/audio/resume-point.js';
import { tone } from '../../src/audio/tone.js';

const word = (durationMs: number, level = 1) => {
  const samples = tone({ frequenciesHz: [300], durationMs, sampleRateHz: 8000 });
  return samples.map((sample) => sample * level);
};
const pause = (ms: number) => new Int16Array(ms * 8);

t.test('goes on after the last pause before what was heard', async (t) => {
  const samples = concatSamples([word(500), pause(80), word(500), pause(80), word(500)]);
  const point = resumePoint(samples, 1400 * 8);
  t.ok(point >= 1080 * 8 && point <= 1160 * 8, `${point / 8} ms is within the pause`);
});

t.test('who was interrupted right after a word hears that word again', async (t) => {
  const samples = concatSamples([word(500), pause(80), word(500), pause(80), word(500)]);
  const point = resumePoint(samples, 1120 * 8);
  t.ok(point >= 500 * 8 && point <= 580 * 8, `${point / 8} ms`);
});

t.test('where the voice flows it goes on at the quietest place, never after what was heard', async (t) => {
  const samples = concatSamples([word(600), word(40, 0.3), word(600)]);
  const point = resumePoint(samples, 1000 * 8);
  t.ok(point >= 590 * 8 && point <= 650 * 8, `${point / 8} ms`);
});

t.test('who heard next to nothing hears it from the beginning', async (t) => {
  t.equal(resumePoint(word(2000), 200 * 8), 0);
  t.equal(resumePoint(new Int16Array(0), 0), 0);
});
