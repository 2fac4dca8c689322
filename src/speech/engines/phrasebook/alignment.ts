import type { PhoneTiming } from '../../synthesizer.js';
import { loudness, phonePosteriors, type Calibration, type PhoneModel } from './phone-model.js';
import { SoundLevel } from './sound-level.js';

/** A phrase as a row of phones with the number of frames each is expected to last. */
export type Pronunciation = readonly { readonly phone: number; readonly frames: number }[];

/** What was said, ready to be compared with pronunciations. */
export interface Utterance {
  readonly frames: number;
  readonly phones: number;
  /** Log likelihood ratio of each phone to its being there by chance, frames × phones. */
  readonly scores: Float32Array;
  /** The best phone's score per frame: what the best row of phones whatever would get. */
  readonly best: Float32Array;
  /** See {@link runningSums}. */
  readonly sums: Float64Array;
  /** What the network said: probability of each phone, frames × phones. */
  readonly posteriors: Float32Array;
}

/** What an alignment looks at. */
export type Scored = Pick<Utterance, 'frames' | 'phones' | 'scores' | 'best' | 'sums'>;

/** How a pronunciation lies on an utterance: what the verdict is made of. */
export interface Alignment {
  /** Per frame, with the durations' likelihood: ranks phrases against each other. */
  readonly score: number;
  /** See {@link factNames}. */
  readonly facts: readonly number[];
}

/** What is known of an alignment; the order is the calibration's. Ratios are to the best phone of each frame. */
export const factNames = [
  'mean ratio per frame',
  'mean ratio per phone',
  'worst phone',
  'second worst phone',
  'share of phones that are badly missed',
  'spread of durations',
  'distance of the tempo',
  'shortness',
  'worst phone by length',
] as const;

/** Power of a phone's frequency that its posterior is divided by. */
const frequencyPower = 0.6;
const leastFrequency = 2e-3;
/** Added to every posterior: nothing that the network says is impossible. */
const posteriorFloor = 0.01;
/** Log durations are normal with this deviation, and count this much against the sounds. */
const durationDeviation = 0.45;
const durationWeight = 0.7;
/** How much slower or faster than the synthesizer a caller may be. */
const slowest = 3.2;
const fastest = 0.4;
/** A phone with a ratio under this is not what was said. */
const missed = -2.5;
/** Frames of quiet: within this many nepers of energy of the loudest is sound, if the line's noise is no louder. */
const soundWithin = 7;
const silenceLikely = 0.6;
/** An utterance shorter than this, 80 ms, is a click. */
const leastFrames = 8;

/** The engine's phones as the model's; undefined when the model lacks one. Pauses are left out. */
export function pronunciation(model: PhoneModel, timings: readonly PhoneTiming[]): Pronunciation | undefined {
  const result: { phone: number; frames: number }[] = [];
  for (const { phone, durationMs } of timings) {
    const name = phone.replace(/[ˈˌː]/g, '');
    // In brackets: the engine changes to another language's voice.
    if (name === '' || name.startsWith('(')) continue;
    const names = model.aliases[name] ?? partsOf(model, name);
    if (names === undefined) return undefined;
    for (const part of names) {
      const index = model.phones.indexOf(part);
      if (index < 0) return undefined;
      result.push({ phone: index, frames: durationMs / 10 / names.length });
    }
  }
  return result.length === 0 ? undefined : result;
}

/** Each way to say a phrase that this model can hear, once: accents often agree. */
export function pronunciations(
  model: PhoneModel,
  readings: readonly (readonly PhoneTiming[])[],
): readonly Pronunciation[] {
  const byPhones = new Map<string, Pronunciation>();
  for (const reading of readings) {
    const made = pronunciation(model, reading);
    const phones = made?.map(({ phone }) => phone).join();
    if (made !== undefined && phones !== undefined && !byPhones.has(phones)) byPhones.set(phones, made);
  }
  return [...byPhones.values()];
}

/** A phone that was too rare to be learnt, as those that it is made of: `ua` as `u` and `a`, the longest first. */
function partsOf(model: PhoneModel, name: string): readonly string[] | undefined {
  if (model.phones.includes(name)) return [name];
  for (let length = name.length - 1; length > 0; length--) {
    const first = name.slice(0, length);
    if (!model.phones.includes(first)) continue;
    const rest = partsOf(model, name.slice(length));
    if (rest !== undefined) return [first, ...rest];
  }
  return undefined;
}

/** Undefined when nothing was said. */
export function examine(model: PhoneModel, mel: Float32Array): Utterance | undefined {
  const loud = loudness(mel);
  const least = SoundLevel.of(loud).least(soundWithin);
  const faint = (t: number): boolean => (loud[t] as number) < least;
  // Where it is faint before and after is no part of what was said, whatever the network would say of it.
  let first = 0;
  let last = loud.length - 1;
  while (first < last && faint(first)) first++;
  while (last > first && faint(last)) last--;
  first = Math.max(0, first - 1);
  last = Math.min(loud.length - 1, last + 1);
  if (last - first + 1 < leastFrames) return undefined;
  const all = phonePosteriors(model, mel, loud, first, last + 1);
  const phones = model.phones.length;
  const quiet = (t: number): boolean =>
    faint(t) || (all[(t - first) * phones + model.silence] as number) > silenceLikely;
  let from = first;
  let to = last;
  while (from < to && quiet(from)) from++;
  while (to > from && quiet(to)) to--;
  from = Math.max(first, from - 1);
  to = Math.min(last, to + 1);
  const frames = to - from + 1;
  if (frames < leastFrames) return undefined;
  const posteriors = all.subarray((from - first) * phones, (to + 1 - first) * phones);
  const logFrequencies = model.frequencies.map(
    (frequency) => frequencyPower * Math.log(Math.max(frequency, leastFrequency)),
  );
  const scores = new Float32Array(frames * phones);
  const best = new Float32Array(frames).fill(-Infinity);
  for (let t = 0; t < frames; t++) {
    for (let phone = 0; phone < phones; phone++) {
      const posterior = posteriors[t * phones + phone] as number;
      const score = Math.log(posterior + posteriorFloor) - (logFrequencies[phone] as number);
      scores[t * phones + phone] = score;
      if (score > (best[t] as number)) best[t] = score;
    }
  }
  return { frames, phones, scores, best, sums: runningSums(scores, phones), posteriors };
}

/** What each phone's scores come to before each frame, and at the end: phones × (frames + 1). */
export function runningSums(scores: Float32Array, phones: number): Float64Array {
  const frames = scores.length / phones;
  const sums = new Float64Array(phones * (frames + 1));
  for (let phone = 0; phone < phones; phone++) {
    const row = phone * (frames + 1);
    for (let t = 0; t < frames; t++) {
      sums[row + t + 1] = (sums[row + t] as number) + (scores[t * phones + phone] as number);
    }
  }
  return sums;
}

/** How long one phone of a phrase may last in an utterance, and where it may end, in frames. */
interface Span {
  readonly phone: number;
  readonly expected: number;
  readonly shortest: number;
  readonly longest: number;
  /** First and last frame before which it may end, so that the phones before and after it have room. */
  from: number;
  to: number;
}

/**
 * Hot. The likeliest division of the utterance among the phones, each with its duration's likelihood (a segmental Viterbi
 * search). Undefined when the utterance is far too short or long.
 */
export function align(utterance: Scored, phrase: Pronunciation): Alignment | undefined {
  const { frames, sums } = utterance;
  const tempo = frames / phrase.reduce((sum, { frames: unhurried }) => sum + unhurried, 0);
  if (!(tempo > fastest && tempo < slowest)) return undefined;
  const spans = spansOf(phrase, frames, tempo);
  if (spans === undefined) return undefined;
  const width = frames + 1;
  /** Per phone: the best length of it for each end. */
  const lengths = new Uint16Array(spans.length * width);
  const reached = new Float32Array(width);
  /** What is reached before each frame, less the phone's scores up to there. */
  const before = new Float64Array(width);
  const likelihood = new Float64Array(width);
  let earliest = 0;
  let latest = 0;
  for (const [i, { phone, expected, shortest, longest, from, to }] of spans.entries()) {
    const row = phone * width;
    for (let t = earliest; t <= latest; t++) before[t] = (reached[t] as number) - (sums[row + t] as number);
    const expectedLog = Math.log(expected);
    for (let length = shortest; length <= longest; length++) {
      const deviation = (logOf(length) - expectedLog) / durationDeviation;
      likelihood[length] = -0.5 * deviation * deviation * durationWeight;
    }
    for (let end = from; end <= to; end++) {
      let most = -Infinity;
      let best = 0;
      const limit = Math.min(longest, end - earliest);
      for (let length = Math.max(shortest, end - latest); length <= limit; length++) {
        const score = (before[end - length] as number) + (likelihood[length] as number);
        if (score > most) {
          most = score;
          best = length;
        }
      }
      reached[end] = most + (sums[row + end] as number);
      lengths[i * width + end] = best;
    }
    earliest = from;
    latest = to;
  }
  const score = reached[frames] as number;
  return { score: score / frames, facts: factsOf(utterance, spans, lengths, tempo) };
}

/** Undefined when the phones cannot fill the utterance, or have no room in it. */
function spansOf(phrase: Pronunciation, frames: number, tempo: number): Span[] | undefined {
  let least = 0;
  let most = 0;
  const spans = phrase.map(({ phone, frames: unhurried }): Span => {
    const expected = Math.max(2.5, unhurried * tempo);
    const shortest = Math.max(2, Math.floor(expected * 0.3));
    const longest = Math.min(frames, Math.ceil(expected * 3 + 3));
    least += shortest;
    most += longest;
    return { phone, expected, shortest, longest, from: least, to: most };
  });
  if (least > frames || most < frames) return undefined;
  for (const span of spans) {
    const leastAfter = least - span.from;
    const mostAfter = most - span.to;
    span.from = Math.max(span.from, frames - mostAfter);
    span.to = Math.min(span.to, frames - leastAfter);
  }
  return spans;
}

const logs: number[] = [];

/** The natural logarithm of a number of frames. */
function logOf(frames: number): number {
  while (logs.length <= frames) logs.push(Math.log(logs.length));
  return logs[frames] as number;
}

function factsOf(utterance: Scored, spans: readonly Span[], lengths: Uint16Array, tempo: number): number[] {
  const { frames, phones, scores, best } = utterance;
  const count = spans.length;
  const ratios: number[] = [];
  let end = frames;
  let total = 0;
  let spread = 0;
  for (let i = count - 1; i >= 0; i--) {
    const { phone, expected } = spans[i] as Span;
    const length = lengths[i * (frames + 1) + end] as number;
    let ratio = 0;
    for (let t = end - length; t < end; t++) {
      ratio += (scores[t * phones + phone] as number) - (best[t] as number);
    }
    total += ratio;
    ratios.push(ratio / length);
    spread += Math.log(length / expected) ** 2;
    end -= length;
  }
  ratios.sort((a, b) => a - b);
  const worst = ratios[0] as number;
  return [
    total / frames,
    ratios.reduce((sum, ratio) => sum + ratio, 0) / count,
    worst,
    ratios[Math.min(1, count - 1)] as number,
    ratios.filter((ratio) => ratio < missed).length / count,
    spread / count,
    Math.abs(Math.log(tempo)),
    1 / count,
    worst / Math.sqrt(count),
  ];
}

/** 0 to 1: how sure it is that the phrase was said. */
export function confidenceOf({ calibration }: PhoneModel, { facts }: Alignment): number {
  return calibratedConfidence(calibration, facts);
}

/** 0 to 1, by a logistic regression on the facts. */
export function calibratedConfidence(calibration: Calibration, facts: readonly number[]): number {
  const { weights, means, scales, bias } = calibration;
  let sum = bias;
  facts.forEach((fact, i) => {
    sum += ((weights[i] as number) * (fact - (means[i] as number))) / (scales[i] as number);
  });
  return 1 / (1 + Math.exp(-sum));
}
