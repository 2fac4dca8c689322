import { align, calibratedConfidence, examine, factNames, runningSums, type Utterance } from './alignment.js';
import type { Calibration, PhoneModel } from './phone-model.js';
import type { SoundRefusal } from './protocol.js';

/** One sound of a template: for how long, and how likely each phone of the model is in it. */
interface Unit {
  readonly frames: number;
  readonly phones: readonly number[];
  readonly weights: readonly number[];
}

/**
 * A phrase as one caller said it, whatever language that was: a row of sounds as the network heard them. Where the
 * network is unsure between phones the template stays unsure, so that another caller with the same sounds fits.
 */
export interface SoundTemplate {
  readonly units: readonly Unit[];
  /** Score of the recording itself: how distinct its sounds are. */
  readonly ownScore: number;
}

/** What of a comparison counts, in the calibration's order. */
export const soundFactNames = ['score', 'score against its own', ...factNames.slice(0, 8)] as const;

/** What a change of phone costs, in log likelihood; from 2 to 3 is the best on drawn voices, 9 finds 2 % less. */
const changeCost = 2;
const leastUnitFrames = 3;
const longestUnitFrames = 40;
/** A phone less likely than this in a sound is not in it. */
const leastWeight = 0.005;
/** Fewer sounds, or shorter than 300 ms: half of what callers say would fit. */
const leastUnits = 4;
const leastFrames = 30;
/** A menu's wording, not a story: 6 s. */
const mostFrames = 600;

/** Cuts a recording into its sounds. */
export function soundTemplate(model: PhoneModel, mel: Float32Array): SoundTemplate | SoundRefusal {
  const utterance = examine(model, mel);
  if (utterance === undefined || utterance.frames < leastFrames) return 'short';
  if (utterance.frames > mostFrames) return 'long';
  const units = soundsOf(utterance)
    .filter(({ phone }) => phone !== model.silence)
    .map(({ from, to }) => unitOf(utterance, from, to));
  if (units.length < leastUnits) return 'short';
  const own = compare(heardSound(utterance), { units, ownScore: 0 });
  return own === undefined ? 'short' : { units, ownScore: own[0] as number };
}

/** An utterance ready to be compared with templates. */
export interface HeardSound {
  readonly utterance: Utterance;
  /** Exponentials of its scores. */
  readonly likelihoods: Float32Array;
}

export function heardSound(utterance: Utterance): HeardSound {
  return { utterance, likelihoods: utterance.scores.map((score) => Math.exp(score)) };
}

/** Hot: for each template of a listening. {@link soundFactNames}; undefined when it is far too short or long. */
export function compare(heard: HeardSound, { units, ownScore }: SoundTemplate): number[] | undefined {
  const { utterance, likelihoods } = heard;
  const { frames, phones, best } = utterance;
  const count = units.length;
  const scores = new Float32Array(frames * count);
  for (let i = 0; i < count; i++) {
    const { phones: likely, weights } = units[i] as Unit;
    for (let t = 0; t < frames; t++) {
      let sum = 0;
      for (let k = 0; k < likely.length; k++) {
        sum += (weights[k] as number) * (likelihoods[t * phones + (likely[k] as number)] as number);
      }
      scores[t * count + i] = Math.log(sum);
    }
  }
  const alignment = align(
    { frames, phones: count, scores, best, sums: runningSums(scores, count) },
    units.map((unit, phone) => ({ phone, frames: unit.frames })),
  );
  if (alignment === undefined) return undefined;
  return [alignment.score, alignment.score - ownScore, ...alignment.facts.slice(0, 8)];
}

/** 0 to 1: how sure it is that the template's words were said; from 0.5 on they count as said. */
export const soundConfidence: (calibration: Calibration, facts: readonly number[]) => number =
  calibratedConfidence;

interface Sound {
  readonly phone: number;
  readonly from: number;
  readonly to: number;
}

/** The likeliest row of phones, whatever they are (a segmental Viterbi search over a loop of phones). */
function soundsOf({ frames, phones, sums }: Utterance): Sound[] {
  const row = frames + 1;
  const reached = new Float64Array(frames + 1).fill(-Infinity);
  reached[0] = 0;
  const phoneAt = new Uint16Array(frames + 1);
  const lengthAt = new Uint16Array(frames + 1);
  for (let end = leastUnitFrames; end <= frames; end++) {
    for (let length = leastUnitFrames; length <= Math.min(longestUnitFrames, end); length++) {
      const before = (reached[end - length] as number) - changeCost;
      if (before === -Infinity) continue;
      for (let p = 0; p < phones; p++) {
        const score = before + (sums[p * row + end] as number) - (sums[p * row + end - length] as number);
        if (score <= (reached[end] as number)) continue;
        reached[end] = score;
        phoneAt[end] = p;
        lengthAt[end] = length;
      }
    }
  }
  const sounds: Sound[] = [];
  for (let end = frames; end > 0; end -= lengthAt[end] as number) {
    sounds.unshift({ phone: phoneAt[end] as number, from: end - (lengthAt[end] as number), to: end });
  }
  return sounds;
}

/** The mean of what the network said of a sound's frames. */
function unitOf({ phones, posteriors }: Utterance, from: number, to: number): Unit {
  const means = new Float64Array(phones);
  for (let t = from; t < to; t++) {
    for (let p = 0; p < phones; p++) {
      means[p] = (means[p] as number) + (posteriors[t * phones + p] as number) / (to - from);
    }
  }
  const likely = [...means.keys()].filter((p) => (means[p] as number) >= leastWeight);
  return { frames: to - from, phones: likely, weights: likely.map((p) => means[p] as number) };
}
