import { goertzel } from './goertzel.js';
import { dtmfFrequenciesHz } from './tone.js';

const rowsHz = ['1', '4', '7', '*'].map((key) => dtmfFrequenciesHz(key)?.[0] ?? 0);
const columnsHz = ['1', '2', '3', 'A'].map((key) => dtmfFrequenciesHz(key)?.[1] ?? 0);
/** Of the frame's energy in the two tones of a key: a voice has overtones besides. */
const leastShare = 0.7;

/**
 * Hot: eight filters. Whether a frame at 8 kHz is a key pressed (ITU-T Q.23), at a glance: which key, and whether it is
 * one at all, is DtmfDetector's to tell.
 */
export function isKeyTone(samples: Int16Array, meanSquare: number): boolean {
  return (strongest(samples, rowsHz) + strongest(samples, columnsHz)) / 2 > leastShare * meanSquare;
}

function strongest(samples: Int16Array, frequenciesHz: readonly number[]): number {
  let most = 0;
  for (const hz of frequenciesHz) most = Math.max(most, goertzel(samples, hz, 8000));
  return most;
}
