import t from 'tap';
import { createResampler, resample } from '../../src/audio/resample.js';

const tone = (hz: number, rateHz: number, samples: number): Int16Array =>
  Int16Array.from({ length: samples }, (_, n) => 10_000 * Math.sin((2 * Math.PI * hz * n) / rateHz));

function rmsOf(samples: Int16Array): number {
  return Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
}

t.test('a tone below the new limit keeps level and place, one above it goes', async (t) => {
  const low = await resample(tone(1000, 22_050, 22_050), 22_050, 8000);
  t.equal(low.length, 8000);
  t.ok(Math.abs(rmsOf(low.subarray(200, 7800)) - 7071) < 100, 'level kept');
  const wanted = tone(1000, 8000, 8000);
  let worst = 0;
  for (let n = 200; n < 7800; n++) worst = Math.max(worst, Math.abs((low[n] ?? 0) - (wanted[n] ?? 0)));
  t.ok(worst < 300, `no delay: the tone stays within ${Math.round(worst)} of where it was`);
  const high = await resample(tone(6000, 22_050, 22_050), 22_050, 8000);
  t.ok(rmsOf(high.subarray(200, 7800)) < 20, 'aliases are 50 dB down');
});

t.test('the chunks do not matter', async (t) => {
  const sound = tone(440, 22_050, 10_000);
  const whole = await resample(sound, 22_050, 8000);
  const resampler = await createResampler(22_050, 8000);
  const parts: number[] = [];
  for (let at = 0; at < sound.length; at += 997) {
    parts.push(...resampler.process(sound.subarray(at, at + 997)));
  }
  parts.push(...resampler.flush());
  resampler.close();
  resampler.close();
  t.strictSame(Int16Array.from(parts), whole);
});

t.test('after a flush the resampler is as new', async (t) => {
  const resampler = await createResampler(16_000, 8000);
  const sound = tone(700, 16_000, 3200);
  const first = [...resampler.process(sound), ...resampler.flush()];
  const second = [...resampler.process(sound), ...resampler.flush()];
  resampler.close();
  t.equal(first.length, 1600);
  t.strictSame(second, first);
});

t.test('equal rates copy; rates that are none are refused', async (t) => {
  const sound = tone(440, 8000, 100);
  t.strictSame(await resample(sound, 8000, 8000), sound);
  await t.rejects(createResampler(0, 8000), RangeError);
  await t.rejects(createResampler(8000, 7999.5), RangeError);
});
