import type { ClauseCutter, Cut } from './clauses.js';
import { noIntent } from './intent-examples.js';
import type { IntentFeatures } from './intent-features.js';
import type { IntentChance, IntentModel } from './intent-model.js';

/** What answers a question, and asks for nothing. */
export const answerIntents: ReadonlySet<string> = new Set(['yes', 'no', 'dont-know', 'repeat']);

/** What one sentence, or part of one, is read as. */
export interface Reading {
  readonly canonical: string;
  readonly raw: string;
  /** Places of `raw`, from and to, that hold one word each. */
  readonly words: readonly (readonly [number, number])[];
}

/** How much each sign counts for two wishes at a place, against one in the whole sentence. */
interface Weights {
  readonly bias: number;
  /** Of the likelier wish of each part there, the natural logarithm of its chance. */
  readonly firstChance: number;
  readonly secondChance: number;
  /** Of each part's wish in the other part, its chance. */
  readonly secondInFirst: number;
  readonly firstInSecond: number;
  /** Of the less likely of both wishes in the whole sentence, the natural logarithm. */
  readonly wholeChance: number;
  readonly joined: number;
  /** Of the joining word, 0 to 1: what is rare in sentences of one wish tells more. */
  readonly joinerRarity: number;
  readonly paused: number;
  /** One of the wishes is mostly the story around the other. */
  readonly oneStory: number;
  /** Of how the second part begins, 0 to 1. */
  readonly startRarity: number;
  /** Of what ends and begins at the place running on, 0 to 1. */
  readonly throughRarity: number;
  readonly shortPart: number;
  /** Of the sentence's characters, the natural logarithm; alphabets count a fourth. */
  readonly length: number;
}

/**
 * Logistic regressions, fitted with models that had not seen the sentences: to a fifth of the examples, one by one, in pairs of two
 * wishes and in pairs of one, with and without a joining word or pause, to the tuned set, and to 170 stories of one wish. At
 * {@link leastOdds} 1 in 150 of the examples is parted, 1 in 25 of the pairs that are one wish (of alphabets, with fewer examples,
 * 1 in 15), and 84 (58) in 100 of the pairs that are two are found.
 */
const siniticWeights: Weights = {
  bias: -1.73,
  firstChance: 2.2,
  secondChance: 2.52,
  secondInFirst: -1.13,
  firstInSecond: -4.44,
  wholeChance: 1.27,
  joined: 1.74,
  joinerRarity: 2.53,
  paused: 1.06,
  oneStory: -1.27,
  startRarity: 0.85,
  throughRarity: 1.99,
  shortPart: -1.53,
  length: 1.7,
};

const worldWeights: Weights = {
  bias: 0.37,
  firstChance: 1.11,
  secondChance: 0.79,
  secondInFirst: -4.4,
  firstInSecond: -4.56,
  wholeChance: 0.81,
  joined: -2.88,
  joinerRarity: 5.31,
  paused: 0.85,
  oneStory: -0.69,
  startRarity: -1.4,
  throughRarity: 2.25,
  shortPart: -0.85,
  length: 0.73,
};

/**
 * From these odds on (natural logarithm) a sentence is taken to hold two wishes. As low as leaves 98 of 100 sentences of one wish
 * whole in the tuned set.
 */
const leastOdds = 0.2;
/** Parts of fewer characters than this (of Chinese; of alphabets four times as many) are short. */
const shortCharacters = 3.5;
/** Less than this of a part is no wish of it. */
const leastChance = 0.08;
/** No sentence holds more wishes than this, however long a story it is. */
const mostWishes = 4;
/** Where one is mostly the story around the other: 跳闸了,没电; 交了费还没来电; 我搬家了,要装电表. */
const stories: readonly (readonly [string, string])[] = [
  ['report-outage', 'report-fault'],
  ['report-outage', 'pay-bill'],
  ['report-outage', 'bill-query'],
  ['change-address', 'new-connection'],
];

interface Part {
  readonly reading: Reading;
  readonly whole: readonly IntentChance[];
  readonly wish: IntentChance;
}

interface Parting {
  readonly first: Part;
  readonly second: Part;
}

/** Finds the wishes of a sentence that holds several, whether or not a word or a pause joins them. Of one family of languages. */
export class IntentParting {
  readonly #model: IntentModel;
  readonly #features: IntentFeatures;
  readonly #cutter: ClauseCutter;
  readonly #charactersPerUnit: number;
  readonly #weights: Weights;

  constructor(model: IntentModel, features: IntentFeatures, cutter: ClauseCutter, chinese: boolean) {
    this.#model = model;
    this.#features = features;
    this.#cutter = cutter;
    this.#charactersPerUnit = chinese ? 1 : 4;
    this.#weights = chinese ? siniticWeights : worldWeights;
  }

  /**
   * Hot: for every utterance. The different wishes in the order they were said; none if the sentence holds one or less.
   * `whole` is what the model says of all of it, `read` how a part of it is read.
   */
  wishes(sentence: Reading, whole: readonly IntentChance[], read: (raw: string) => Reading): IntentChance[] {
    const found = new Map<string, IntentChance>();
    for (const wish of this.#parted(sentence, whole, undefined, read, mostWishes)) {
      if (!found.has(wish.intent)) found.set(wish.intent, wish);
    }
    return found.size > 1 ? [...found.values()] : [];
  }

  /** The wishes of all parts; `wish` alone where nothing is parted. */
  #parted(
    sentence: Reading,
    whole: readonly IntentChance[],
    wish: IntentChance | undefined,
    read: (raw: string) => Reading,
    most: number,
  ): IntentChance[] {
    const parting = most > 1 ? this.#best(sentence, flattened(whole), read) : undefined;
    if (parting === undefined) return wish === undefined ? [] : [wish];
    return [parting.first, parting.second]
      .flatMap(({ reading, whole: ofPart, wish: own }) => this.#parted(reading, ofPart, own, read, most - 1))
      .slice(0, most);
  }

  #best(
    sentence: Reading,
    whole: ReadonlyMap<string, number>,
    read: (raw: string) => Reading,
  ): Parting | undefined {
    // Of two different wishes one is at most as likely as the second likeliest.
    const second = [...whole.keys()].filter(isWish)[1] ?? '';
    const atMost = this.#weights.wholeChance * logOf(whole.get(second) ?? 0);
    let best: Parting | undefined;
    let mostOdds: number = leastOdds;
    for (const cut of this.#cutter.cuts(sentence.raw, sentence.words)) {
      let odds = this.#oddsOfPlace(cut);
      if (odds + atMost <= mostOdds) continue;
      const before = read(cut.before);
      const ofBefore = this.#model.chances(before.canonical, before.raw);
      const flatBefore = flattened(ofBefore);
      const clearest = wishesOf(flatBefore)[0]?.[1] ?? 0;
      if (odds + atMost + this.#weights.firstChance * logOf(clearest) <= mostOdds) continue;
      const after = read(cut.after);
      const ofAfter = this.#model.chances(after.canonical, after.raw);
      const wishes = likeliestPair(flatBefore, flattened(ofAfter));
      if (wishes === undefined) continue;
      const { first, second } = wishes;
      odds +=
        this.#weights.firstChance * Math.log(first.chance) +
        this.#weights.secondChance * Math.log(second.chance) +
        this.#weights.secondInFirst * second.inOther +
        this.#weights.firstInSecond * first.inOther +
        this.#weights.wholeChance *
          logOf(Math.min(whole.get(first.intent) ?? 0, whole.get(second.intent) ?? 0)) +
        (isStory(first.intent, second.intent) ? this.#weights.oneStory : 0);
      if (odds <= mostOdds) continue;
      mostOdds = odds;
      best = {
        first: partOf(before, ofBefore, first.intent),
        second: partOf(after, ofAfter, second.intent),
      };
    }
    return best;
  }

  /** What the place says by itself: how sentences begin, and what mostly runs on. */
  #oddsOfPlace({ before, after, joiner, paused }: Cut): number {
    const { start, through } = this.#features.border(before, after);
    const [first, second] = [before.length / this.#charactersPerUnit, after.length / this.#charactersPerUnit];
    return (
      this.#weights.bias +
      (joiner === ''
        ? 0
        : this.#weights.joined +
          this.#weights.joinerRarity * this.#model.rarityOf(this.#features.opening(joiner))) +
      (paused ? this.#weights.paused : 0) +
      this.#weights.startRarity * this.#model.rarityOf(start) +
      this.#weights.throughRarity * this.#model.rarityOf(through) +
      (Math.min(first, second) < shortCharacters ? this.#weights.shortPart : 0) +
      this.#weights.length * Math.log(first + second)
    );
  }
}

function isStory(one: string, other: string): boolean {
  return stories.some((pair) => pair.includes(one) && pair.includes(other));
}

function partOf(reading: Reading, whole: readonly IntentChance[], intent: string): Part {
  const wish = whole.find((one) => one.intent === intent) ?? { intent, chance: 0 };
  return { reading, whole, wish };
}

function isWish(intent: string): boolean {
  return intent !== noIntent && intent !== '' && !answerIntents.has(intent);
}

/** Least, so that what never happened in the examples does not decide alone. */
function logOf(chance: number): number {
  return Math.log(chance + 1e-3);
}

function wishesOf(chances: ReadonlyMap<string, number>): [string, number][] {
  return [...chances].filter(([intent]) => isWish(intent));
}

interface PartWish {
  readonly intent: string;
  /** In its own part, and in the other. */
  readonly chance: number;
  readonly inOther: number;
}

/** Two different wishes, the likelier one of each part, or the next of one of them. */
function likeliestPair(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): { readonly first: PartWish; readonly second: PartWish } | undefined {
  const [ofBefore, ofAfter] = [wishesOf(before), wishesOf(after)];
  let best: { readonly first: PartWish; readonly second: PartWish } | undefined;
  let most = 0;
  for (const [one, chance] of ofBefore.slice(0, 2)) {
    for (const [other, otherChance] of ofAfter.slice(0, 2)) {
      if (one === other || Math.min(chance, otherChance) < leastChance || chance * otherChance <= most)
        continue;
      most = chance * otherChance;
      best = {
        first: { intent: one, chance, inOther: after.get(one) ?? 0 },
        second: { intent: other, chance: otherChance, inOther: before.get(other) ?? 0 },
      };
    }
  }
  return best;
}

/** Chances less sure of themselves, in the same order: parts are clear too easily. */
function flattened(chances: readonly IntentChance[]): ReadonlyMap<string, number> {
  const roots = chances.map(({ chance }) => Math.sqrt(chance));
  const sum = roots.reduce((total, root) => total + root, 0);
  return new Map(chances.map(({ intent }, index) => [intent, (roots[index] ?? 0) / sum]));
}
