import { createHash } from 'node:crypto';
import t from 'tap';
import { G722Decoder, G722Encoder } from '../../src/audio/g722.js';

const SAMPLES = 64_000;

/** The generator that made the reference's input too: the C library's old `rand`. */
function generator(): () => number {
  let state = 1;
  return () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0);
}

/** Eight half seconds: noise at three levels, full-scale squares, a saw, silence, squares with noise, noise. */
function input(next: () => number): Int16Array {
  return Int16Array.from({ length: SAMPLES }, (_, i) => {
    const noise = ((next() >>> 16) << 16) >> 16;
    const cut = (value: number): number => Math.trunc(value);
    return [
      cut(noise / 64),
      cut(noise / 8),
      noise,
      cut(i / 20) % 2 === 1 ? 32_767 : -32_768,
      (i % 64) * 512 - 16_384,
      0,
      (cut(i / 3) % 2 === 1 ? 9000 : -9000) + cut(noise / 100),
      cut(noise / 2),
    ][cut(i / 8000)] as number;
  });
}

function digest(data: Uint8Array | Int16Array): string {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

t.test('bit by bit what the public-domain C implementation (libg722 1.2.8) gives', (t) => {
  const next = generator();
  const coded = new Uint8Array(SAMPLES / 2);
  new G722Encoder().encode(input(next), SAMPLES, coded);
  t.equal(digest(coded), '97a5f05a09babf56', 'encoded');
  const decoded = new Int16Array(SAMPLES);
  new G722Decoder().decode(coded, 0, coded.length, decoded);
  t.equal(digest(decoded), '2781dc40121b199b', 'decoded');
  const random = Uint8Array.from({ length: SAMPLES / 2 }, () => next() >>> 24);
  t.equal(digest(random), '862778dde32a5fea', 'the same random bytes');
  new G722Decoder().decode(random, 0, random.length, decoded);
  t.equal(digest(decoded), '488944d8dc051148', 'random bytes decoded');
  t.end();
});

t.test('cut into packets it is the same, and after a reset it begins anew', (t) => {
  const samples = input(generator());
  const [whole, cut] = [new Uint8Array(SAMPLES / 2), new Uint8Array(SAMPLES / 2)];
  new G722Encoder().encode(samples, SAMPLES, whole);
  const encoder = new G722Encoder();
  for (let at = 0; at < SAMPLES; at += 320) encoder.encode(samples.subarray(at, at + 320), 320, cut, at / 2);
  t.equal(digest(cut), digest(whole));
  encoder.reset();
  encoder.encode(samples, SAMPLES, cut);
  t.equal(digest(cut), digest(whole), 'encoder');
  const decoder = new G722Decoder();
  const [first, again] = [new Int16Array(SAMPLES), new Int16Array(SAMPLES)];
  decoder.decode(whole, 0, whole.length, first);
  decoder.reset();
  decoder.decode(whole, 0, whole.length, again);
  t.equal(digest(again), digest(first), 'decoder');
  t.end();
});

t.test('a tone of either band comes back within G.722’s noise', (t) => {
  for (const [frequencyHz, leastDb] of [
    [400, 30],
    [1000, 30],
    [3000, 28],
    [5000, 18],
    [6800, 15],
  ] as const) {
    const samples = Int16Array.from(
      { length: 16_000 },
      (_, i) => 8000 * Math.sin((2 * Math.PI * frequencyHz * i) / 16_000),
    );
    const coded = new Uint8Array(8000);
    const decoded = new Int16Array(16_000);
    new G722Encoder().encode(samples, samples.length, coded);
    new G722Decoder().decode(coded, 0, coded.length, decoded);
    // The two mirror filters are 22 samples late.
    let [signal, noise] = [0, 0];
    for (let i = 4000; i < 15_000; i++) {
      signal += (samples[i] as number) ** 2;
      noise += ((samples[i] as number) - (decoded[i + 22] as number)) ** 2;
    }
    const snrDb = 10 * Math.log10(signal / noise);
    t.ok(snrDb >= leastDb, `${frequencyHz} Hz: ${snrDb.toFixed(1)} dB`);
  }
  t.end();
});
