import t from 'tap';
import fc from 'fast-check';
import {
  bytesToSamples,
  concatSamples,
  deinterleave,
  interleave,
  mixInto,
  peakDb,
  rmsDb,
  samplesOf,
  samplesToBytes,
  scale,
  SILENCE_DB,
} from '../../src/audio/pcm.js';
import { dtmfFrequenciesHz, fadeIn, fadeOut, tone } from '../../src/audio/tone.js';

const samples = fc.array(fc.integer({ min: -32768, max: 32767 })).map((a) => Int16Array.from(a));

t.test('levels are those of full-scale, half-scale and no sound', (t) => {
  t.equal(peakDb(Int16Array.of(0, -32768, 5)), 0);
  t.ok(Math.abs(peakDb(Int16Array.of(16384)) + 6.02) < 0.01);
  t.equal(peakDb(new Int16Array(160)), SILENCE_DB);
  t.equal(rmsDb(new Int16Array(0)), SILENCE_DB);
  const sine = tone({ frequenciesHz: [1000], durationMs: 1000, sampleRateHz: 8000, levelDb: 0, fadeMs: 0 });
  t.ok(Math.abs(rmsDb(sine) + 3.01) < 0.02, 'a full-scale sine is at -3 dB');
  t.end();
});

t.test('mixing adds and clips, and stays within the target', (t) => {
  const into = Int16Array.of(30000, -30000, 1, 1);
  mixInto(into, Int16Array.of(10000, -10000, 2));
  t.same(into, Int16Array.of(32767, -32768, 3, 1));
  mixInto(into, Int16Array.of(5, 5, 5), 3);
  t.same(into, Int16Array.of(32767, -32768, 3, 6));
  const loud = Int16Array.of(20000, -20000, 100);
  scale(loud, 2);
  t.same(loud, Int16Array.of(32767, -32768, 200));
  t.end();
});

t.test('interleaving and bytes can be taken back', (t) => {
  fc.assert(
    fc.property(samples, samples, (a, b) => {
      const length = Math.min(a.length, b.length);
      const [left, right] = [a.subarray(0, length), b.subarray(0, length)];
      t.same(deinterleave(interleave(left, right), 2), [left.slice(), right.slice()]);
      t.same(bytesToSamples(samplesToBytes(a)), a.slice());
      t.equal(concatSamples([a, b]).length, a.length + b.length);
    }),
    { numRuns: 30 },
  );
  t.throws(() => interleave(new Int16Array(1), new Int16Array(2)), RangeError);
  t.end();
});

t.test('a tone has its frequency, length and soft ends', (t) => {
  const beep = tone({ frequenciesHz: [440], durationMs: 500, sampleRateHz: 8000 });
  t.equal(beep.length, 4000);
  let crossings = 0;
  for (let i = 1; i < beep.length; i++)
    if ((beep[i - 1] as number) < 0 && (beep[i] as number) >= 0) crossings++;
  t.ok(Math.abs(crossings - 220) <= 2, `440 Hz for half a second crosses zero 220 times (${crossings})`);
  t.equal(beep[0], 0);
  t.equal(beep[3999], 0);
  const flat = new Int16Array(10).fill(1000);
  fadeIn(flat, 5);
  fadeOut(flat, 100);
  t.ok(flat.every((v) => v <= 1000) && flat[0] === 0 && flat[9] === 0);
  t.end();
});

t.test('keys have the frequencies of ITU-T Q.23', (t) => {
  t.same(dtmfFrequenciesHz('1'), [697, 1209]);
  t.same(dtmfFrequenciesHz('#'), [941, 1477]);
  t.same(dtmfFrequenciesHz('d'), [941, 1633]);
  t.equal(dtmfFrequenciesHz('x'), undefined);
  t.equal(dtmfFrequenciesHz('12'), undefined);
  t.equal(dtmfFrequenciesHz(''), undefined);
  t.end();
});

t.test('samples are read from little-endian bytes wherever these lie', (t) => {
  const bytes = Uint8Array.of(0xff, 0x01, 0x00, 0xff, 0xff, 0x00, 0x80, 0x7f);
  t.strictSame([...samplesOf(bytes.subarray(1))], [1, -1, -32768], 'an odd place, an odd byte at the end');
  t.strictSame([...samplesOf(bytes.subarray(2))], [-256, 255, 32640]);
  t.strictSame([...samplesOf(bytes.subarray(2, 3))], []);
  t.end();
});
