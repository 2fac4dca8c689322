import { goertzel } from '../../src/audio/goertzel.js';
import { fromDb, peak } from '../../src/audio/pcm.js';
import { AUDIBLE_PEAK } from '../../src/caller/speech-meter.js';
import { markDb, markHz, promptNames, softMarkLevelDb } from './turn-set.js';

/** What one packet of the bot's is. */
export interface Heard {
  /** Whose mark it carries; undefined: none, the bot is silent. */
  readonly prompt: string | undefined;
  readonly peak: number;
  readonly isAudible: boolean;
}

interface Mark {
  readonly prompt: string;
  readonly hz: number;
  /** A mark's amplitude, squared: half of it is enough, twice as much is no mark but a voice. */
  readonly square: number;
}

const marks: readonly Mark[] = promptNames.map((prompt) => {
  const amplitude = 32768 * Math.SQRT2 * fromDb(markDb(prompt));
  return { prompt, hz: markHz(prompt), square: amplitude ** 2 };
});
const loud = marks.filter(({ prompt }) => markDb(prompt) > softMarkLevelDb);
/** Asked for last: a loud mark leaks as much into its place. */
const soft = marks.filter(({ prompt }) => markDb(prompt) === softMarkLevelDb);
/** Half way to the next mark, where a packet of a tone has next to nothing. */
const besideHz = 55;
/** Below this nothing is marked. */
const leastPeak = 40;

/** Tells by its energy at a few frequencies which prompt a packet of 20 ms at 8 kHz belongs to. Pure. */
export function hearPacket(samples: Int16Array): Heard {
  const top = peak(samples);
  const prompt = top < leastPeak ? undefined : (strongest(samples, loud) ?? strongest(samples, soft));
  return { prompt, peak: top, isAudible: top >= AUDIBLE_PEAK };
}

function strongest(samples: Int16Array, among: readonly Mark[]): string | undefined {
  let found: string | undefined;
  let most = 1 / 4;
  for (const { prompt, hz, square } of among) {
    const share = goertzel(samples, hz, 8000) / square;
    if (share <= most || share > 4) continue;
    // A tone leaves its neighbourhood empty, a voice that happens to be there does not; a soft one drowns in the codec's noise.
    const beside = goertzel(samples, hz - besideHz, 8000) + goertzel(samples, hz + besideHz, 8000);
    if (among === loud && beside > (share * square) / 4) continue;
    most = share;
    found = prompt;
  }
  return found;
}
