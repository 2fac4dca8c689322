import t from 'tap';
import { concatSamples, rms } from '../../src/audio/pcm.js';
import { timeStretch } from '../../src/audio/time-stretch.js';
import { tone } from '../../src/audio/tone.js';

/** Crossings of zero per second: twice the pitch. */
function pitchHz(samples: Int16Array): number {
  let crossings = 0;
  for (let n = 1; n < samples.length; n++) {
    if ((samples[n - 1] as number) < 0 !== (samples[n] as number) < 0) crossings++;
  }
  return (crossings / 2 / samples.length) * 8000;
}

t.test('speech gets longer or shorter, at the same pitch and loudness', async (t) => {
  const samples = tone({ frequenciesHz: [220], durationMs: 2000, sampleRateHz: 8000 });
  for (const rate of [0.6, 0.8, 1.25]) {
    const stretched = concatSamples([...timeStretch(samples, rate)]);
    const expected = samples.length / rate;
    t.ok(
      Math.abs(stretched.length - expected) < expected * 0.03,
      `${rate}: ${stretched.length} of ${expected}`,
    );
    t.ok(Math.abs(pitchHz(stretched) - 220) < 8, `${rate}: ${pitchHz(stretched)} Hz`);
    t.ok(Math.abs(rms(stretched) / rms(samples) - 1) < 0.1, 'as loud');
  }
});

t.test('at the usual rate nothing changes, and what is short stays whole', async (t) => {
  const samples = tone({ frequenciesHz: [220], durationMs: 20, sampleRateHz: 8000 });
  t.same([...timeStretch(samples, 1)], [samples]);
  t.same(concatSamples([...timeStretch(samples, 0.8)]), samples);
  t.same(concatSamples([...timeStretch(new Int16Array(0), 0.8)]), new Int16Array(0));
});

t.test('comes in chunks, so that a long recording holds up nobody', async (t) => {
  const samples = tone({ frequenciesHz: [220], durationMs: 3000, sampleRateHz: 8000 });
  const chunks = [...timeStretch(samples, 0.8)];
  t.ok(Math.max(...chunks.map(({ length }) => length)) <= 8 * 200);
  t.ok(chunks.length > 15);
});
