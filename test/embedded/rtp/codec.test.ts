import { execFileSync } from 'node:child_process';
import t from 'tap';
import fc from 'fast-check';
import {
  AUDIO_CODECS,
  codecsNamed,
  CODEC_FACTS,
  MAX_PACKET_SAMPLES,
  type AudioCodec,
} from '../../../src/embedded/rtp/codec.js';
import { openDecoder, openEncoder } from '../../../src/embedded/rtp/codecs/open-codec.js';
import { OpusDecoder, OpusEncoder } from '../../../src/embedded/rtp/codecs/opus-codec.js';
import { sweep } from '../../bench/quality.js';
import { compareSounds } from '../../bench/quality-figures.js';

/** One second of a tone, 10 dB below full scale. */
const tone = Int16Array.from({ length: 8000 }, (_, i) => 10_000 * Math.sin((2 * Math.PI * 500 * i) / 8000));

function packets(codec: AudioCodec, samples: Int16Array = tone): Uint8Array[] {
  const encoder = openEncoder(codec);
  const made: Uint8Array[] = [];
  for (let at = 0; at < samples.length; at += 160) {
    const bytes = new Uint8Array(20 + encoder.maxBytes(160));
    const length = encoder.encode(samples.subarray(at, at + 160), bytes, 20);
    made.push(bytes.slice(20, 20 + length));
  }
  encoder.close();
  return made;
}

function decodeAll(decoder: ReturnType<typeof openDecoder>, all: readonly Uint8Array[]): Int16Array {
  const whole: number[] = [];
  const into = new Int16Array(MAX_PACKET_SAMPLES);
  for (const bytes of all) {
    const length = decoder.decode(bytes, 0, bytes.length, into);
    whole.push(...into.subarray(0, Math.max(0, length)));
  }
  return Int16Array.from(whole);
}

t.test('each codec gives back what went in, sample for sample as many, within its bounds', (t) => {
  const cases: [AudioCodec, number, number][] = [
    ['PCMU', 160, 35],
    ['PCMA', 160, 35],
    ['G722', 160, 33],
    ['opus', 120, 13],
    ['L16/8000', 320, 50],
    ['L16/16000', 640, 49],
  ];
  for (const [codec, mostBytes, leastDb] of cases) {
    const made = packets(codec);
    for (const { length } of made) t.ok(length > 0 && length <= mostBytes, `${codec}: ${length} bytes`);
    const decoder = openDecoder(codec);
    const decoded = decodeAll(decoder, made);
    decoder.close();
    t.equal(decoded.length, tone.length, codec);
    const { segmentalSnrDb } = compareSounds(tone, decoded, 8000, [300, 3400]);
    t.ok(segmentalSnrDb >= leastDb, `${codec}: ${segmentalSnrDb} dB`);
  }
  t.end();
});

t.test('L16 is in network byte order', (t) => {
  const [bytes] = packets(
    'L16/8000',
    Int16Array.from({ length: 160 }, (_, i) => i * 0x0101 - 0x4000),
  );
  t.same([...(bytes ?? []).slice(0, 4)], [0xc0, 0x00, 0xc1, 0x01]);
  t.end();
});

t.test('a decoder that is told of a new stream decodes as a new one does', (t) => {
  const other = packets('PCMU').map((bytes) => bytes.map((byte) => byte ^ 0x5a));
  for (const codec of AUDIO_CODECS) {
    const made = packets(codec);
    const [fresh, used] = [openDecoder(codec), openDecoder(codec)];
    const noise =
      codec === 'opus'
        ? packets(
            'opus',
            tone.map((sample) => sample >> 3),
          )
        : other;
    decodeAll(used, noise);
    used.reset();
    t.same(decodeAll(used, made), decodeAll(fresh, made), codec);
    fresh.close();
    used.close();
  }
  t.end();
});

t.test('packets of other lengths than 20 ms are decoded whole', (t) => {
  const into = new Int16Array(MAX_PACKET_SAMPLES);
  for (const [codec, bytesPerMs] of [
    ['PCMU', 8],
    ['G722', 8],
    ['L16/8000', 16],
    ['L16/16000', 32],
  ] as const) {
    const decoder = openDecoder(codec);
    for (const ms of [10, 30, 60, 200]) {
      t.equal(decoder.decode(new Uint8Array(ms * bytesPerMs), 0, ms * bytesPerMs, into), 8 * ms);
    }
    t.equal(decoder.decode(new Uint8Array(8000), 0, 201 * bytesPerMs, into), -1, 'none is longer');
    t.equal(decoder.decode(new Uint8Array(8), 0, 0, into), 0, 'nothing is nothing');
  }
  const decoder = openDecoder('opus');
  const encoder = openEncoder('opus');
  const bytes = new Uint8Array(encoder.maxBytes(480));
  for (const ms of [10, 20, 40, 60]) {
    const length = encoder.encode(tone.subarray(0, 8 * ms), bytes, 0);
    t.equal(decoder.decode(bytes, 0, length, into), 8 * ms, `opus ${ms} ms`);
  }
  t.equal(encoder.encode(tone.subarray(0, 8 * 30), bytes, 0), 0, 'opus has no frame of 30 ms');
  encoder.close();
  decoder.close();
  t.end();
});

t.test('whatever bytes come, nothing is thrown and no more is decoded than there is room for', (t) => {
  const into = new Int16Array(MAX_PACKET_SAMPLES);
  const decoders = AUDIO_CODECS.map(openDecoder);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(20), (bytes, start) => {
      for (const decoder of decoders) {
        const length = decoder.decode(bytes, Math.min(start, bytes.length), bytes.length, into);
        t.ok(length >= -1 && length <= MAX_PACKET_SAMPLES);
      }
    }),
    { numRuns: 200 },
  );
  for (const decoder of decoders) decoder.close();
  t.end();
});

t.test('Opus keeps to the bit rate that the other side names', (t) => {
  const bytesOf = (encoder: OpusEncoder): number[] => {
    const into = new Uint8Array(encoder.maxBytes());
    const lengths: number[] = [];
    for (let at = 0; at < tone.length; at += 160) {
      lengths.push(encoder.encode(tone.subarray(at, at + 160), into, 0));
    }
    encoder.close();
    return lengths;
  };
  const sum = (lengths: number[]): number => lengths.reduce((total, length) => total + length, 0);
  const constant = bytesOf(new OpusEncoder({ maxBitRate: 8000, isConstantRate: true }));
  t.equal(new Set(constant).size, 1, 'cbr=1: every packet is as long');
  t.equal(constant[0], 20, '8 kbit/s in 20 ms');
  t.ok(sum(bytesOf(new OpusEncoder())) > 1.5 * sum(constant));
  t.end();
});

t.test(
  'Opus goes on after a loss that it was told of nearer to the sound than after one that it was not',
  (t) => {
    // A tone that rises: one that stays goes on by itself.
    const all = packets('opus', sweep(300, 3400, 1, 8000));
    const noiseAfter = (isTold: boolean): number => {
      const [whole, lossy] = [new OpusDecoder(), new OpusDecoder()];
      const [one, other] = [new Int16Array(MAX_PACKET_SAMPLES), new Int16Array(MAX_PACKET_SAMPLES)];
      let noise = 0;
      for (const [index, bytes] of all.entries()) {
        whole.decode(bytes, 0, bytes.length, one);
        if (index % 10 === 7) {
          if (isTold) lossy.lose(160);
          continue;
        }
        lossy.decode(bytes, 0, bytes.length, other);
        if (index % 10 !== 8) continue;
        for (let i = 0; i < 160; i++) noise += ((one[i] as number) - (other[i] as number)) ** 2;
      }
      whole.close();
      lossy.close();
      return noise;
    };
    t.ok(noiseAfter(true) < noiseAfter(false) / 2, `${noiseAfter(true)} ${noiseAfter(false)}`);
    t.end();
  },
);

t.test('many coders at once do not disturb each other, while their memory grows', (t) => {
  const alone = packets('opus');
  const encoders = Array.from({ length: 60 }, () => new OpusEncoder());
  const made = encoders.map(() => [] as Uint8Array[]);
  for (let at = 0; at < 1600; at += 160) {
    for (const [index, encoder] of encoders.entries()) {
      const bytes = new Uint8Array(encoder.maxBytes());
      const length = encoder.encode(tone.subarray(at, at + 160), bytes, 0);
      made[index]?.push(bytes.slice(0, length));
    }
  }
  for (const encoder of encoders) encoder.close();
  for (const each of made) t.same(each, alone.slice(0, 10));
  t.end();
});

t.test('what is closed says so quietly, twice too', (t) => {
  const bytes = new Uint8Array(1500);
  const into = new Int16Array(MAX_PACKET_SAMPLES);
  const [encoder, decoder] = [new OpusEncoder(), new OpusDecoder()];
  for (const coder of [encoder, decoder]) {
    coder.close();
    coder.close();
  }
  t.equal(encoder.encode(tone.subarray(0, 160), bytes, 0), 0);
  t.equal(decoder.decode(bytes, 0, 20, into), -1);
  decoder.reset();
  t.end();
});

t.test('Opus is loaded by the first call that has it, not before', (t) => {
  // In a process of its own, where nothing else has compiled anything.
  const script = `
    let compiled = 0;
    const { Module } = WebAssembly;
    WebAssembly.Module = class extends Module {
      constructor(bytes) {
        super(bytes);
        compiled += 1;
      }
    };
    const dist = ${JSON.stringify(new URL('../../../src/embedded/', import.meta.url).href)};
    const { openEncoder } = await import(dist + 'rtp/codecs/open-codec.js');
    await import(dist + 'freeswitch/freeswitch-server.js');
    openEncoder('G722');
    const before = compiled;
    openEncoder('opus');
    openEncoder('opus');
    console.log(JSON.stringify([before, compiled]));`;
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  t.same(JSON.parse(out), [0, 1]);
  t.end();
});

t.test('clocks, types and rates are the standards’', (t) => {
  t.match(CODEC_FACTS.G722, { clockHz: 8000, samplingHz: 16_000, payloadType: 9, isStatic: true });
  t.match(CODEC_FACTS.opus, { clockHz: 48_000, channels: 2, isStatic: false });
  t.match(CODEC_FACTS['L16/16000'], { name: 'L16', clockHz: 16_000, isStatic: false });
  t.end();
});

t.test('codecs are named as in rtpmap, in any case; L16 is both its rates', (t) => {
  t.same(['pcma', 'OPUS', 'G722', 'L16', 'GSM', ''].map(codecsNamed), [
    ['PCMA'],
    ['opus'],
    ['G722'],
    ['L16/8000', 'L16/16000'],
    [],
    [],
  ]);
  t.end();
});
