import t from 'tap';
import {
  cepstra,
  cepstrum,
  frameHopSamples,
  frameSamples,
  melBands,
  melSpectrogram,
  MelStream,
} from '../../src/audio/features.js';

const tone = (hz: number, samples: number, level = 8000): Int16Array =>
  Int16Array.from({ length: samples }, (_, n) => level * Math.sin((2 * Math.PI * hz * n) / 8000));

/** The same by the definition: a sum over samples for each bin, filters evaluated in place. */
function referenceMel(samples: Int16Array): number[] {
  const x = Array.from({ length: frameSamples }, (_, n) => {
    const emphasised = (samples[n] ?? 0) - 0.97 * (samples[Math.max(0, n - 1)] ?? 0);
    return emphasised * (0.54 - 0.46 * Math.cos((2 * Math.PI * n) / (frameSamples - 1)));
  });
  const power = Array.from({ length: 129 }, (_, k) => {
    let re = 0;
    let im = 0;
    x.forEach((value, n) => {
      re += value * Math.cos((2 * Math.PI * k * n) / 256);
      im -= value * Math.sin((2 * Math.PI * k * n) / 256);
    });
    return re * re + im * im;
  });
  const mel = (hz: number): number => 1127 * Math.log(1 + hz / 700);
  const step = (mel(3700) - mel(150)) / (melBands + 1);
  return Array.from({ length: melBands }, (_, band) => {
    const centre = mel(150) + step * (band + 1);
    const energy = power.reduce((sum, p, k) => {
      const weight = 1 - Math.abs(mel((k * 8000) / 256) - centre) / step;
      return weight > 0 ? sum + weight * p : sum;
    }, 1e4);
    return Math.log(energy);
  });
}

t.test('mel energies are what the definition says', async (t) => {
  const sound = tone(900, frameSamples);
  for (let n = 0; n < sound.length; n++) sound[n] = (sound[n] ?? 0) + ((n * 7919) % 401) - 200;
  const fast = melSpectrogram(sound);
  const slow = referenceMel(sound);
  t.equal(fast.length, melBands);
  for (let band = 0; band < melBands; band++) {
    t.ok(Math.abs((fast[band] ?? 0) - (slow[band] ?? 0)) < 1e-3, `band ${band}`);
  }
});

t.test('a tone lights the band it lies in, ten times the amplitude adds ln 100', async (t) => {
  const quiet = melSpectrogram(tone(1000, frameSamples, 1000));
  const loud = melSpectrogram(tone(1000, frameSamples, 10_000));
  const band = loud.indexOf(Math.max(...loud));
  const mel = (hz: number): number => 1127 * Math.log(1 + hz / 700);
  const expected = Math.round((mel(1000) - mel(150)) / ((mel(3700) - mel(150)) / (melBands + 1))) - 1;
  t.equal(band, expected);
  t.ok(Math.abs((loud[band] ?? 0) - (quiet[band] ?? 0) - Math.log(100)) < 0.01);
});

t.test('a stream gives the frames of the whole, however it is cut', async (t) => {
  const sound = tone(500, 20_000);
  const stream = new MelStream();
  for (let at = 0; at < sound.length; at += 333) stream.push(sound.subarray(at, at + 333));
  t.equal(stream.frames, Math.floor((20_000 - frameSamples) / frameHopSamples) + 1);
  t.strictSame(stream.mel, melSpectrogram(sound));
  const atOnce = new MelStream();
  atOnce.push(sound);
  t.strictSame(atOnce.mel, stream.mel, 'also when it outgrows its store');
});

t.test('a flat spectrum has no shape: all cepstra but the loudness are 0', async (t) => {
  const flat = new Float32Array(melBands).fill(5);
  const coefficients = new Float32Array(cepstra);
  cepstrum(flat, 0, coefficients, 0);
  t.ok(Math.abs((coefficients[0] ?? 0) - Math.sqrt(2 / melBands) * melBands * 5) < 1e-3);
  for (let k = 1; k < cepstra; k++) t.ok(Math.abs(coefficients[k] ?? 0) < 1e-3, `cepstrum ${k}`);
});
