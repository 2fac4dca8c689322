/** Sounds of which every sample is known, for the tests of the ledger. 8 kHz, lengths in ms. */
import { concatSamples } from '../../src/audio/pcm.js';

export function silence(ms: number): Int16Array {
  return new Int16Array(ms * 8);
}

/** 1 kHz, its root mean square in dB of full scale. */
export function tone(ms: number, db = -15): Int16Array {
  const amplitude = 32768 * Math.SQRT2 * 10 ** (db / 20);
  return Int16Array.from({ length: ms * 8 }, (_, i) =>
    Math.round(amplitude * Math.sin(((i + 0.5) * Math.PI) / 4)),
  );
}

/** The same noise at each run. */
export function noise(ms: number, db: number): Int16Array {
  const amplitude = 32768 * Math.sqrt(3) * 10 ** (db / 20);
  let state = 12_345;
  return Int16Array.from({ length: ms * 8 }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.round(amplitude * ((2 * state) / 2 ** 32 - 1));
  });
}

export function sound(...parts: Int16Array[]): Int16Array {
  return concatSamples(parts);
}
