import t from 'tap';
import { createHash } from 'node:crypto';
import { decodePcma, decodePcmu, encodePcma, encodePcmu } from '../../src/audio/g711.js';

const codes = Uint8Array.from({ length: 256 }, (_, i) => i);
const allSamples = Int16Array.from({ length: 65536 }, (_, i) => i - 32768);

function hash(data: ArrayBufferView): string {
  return createHash('sha256')
    .update(Buffer.from(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex')
    .slice(0, 16);
}

t.test('decodes every code as the reference tables of ITU-T G.711 do', (t) => {
  const mu = new Int16Array(256);
  const a = new Int16Array(256);
  decodePcmu(codes, mu);
  decodePcma(codes, a);
  t.equal(mu[0x00], -32124);
  t.equal(mu[0x80], 32124);
  t.equal(mu[0xff], 0);
  t.equal(a[0x2a], -32256);
  t.equal(a[0xaa], 32256);
  t.equal(a[0xd5], 8);
  t.equal(a[0x55], -8);
  // Hashes of what Python's audioop (the CCITT reference code of Sun) makes of the 256 codes.
  t.equal(hash(mu), '3dab54339e520bb2');
  t.equal(hash(a), 'e04788d110e58ff8');
  t.end();
});

t.test('A-law codes of all 65536 samples are the reference code of Sun, by hash', (t) => {
  const bytes = new Uint8Array(65536);
  encodePcma(allSamples, bytes);
  t.equal(hash(bytes), '38488f6fd710f468');
  t.end();
});

t.test(
  'mu-law keeps every sample within half a step of its segment, with equal codes for both signs',
  (t) => {
    const bytes = new Uint8Array(65536);
    const back = new Int16Array(65536);
    encodePcmu(allSamples, bytes);
    decodePcmu(bytes, back);
    let outside = 0;
    let crooked = 0;
    for (let sample = -32635; sample <= 32635; sample++) {
      const error = Math.abs((back[sample + 32768] as number) - sample);
      // A segment of 16 steps begins at 16 steps (with the bias of 132): half a step is a 32nd of it at most.
      if (error > (Math.abs(sample) + 132) / 32) outside++;
      if ((back[32768 + sample] as number) + (back[32768 - sample] as number) !== 0) crooked++;
    }
    t.equal(outside, 0);
    t.equal(crooked, 0);
    t.end();
  },
);

t.test('every code survives decoding and encoding', (t) => {
  const samples = new Int16Array(256);
  const back = new Uint8Array(256);
  decodePcma(codes, samples);
  encodePcma(samples, back);
  t.same(Array.from(back), Array.from(codes));
  decodePcmu(codes, samples);
  encodePcmu(samples, back);
  const expected = Array.from(codes);
  expected[0x7f] = 0xff; // mu-law has two zeros
  t.same(Array.from(back), expected);
  t.end();
});

t.test('silence is the code of sample 0', (t) => {
  const byte = new Uint8Array(1);
  encodePcmu(new Int16Array(1), byte);
  t.equal(byte[0], 0xff);
  encodePcma(new Int16Array(1), byte);
  t.equal(byte[0], 0xd5);
  t.end();
});

t.test('an output that is too short is refused instead of cut', (t) => {
  t.throws(() => encodePcmu(new Int16Array(2), new Uint8Array(1)), RangeError);
  t.throws(() => decodePcma(new Uint8Array(2), new Int16Array(1)), RangeError);
  t.end();
});
