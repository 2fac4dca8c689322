/** A stretch of this length decides whether there is a pause between words, samples at 8 kHz (20 ms). */
const windowSamples = 160;
/** Looked for a pause so far before the place of the cut, and not nearer than {@link nearestMs}: a long word's length. */
const farthestMs = 900;
/** The word that was cut is said whole: its last 100 ms at least are said again. */
const nearestMs = 100;
/** A stretch so far below the loudest around it is a pause between words, as a ratio of energies (22 dB). */
const pauseRatio = 10 ** (-22 / 10);
/** Who heard less than this hears it from the beginning. */
const leastHeardMs = 300;

/** How far back {@link resumePoint} may look, ms. */
export const resumeReachMs = farthestMs;

/**
 * Where to go on with a sentence that was cut: the end of the last pause between words a little before what was heard,
 * or, if it flowed, the quietest place. `samples` are mono at `sampleRateHz`, `heard` counts from their beginning.
 */
export function resumePoint(samples: Int16Array, heard: number, sampleRateHz = 8000): number {
  const perMs = sampleRateHz / 1000;
  const window = Math.round((windowSamples * sampleRateHz) / 8000);
  const upTo = Math.min(heard, samples.length) - nearestMs * perMs;
  if (heard < leastHeardMs * perMs) return 0;
  const from = Math.max(0, upTo - (farthestMs - nearestMs) * perMs);
  const energies: number[] = [];
  for (let at = from; at + window <= upTo; at += window) energies.push(energyOf(samples, at, window));
  if (energies.length === 0) return 0;
  const loudest = Math.max(...energies);
  const pause = energies.findLastIndex((energy) => energy <= loudest * pauseRatio);
  const chosen = pause >= 0 ? pause : energies.indexOf(Math.min(...energies));
  return Math.round(from + (chosen + (pause >= 0 ? 1 : 0.5)) * window);
}

function energyOf(samples: Int16Array, at: number, length: number): number {
  let sum = 0;
  for (let n = at; n < at + length; n++) sum += (samples[n] as number) ** 2;
  return sum;
}
