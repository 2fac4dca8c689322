import t from 'tap';
import { HalfBandDecimator, HalfBandInterpolator } from '../../src/audio/half-band.js';

function tone(frequencyHz: number, rateHz: number, length: number): Int16Array {
  return Int16Array.from({ length }, (_, i) => 10_000 * Math.sin((2 * Math.PI * frequencyHz * i) / rateHz));
}

function down(samples: Int16Array, chunk: number): Int16Array {
  const decimator = new HalfBandDecimator();
  const result = new Int16Array(samples.length / 2);
  for (let at = 0; at < samples.length; at += chunk) {
    const part = samples.subarray(at, at + chunk);
    decimator.process(part, part.length, result.subarray(at / 2));
  }
  return result;
}

function up(samples: Int16Array, chunk: number): Int16Array {
  const interpolator = new HalfBandInterpolator();
  const result = new Int16Array(2 * samples.length);
  for (let at = 0; at < samples.length; at += chunk) {
    interpolator.process(samples.subarray(at, at + chunk), result.subarray(2 * at));
  }
  return result;
}

/** Level against the tone that went in, without the filter's beginning. */
function levelDb(samples: Int16Array): number {
  const settled = samples.subarray(100);
  const power = settled.reduce((sum, sample) => sum + sample ** 2, 0) / settled.length;
  return 10 * Math.log10(power / 5e7 + 1e-10);
}

t.test('what a telephone carries passes down unchanged, and nothing above folds into it', (t) => {
  for (const frequencyHz of [50, 300, 1000, 2500, 3400]) {
    const level = levelDb(down(tone(frequencyHz, 16_000, 6400), 320));
    t.ok(Math.abs(level) < 0.05, `${frequencyHz} Hz: ${level.toFixed(3)} dB`);
  }
  for (const frequencyHz of [4600, 5000, 6000, 7900]) {
    const level = levelDb(down(tone(frequencyHz, 16_000, 6400), 320));
    t.ok(level < -59, `${frequencyHz} Hz: ${level.toFixed(1)} dB`);
  }
  t.end();
});

t.test('up and down again is the same sound, 23 samples later', (t) => {
  for (const frequencyHz of [50, 300, 1000, 3400]) {
    const samples = tone(frequencyHz, 8000, 3200);
    const again = down(up(samples, 160), 320);
    let noise = 0;
    for (let i = 200; i < 3200; i++) noise += ((again[i] as number) - (samples[i - 23] as number)) ** 2;
    const noiseDb = 10 * Math.log10(noise / 3000 / 5e7);
    t.ok(noiseDb < -50, `${frequencyHz} Hz: ${noiseDb.toFixed(1)} dB`);
  }
  t.end();
});

t.test('how the sound is cut changes nothing, also beyond the room that was made; a reset forgets', (t) => {
  const samples = tone(700, 16_000, 6400);
  for (const chunk of [2, 160, 640, 6400]) t.same(down(samples, chunk), down(samples, 320), `${chunk}`);
  for (const chunk of [1, 160, 480, 6400]) t.same(up(samples, chunk), up(samples, 320), `${chunk}`);
  const decimator = new HalfBandDecimator();
  const [first, again] = [new Int16Array(160), new Int16Array(160)];
  decimator.process(samples.subarray(0, 320), 320, first);
  decimator.reset();
  decimator.process(samples.subarray(0, 320), 320, again);
  t.same(again, first);
  t.end();
});

t.test('full scale is clipped rather than wrapped', (t) => {
  const square = Int16Array.from({ length: 1600 }, (_, i) =>
    Math.floor(i / 20) % 2 === 0 ? 32_767 : -32_768,
  );
  const wide = up(square, 160);
  for (let i = 100; i < 1500; i++) {
    // Between two equal samples lies no other sign.
    const [before, after] = [wide[2 * i] as number, wide[2 * i + 2] as number];
    if (before === after) t.ok(Math.sign(wide[2 * i + 1] as number) === Math.sign(before));
  }
  t.end();
});
