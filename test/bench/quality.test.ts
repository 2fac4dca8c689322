import t from 'tap';
import { AUDIO_CODECS, type AudioDecoder } from '../../src/embedded/rtp/codec.js';
import { openDecoder } from '../../src/embedded/rtp/codecs/open-codec.js';
import {
  close,
  FLOORS,
  isTooLow,
  measure,
  openLeg,
  run,
  sweep,
  type Leg,
  type QualityRow,
} from './quality.js';
import { compareSounds } from './quality-figures.js';

const tone = sweep(300, 3400, 1, 8000);

function figures(legs: readonly Leg[], lossPercent = 0): QualityRow {
  const row = measure('sweep', tone, '', legs, lossPercent);
  for (const leg of legs) close(leg);
  return row;
}

t.test('the same sound has the highest figure, wherever it begins', (t) => {
  const late = new Int16Array(tone.length + 123);
  late.set(tone, 123);
  t.same(compareSounds(tone, late, 8000, [300, 3400]), {
    delaySamples: 123,
    segmentalSnrDb: 50,
    logSpectralDistanceDb: 0,
  });
  t.end();
});

t.test('noise of a known level is measured at that level', (t) => {
  let state = 1;
  const noisy = tone.map((sample) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    // Even between -200 and 200: an rms of 115.5 against the tone's 5657, which is 33.8 dB.
    return sample + Math.round((state / 2 ** 32 - 0.5) * 400);
  });
  const { segmentalSnrDb } = compareSounds(tone, noisy, 8000, [300, 3400]);
  t.ok(Math.abs(segmentalSnrDb - 33.8) < 0.5, `${segmentalSnrDb} dB`);
  t.end();
});

t.test('every codec keeps its quality, and loss costs some of it', (t) => {
  for (const codec of AUDIO_CODECS) {
    const { segmentalSnrDb } = figures([openLeg(codec)]);
    const [whole, lossy = -Infinity] = FLOORS[codec];
    t.ok(segmentalSnrDb >= whole, `${codec}: ${segmentalSnrDb} dB`);
    const withLoss = figures([openLeg(codec)], 5).segmentalSnrDb;
    t.ok(withLoss < segmentalSnrDb - 1, `${codec} with loss: ${withLoss} dB`);
    t.ok(withLoss >= lossy, `${codec} with loss: ${withLoss} dB`);
  }
  t.end();
});

/** A decoder that gets payloads with a fault in them. */
function faulty(decoder: AudioDecoder, fault: (byte: number) => number): AudioDecoder {
  return {
    codec: decoder.codec,
    decode: (bytes, start, end, into) => decoder.decode(bytes.map(fault), start, end, into),
    reset: () => decoder.reset(),
    close: () => decoder.close(),
  };
}

t.test('a fault that is planted shows: swapped nibbles, the wrong law, bytes in the wrong order', (t) => {
  const swapped = (byte: number): number => ((byte << 4) | (byte >> 4)) & 0xff;
  for (const codec of ['PCMU', 'PCMA', 'G722'] as const) {
    const leg = openLeg(codec);
    const row = figures([{ encoder: leg.encoder, decoder: faulty(leg.decoder, swapped) }]);
    t.ok(row.segmentalSnrDb < 3, `${codec}: ${row.segmentalSnrDb} dB`);
    t.ok(row.logSpectralDistanceDb > 5, `${codec}: ${row.logSpectralDistanceDb} dB apart`);
  }
  for (const [sent, read] of [
    ['PCMU', 'PCMA'],
    ['PCMA', 'PCMU'],
  ] as const) {
    const row = figures([{ encoder: openLeg(sent).encoder, decoder: openDecoder(read) }]);
    t.ok(row.segmentalSnrDb < 3, `${sent} read as ${read}: ${row.segmentalSnrDb} dB`);
  }
  // One bit less of G.722's lower band is no disaster to the ear, and yet a figure.
  const whole = figures([openLeg('G722')]).segmentalSnrDb;
  const leg = openLeg('G722');
  const coarse = figures([{ encoder: leg.encoder, decoder: faulty(leg.decoder, (byte) => byte & 0xfe) }]);
  t.ok(coarse.segmentalSnrDb < whole - 3, `${coarse.segmentalSnrDb} dB`);
  t.end();
});

t.test('a codec below its floor is told, what has no floor is not judged', (t) => {
  const row = { sound: 'sweep', path: 'G722', lossPercent: 0, logSpectralDistanceDb: 1, delayMs: 0 } as const;
  t.equal(isTooLow({ ...row, segmentalSnrDb: 44 }), true);
  t.equal(isTooLow({ ...row, segmentalSnrDb: 46 }), false);
  t.equal(isTooLow({ ...row, segmentalSnrDb: 37, lossPercent: 5 }), false, 'with loss another floor holds');
  t.equal(isTooLow({ ...row, segmentalSnrDb: 35, lossPercent: 5 }), true);
  t.equal(isTooLow({ ...row, segmentalSnrDb: 1, lossPercent: 10 }), false);
  t.equal(isTooLow({ ...row, segmentalSnrDb: 1, path: 'PCMU>opus' }), false);
  t.equal(isTooLow({ ...row, segmentalSnrDb: 1, sound: 'speech' }), false);
  t.end();
});

t.test('the short form measures each codec, pairs with PCMU, and the wide band', async (t) => {
  const { rows } = (await run(['--short', '--json', '--seconds', '0.5'])) as { rows: QualityRow[] };
  const sweeps = rows.filter(({ sound }) => sound === 'sweep');
  t.equal(sweeps.length, 2 * (6 + 10));
  t.ok(rows.some(({ sound, path }) => sound === 'wide-sweep' && path === 'G722'));
  for (const row of rows) t.ok(Number.isFinite(row.segmentalSnrDb), JSON.stringify(row));
});
