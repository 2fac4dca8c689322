import { dtmfFrequenciesHz } from '../../audio/tone.js';
import { clip, fromDb } from '../../audio/pcm.js';
import { SAMPLE_RATE_HZ, type AudioSource } from './audio-source.js';

/** One piece of a tone script: some sines, then silence. */
interface ToneStep {
  readonly onSamples: number;
  readonly offSamples: number;
  readonly frequenciesHz: readonly number[];
  readonly amplitude: number;
}

/** Level of each sine when the script says nothing: what libteletone uses. */
const DEFAULT_LEVEL_DB = -7;
const DTMF_ON_MS = 100;
const DTMF_OFF_MS = 100;
/** A step longer than an hour is a mistake in the script. */
const MAX_STEP_MS = 3_600_000;

/**
 * A TGML script as in `tone_stream://%(200,100,440,480);loops=2`: `%(ON,OFF,F1[,F2...])` steps, keys of the telephone
 * (`1`, `#`: 100 ms on and off), settings `v=-13` (level in dB), `d=`/`w=` (length and pause of keys, ms), `l=` / `loops=`
 * (times the whole is played; -1 endless).
 */
export function parseToneScript(script: string): { steps: ToneStep[]; loops: number } | undefined {
  const steps: ToneStep[] = [];
  let loops = 1;
  let amplitude = levelToAmplitude(DEFAULT_LEVEL_DB);
  let dtmfOnMs = DTMF_ON_MS;
  let dtmfOffMs = DTMF_OFF_MS;
  for (const part of script.split(';')) {
    const setting = /^\s*(loops|[a-zA-Z])\s*=\s*(-?\d+(?:\.\d+)?)\s*$/.exec(part);
    if (setting !== null) {
      const value = Number(setting[2]);
      const name = setting[1] ?? '';
      if (/^(loops|l|L)$/.test(name)) loops = value;
      else if (name === 'v') amplitude = levelToAmplitude(Math.min(0, value));
      else if (name === 'd') dtmfOnMs = clampMs(value);
      else if (name === 'w') dtmfOffMs = clampMs(value);
      continue;
    }
    for (const token of part.match(/%\([^)]*\)|[0-9A-D*#]|[^\s]/g) ?? []) {
      const step = token.startsWith('%')
        ? readStep(token, amplitude)
        : readKey(token, amplitude, dtmfOnMs, dtmfOffMs);
      if (step === undefined) return undefined;
      steps.push(step);
    }
  }
  return steps.length === 0 ? undefined : { steps, loops };
}

/** A tone script as sound. */
export class ToneSource implements AudioSource {
  readonly totalSamples: number | undefined;
  readonly isReadAhead = true;
  readonly nativeRateHz = SAMPLE_RATE_HZ;
  positionSamples = 0;
  #step = 0;
  #inStep = 0;
  #loopsLeft: number;

  constructor(
    private readonly steps: readonly ToneStep[],
    loops: number,
  ) {
    this.#loopsLeft = loops < 0 ? Number.POSITIVE_INFINITY : Math.max(1, loops);
    const once = steps.reduce((sum, step) => sum + step.onSamples + step.offSamples, 0);
    // A script without length would loop forever inside one frame.
    if (once === 0) this.#loopsLeft = 0;
    this.totalSamples = Number.isFinite(this.#loopsLeft) ? once * this.#loopsLeft : undefined;
  }

  read(into: Int16Array): number {
    let filled = 0;
    while (filled < into.length && this.#loopsLeft > 0) {
      const step = this.steps[this.#step] as ToneStep;
      const stepSamples = step.onSamples + step.offSamples;
      const count = Math.min(into.length - filled, stepSamples - this.#inStep);
      for (let i = 0; i < count; i += 1) into[filled + i] = sampleOf(step, this.#inStep + i);
      filled += count;
      this.#inStep += count;
      if (this.#inStep < stepSamples) continue;
      this.#inStep = 0;
      this.#step += 1;
      if (this.#step === this.steps.length) {
        this.#step = 0;
        this.#loopsLeft -= 1;
      }
    }
    this.positionSamples += filled;
    return filled;
  }
}

function sampleOf(step: ToneStep, at: number): number {
  if (at >= step.onSamples) return 0;
  let sum = 0;
  for (const frequencyHz of step.frequenciesHz) {
    sum += Math.sin((2 * Math.PI * frequencyHz * at) / SAMPLE_RATE_HZ) * step.amplitude;
  }
  return clip(Math.round(sum));
}

function readStep(token: string, amplitude: number): ToneStep | undefined {
  const numbers = token
    .slice(2, -1)
    .split(',')
    .map((text) => Number(text.trim()));
  const [onMs, offMs, ...frequenciesHz] = numbers;
  if (onMs === undefined || offMs === undefined || numbers.some(Number.isNaN)) return undefined;
  return { onSamples: toSamples(onMs), offSamples: toSamples(offMs), frequenciesHz, amplitude };
}

function readKey(key: string, amplitude: number, onMs: number, offMs: number): ToneStep | undefined {
  const frequenciesHz = dtmfFrequenciesHz(key);
  if (frequenciesHz === undefined) return undefined;
  return { onSamples: toSamples(onMs), offSamples: toSamples(offMs), frequenciesHz, amplitude };
}

function toSamples(ms: number): number {
  return Math.round((clampMs(ms) * SAMPLE_RATE_HZ) / 1000);
}

function clampMs(ms: number): number {
  return Math.min(MAX_STEP_MS, Math.max(0, ms));
}

function levelToAmplitude(levelDb: number): number {
  return 32767 * fromDb(levelDb) * 0.5;
}
