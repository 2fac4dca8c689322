import { clip, fromDb } from './pcm.js';

/** A steady sound of one or more sines. */
export interface ToneOptions {
  readonly frequenciesHz: readonly number[];
  readonly durationMs: number;
  readonly sampleRateHz: number;
  /** Level of each sine as a peak below full scale; default -12 dB, so that two of them do not clip. */
  readonly levelDb?: number;
  /** Length of the fade at both ends, against clicks; default 5 ms. */
  readonly fadeMs?: number;
}

/** Sum of sines with phase 0 at the first sample. */
export function tone(options: ToneOptions): Int16Array {
  const { frequenciesHz, durationMs, sampleRateHz, levelDb = -12, fadeMs = 5 } = options;
  const samples = new Int16Array(Math.round((durationMs * sampleRateHz) / 1000));
  const amplitude = 32767 * fromDb(levelDb);
  for (let i = 0; i < samples.length; i++) {
    let sum = 0;
    for (const hz of frequenciesHz) sum += Math.sin((2 * Math.PI * hz * i) / sampleRateHz);
    samples[i] = clip(Math.round(amplitude * sum));
  }
  fadeIn(samples, Math.round((fadeMs * sampleRateHz) / 1000));
  fadeOut(samples, Math.round((fadeMs * sampleRateHz) / 1000));
  return samples;
}

/** Raises the first `lengthSamples` from silence, in place, along a straight line. */
export function fadeIn(samples: Int16Array, lengthSamples: number): void {
  const length = Math.min(lengthSamples, samples.length);
  for (let i = 0; i < length; i++) samples[i] = Math.round(((samples[i] as number) * i) / length);
}

/** Lowers the last `lengthSamples` to silence, in place, along a straight line. */
export function fadeOut(samples: Int16Array, lengthSamples: number): void {
  const length = Math.min(lengthSamples, samples.length);
  for (let i = 0; i < length; i++) {
    const at = samples.length - 1 - i;
    samples[at] = Math.round(((samples[at] as number) * i) / length);
  }
}

const ROWS_HZ = [697, 770, 852, 941];
const COLUMNS_HZ = [1209, 1336, 1477, 1633];
const KEYPAD = '123A456B789C*0#D';

/** Row and column frequency of a key (ITU-T Q.23); undefined for what is no key. */
export function dtmfFrequenciesHz(digit: string): readonly [number, number] | undefined {
  const at = digit.length === 1 ? KEYPAD.indexOf(digit.toUpperCase()) : -1;
  const row = ROWS_HZ[Math.floor(at / 4)];
  const column = COLUMNS_HZ[at % 4];
  return at < 0 || row === undefined || column === undefined ? undefined : [row, column];
}
