import t from 'tap';
import fc from 'fast-check';
import { encodePcma } from '../../src/audio/g711.js';
import { encodeWav, parseWav, wavHeader } from '../../src/audio/wav.js';

t.test('what is encoded is read back, for any rate, channels and samples', (t) => {
  fc.assert(
    fc.property(
      fc.constantFrom(8000, 11025, 16000, 22050, 44100, 48000),
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.integer({ min: -32768, max: 32767 }), { maxLength: 200 }),
      (sampleRateHz, channels, values) => {
        const whole = values.length - (values.length % channels);
        const samples = Int16Array.from(values.slice(0, whole));
        const wav = parseWav(encodeWav(samples, { sampleRateHz, channels }));
        t.same(wav, { sampleRateHz, channels, samples });
      },
    ),
    { numRuns: 50 },
  );
  t.end();
});

t.test('a recording cut by a crash is read as far as it goes', (t) => {
  const samples = Int16Array.from([1, -1, 2, -2, 3, -3]);
  const data = Buffer.from(samples.buffer);
  const header = wavHeader({ sampleRateHz: 8000, channels: 2, dataBytes: 0 });
  t.same(parseWav(Buffer.concat([header, data])).samples, samples, 'length never written');
  const promised = wavHeader({ sampleRateHz: 8000, channels: 2, dataBytes: 4000 });
  t.same(
    parseWav(Buffer.concat([promised, data.subarray(0, 11)])).samples,
    samples.subarray(0, 4),
    'half a sample',
  );
  t.end();
});

t.test('reads A-law, mu-law and 8-bit PCM, past chunks it does not know', (t) => {
  const samples = Int16Array.from([0, 1000, -1000, 30000, -30000]);
  const bytes = new Uint8Array(5);
  encodePcma(samples, bytes);
  const wav = parseWav(build(6, 8, bytes));
  t.equal(wav.sampleRateHz, 8000);
  for (let i = 0; i < 5; i++) {
    const difference = Math.abs((wav.samples[i] as number) - (samples[i] as number));
    t.ok(difference <= Math.max(8, Math.abs(samples[i] as number) / 16), `sample ${i} is near`);
  }
  t.same(parseWav(build(7, 8, Uint8Array.of(0xff, 0x00))).samples, Int16Array.of(0, -32124));
  t.same(parseWav(build(1, 8, Uint8Array.of(0, 128, 255))).samples, Int16Array.of(-32768, 0, 32512));
  t.end();
});

t.test('what is no WAV, or one that we cannot read, is named as such', (t) => {
  t.throws(() => parseWav(Buffer.from('ID3 something')), { code: 'AUDIO_NOT_WAV' });
  t.throws(() => parseWav(new Uint8Array(0)), { code: 'AUDIO_NOT_WAV' });
  t.throws(() => parseWav(Buffer.from('RIFF\0\0\0\0WAVE')), { code: 'AUDIO_NOT_WAV' });
  t.throws(() => parseWav(build(3, 32, new Uint8Array(8))), { code: 'AUDIO_UNSUPPORTED_WAV' });
  t.throws(() => parseWav(build(1, 24, new Uint8Array(8))), { code: 'AUDIO_UNSUPPORTED_WAV' });
  t.end();
});

t.test('no bytes make it throw anything but its own errors', (t) => {
  const good = Buffer.from(encodeWav(Int16Array.of(1, 2, 3, 4), { sampleRateHz: 8000 }));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }),
      fc.nat(good.length),
      (changes, length) => {
        const bytes = Buffer.from(good.subarray(0, length));
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        try {
          parseWav(bytes);
        } catch (error) {
          t.match((error as { code: string }).code, /^AUDIO_/);
        }
      },
    ),
    { numRuns: 500 },
  );
  t.end();
});

/** A mono file at 8 kHz with an odd-sized foreign chunk before the data. */
function build(code: number, bits: number, data: Uint8Array): Buffer {
  const head = Buffer.from(wavHeader({ sampleRateHz: 8000, channels: 1, dataBytes: 0 }));
  head.writeUInt16LE(code, 20);
  head.writeUInt16LE(bits, 34);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(data.length);
  return Buffer.concat([
    head.subarray(0, 36),
    Buffer.from('LIST\x03\0\0\0abc\0', 'latin1'),
    Buffer.from('data'),
    size,
    data,
  ]);
}
