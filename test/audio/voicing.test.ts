import t from 'tap';
import { isKeyTone } from '../../src/audio/key-tone.js';
import { tone, dtmfFrequenciesHz } from '../../src/audio/tone.js';
import { Voicing } from '../../src/audio/voicing.js';
import { coughs, pink, white } from '../bench/noise-corpus.js';

/** A glottal row of pulses: all harmonics, weaker upwards. */
function vowel(pitchHz: number, samples = 1600): Int16Array {
  return Int16Array.from({ length: samples }, (_, i) => {
    let sum = 0;
    for (let n = 1; n * pitchHz < 3400; n++) sum += Math.sin((2 * Math.PI * pitchHz * n * i) / 8000) / n;
    return Math.round(3000 * sum);
  });
}

function periodicity(samples: Int16Array): number {
  const voicing = new Voicing();
  for (let at = 0; at + 160 <= samples.length; at += 160)
    voicing.push(Float32Array.from(samples.subarray(at, at + 160)));
  return voicing.periodicity;
}

t.test('vowels of men, women and children are periodic, noise and the air of a cough are not', async (t) => {
  for (const hz of [75, 110, 160, 220, 320, 390]) t.ok(periodicity(vowel(hz)) > 0.9, `${hz} Hz`);
  t.ok(periodicity(white(0.2, -20)) < 0.4);
  t.ok(periodicity(coughs(3, -16).subarray(8000, 8000 + 640)) < 0.45);
  t.equal(periodicity(new Int16Array(1600)), 0, 'silence has no period');
});

t.test('every key is one at a glance, no vowel and no noise is', async (t) => {
  const meanSquare = (samples: Int16Array): number =>
    samples.reduce((sum, x) => sum + x * x, 0) / samples.length;
  const isKey = (samples: Int16Array): boolean => isKeyTone(samples, meanSquare(samples));
  for (const key of '0123456789*#ABCD') {
    const frequenciesHz = dtmfFrequenciesHz(key) ?? [];
    t.ok(isKey(tone({ frequenciesHz, durationMs: 60, sampleRateHz: 8000 }).subarray(160, 320)), key);
  }
  for (const hz of [75, 110, 160, 220, 320]) t.notOk(isKey(vowel(hz).subarray(0, 160)), `${hz} Hz`);
  t.notOk(isKey(white(0.02, -20)));
  t.notOk(isKey(pink(0.02, -20)));
});
