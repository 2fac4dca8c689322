import { ClauseCutter, type SentenceWords } from './clauses.js';
import { FuzzySounds } from './fuzzy-sounds.js';
import { noIntent, type IntentExamples } from './intent-examples.js';
import { IntentFeatures } from './intent-features.js';
import {
  IntentModel,
  type IntentChance,
  type LearnedIntents,
  type TrainingSentence,
} from './intent-model.js';
import { normalise } from './normalise.js';
import { familyOf, type DialectPacks } from './packs.js';
import { parseReply, type Reply } from './replies.js';
import {
  certainLikeness,
  TaughtSentences,
  type TaughtLikeness,
  type TaughtSentence,
} from './taught-sentences.js';

/** What a caller wants, as far as it was understood. */
export interface IntentMatch {
  /** The likeliest, `none` if the sentence belongs to no intent; undefined if there was no word in it. */
  readonly intent: string | undefined;
  /** 0 to 1: of ten matches with 0.8, eight are right. */
  readonly confidence: number;
  /** False: ask "did you mean ...?" before anything is done. */
  readonly sure: boolean;
  readonly runnerUp?: { readonly intent: string; readonly confidence: number };
  /** Further intents in the same sentence, in the order they were said. */
  readonly also: readonly string[];
  /** Understood only after words were taken for others that sound alike. */
  readonly bySound?: boolean;
  /** Id of the taught sentence that decided. */
  readonly taught?: string;
}

/** What else the recognizer may have heard. */
export interface HeardAlternative {
  readonly text: string;
  /** 0 to 1, if the engine says it. */
  readonly confidence?: number;
}

/** From this confidence on, and so far ahead of the next, a match is sure: on the cross-validated examples 98 of 100 are right. */
const sureConfidence = 0.6;
const sureMargin = 0.25;
/** Each of several wishes must be this certain. Less than for a whole sentence: that there is one more was said. */
const wishConfidence = 0.4;
/** Of a part that only a pause parts from the rest: it is mostly the story around the wish. */
const pauseWishConfidence = 0.8;
/** Of each half of a sentence that nothing parts. */
const unjoinedConfidence = 0.99;
/** One of these is mostly the story around the other: 跳闸了,没电; 我搬家了,要装电表. */
const oneStory: readonly (readonly [string, string])[] = [
  ['report-outage', 'report-fault'],
  ['report-outage', 'pay-bill'],
  ['change-address', 'new-connection'],
];
/** How much more a sentence must fit after its words were respelled by sound. */
const soundGain = 0.1;
/** Nothing of these is decided by sound alone. */
const notBySound: ReadonlySet<string> = new Set(['yes', 'no', 'dont-know', 'repeat', noIntent]);
/** The intent of an answer. Who wants no calls is left to the examples. */
const intentOfReply: Readonly<Partial<Record<Reply, string>>> = {
  yes: 'yes',
  no: 'no',
  'dont-know': 'dont-know',
  repeat: 'repeat',
  slower: 'repeat',
  louder: 'repeat',
  person: 'speak-to-person',
  stop: noIntent,
};
/** Of an answer that the packs know, and nothing else. */
const replyConfidence = 0.95;
/** How sure the examples must be of something else to be believed instead: 打错了 is no answer. */
const overReply = 0.85;
/** Below this the examples say so little that an answer within the sentence is the better guess; so it is beside thanks. */
const partialReply = 0.35;
/** What answers a question, and asks for nothing. */
const answers: ReadonlySet<string> = new Set(['yes', 'no', 'dont-know', 'repeat']);
/** Concepts whose words are too many and too short to look for by sound. */
const plainConcepts: ReadonlySet<string> = new Set([
  'yes-word',
  'no-word',
  'courtesy',
  'other-business',
  'other-place',
  'other-payment',
  'vehicle',
  'staff',
  'often',
  'not-meant',
]);

interface Family {
  readonly model: IntentModel;
  readonly cutter: ClauseCutter;
  readonly soundWords: readonly string[];
  readonly sounds: Map<string, FuzzySounds>;
}

/** Tells what a sentence wants, by examples. Models are trained at the first sentence of their family, or by {@link prepare}. */
export class IntentMatcher {
  readonly #examples: readonly IntentExamples[];
  readonly #packs: DialectPacks;
  readonly #learned: ReadonlyMap<string, LearnedIntents>;
  readonly #intents: ReadonlySet<string>;
  readonly #families = new Map<string, Family>();
  #taught: readonly TaughtSentence[] = [];
  #told: ((id: string) => void) | undefined;
  /** By family; made at its next sentence. */
  readonly #taughtOf = new Map<string, TaughtSentences>();

  private constructor(
    examples: readonly IntentExamples[],
    packs: DialectPacks,
    learned: ReadonlyMap<string, LearnedIntents>,
  ) {
    this.#examples = examples;
    this.#packs = packs;
    this.#learned = learned;
    this.#intents = new Set(examples.flatMap((one) => one.examples.map(({ intent }) => intent)));
  }

  /** `learned`: what these examples taught before, by family; what is not there is learned anew. */
  static build(
    examples: readonly IntentExamples[],
    packs: DialectPacks,
    learned: ReadonlyMap<string, LearnedIntents> = new Map(),
  ): IntentMatcher {
    return new IntentMatcher(examples, packs, learned);
  }

  /** What the examples of a dialect's family taught; undefined if it has none. */
  learned(dialect: string): LearnedIntents | undefined {
    return this.#family(dialect)?.model.learned;
  }

  /** Trains what these dialects need, so that no call waits for it. */
  prepare(dialects: Iterable<string>): void {
    for (const dialect of dialects) this.#family(dialect);
  }

  /**
   * What was taught, in place of what was taught before; the examples stay as they were learnt. `told` gets the id of each
   * that decides a sentence.
   */
  teach(sentences: readonly TaughtSentence[], told?: (id: string) => void): void {
    this.#taught = sentences;
    this.#told = told;
    this.#taughtOf.clear();
  }

  /** Normalises, then matches. */
  understand(raw: string, dialect: string, alternatives: readonly HeardAlternative[] = []): IntentMatch {
    return this.match(normalise(raw, dialect, this.#packs).canonical, raw, dialect, alternatives);
  }

  /** Hot: for every utterance. `canonical` is {@link normalise}'s of `raw`. */
  match(
    canonical: string,
    raw: string,
    dialect: string,
    alternatives: readonly HeardAlternative[] = [],
  ): IntentMatch {
    if (!/[\p{L}\p{N}]/u.test(raw)) return { intent: undefined, confidence: 0, sure: false, also: [] };
    const family = this.#family(dialect);
    if (family === undefined) return { intent: noIntent, confidence: 0, sure: false, also: [] };
    const meant = family.cutter.withoutTakenBack(raw);
    const said = meant === raw ? canonical : normalise(meant, dialect, this.#packs).canonical;
    const taught = this.#nearestTaught(family, said, meant, dialect);
    if (taught !== undefined && taught.likeness >= certainLikeness) return this.#asTaught(taught);
    const joined = this.#wishes(family, meant, dialect);
    const heard = family.model.chances(said, meant);
    const wishes = joined.length > 1 ? joined : unjoined(family, said);
    const chances = weighed([
      { chances: heard, weight: 1 },
      ...alternatives.map(({ text, confidence }, index) => ({
        chances: this.#chancesOf(family, text, dialect),
        weight: confidence ?? 1 / (index + 2),
      })),
    ]);
    const first = wishes[0];
    if (first !== undefined && wishes.length > 1) {
      const also = wishes.slice(1).map(({ intent }) => intent);
      return { intent: first.intent, confidence: first.chance, sure: true, also };
    }
    const match = this.#withReply(toMatch(chances), meant, dialect);
    if (match.sure) return this.#withBeside(match, family, meant, dialect);
    if (taught !== undefined) return this.#asTaught(taught);
    return this.#bySound(family, said, dialect, match) ?? match;
  }

  #asTaught({ sentence, likeness }: TaughtLikeness): IntentMatch {
    this.#told?.(sentence.id);
    return { intent: sentence.intent, confidence: likeness, sure: true, also: [], taught: sentence.id };
  }

  #nearestTaught(family: Family, said: string, meant: string, dialect: string): TaughtLikeness | undefined {
    if (this.#taught.length === 0) return undefined;
    const name = familyOf(dialect);
    let sentences = this.#taughtOf.get(name);
    if (sentences === undefined) {
      const own = this.#taught.filter(
        (one) => familyOf(one.dialect) === name && this.#intents.has(one.intent),
      );
      sentences = new TaughtSentences(own, ({ words, dialect: spoken }) =>
        family.model.parts(normalise(words, spoken, this.#packs).canonical, words),
      );
      this.#taughtOf.set(name, sentences);
    }
    return sentences.nearest(() => family.model.parts(said, meant));
  }

  /**
   * Intents of the other parts between pauses, where they are as clear as a sentence of their own. Of an answer and a wish
   * (好,帮我转人工) the wish is what the sentence is about.
   */
  #withBeside(match: IntentMatch, family: Family, text: string, dialect: string): IntentMatch {
    const intent = match.intent ?? noIntent;
    const parts = family.cutter.clauses(text);
    if (parts.length < 2 || intent === noIntent) return match;
    const found = new Map([[intent, match.confidence]]);
    for (const part of parts) {
      const best = toMatch(this.#chancesOf(family, part, dialect));
      const { intent: other = noIntent, confidence } = this.#withReply(best, part, dialect);
      if (confidence < pauseWishConfidence || other === noIntent) continue;
      if (!isOneStory(intent, other)) {
        found.set(other, Math.max(confidence, found.get(other) ?? 0));
      }
    }
    const wish = [...found].find(([one]) => !answers.has(one));
    if (!answers.has(intent) || wish === undefined) return { ...match, also: [...found.keys()].slice(1) };
    found.delete(wish[0]);
    return { intent: wish[0], confidence: wish[1], sure: true, also: [...found.keys()] };
  }

  /** What the packs know of answers, weighed against what the examples say. */
  #withReply(match: IntentMatch, raw: string, dialect: string): IntentMatch {
    const answer = parseReply(raw, dialect, this.#packs);
    if (answer === undefined) return match;
    const isAnswer = match.intent === 'yes' || match.intent === 'no';
    if (answer.reply === 'question') return isAnswer ? unsure(noIntent, match.confidence) : match;
    const intent = intentOfReply[answer.reply];
    if (intent === undefined || !this.#intents.has(intent)) return match;
    if (intent === match.intent) {
      const confidence = answer.whole ? Math.max(match.confidence, replyConfidence) : match.confidence;
      return { ...match, confidence, sure: match.sure || answer.whole };
    }
    if (answer.whole && match.confidence < overReply) {
      return { intent, confidence: replyConfidence, sure: true, also: [] };
    }
    const [first, second] = raw.split(/[,，、。;；]+/u);
    const thanks =
      second !== undefined &&
      match.intent === noIntent &&
      answers.has(intent) &&
      parseReply(first ?? '', dialect, this.#packs)?.whole === true;
    return match.confidence < partialReply || thanks ? unsure(intent, partialReply) : match;
  }

  #chancesOf(family: Family, text: string, dialect: string): IntentChance[] {
    return family.model.chances(normalise(text, dialect, this.#packs).canonical, text);
  }

  /** Different intents of the sentence's parts, if each is clear by itself. */
  #wishes(family: Family, text: string, dialect: string): IntentChance[] {
    const parts = family.cutter.wishes(text);
    if (parts.length < 2) return [];
    const found = new Map<string, IntentChance>();
    for (const part of parts) {
      const best = this.#chancesOf(family, part, dialect)[0];
      if (best === undefined || best.chance < wishConfidence || notBySound.has(best.intent)) continue;
      if (!found.has(best.intent)) found.set(best.intent, best);
    }
    return [...found.values()];
  }

  #bySound(family: Family, said: string, dialect: string, before: IntentMatch): IntentMatch | undefined {
    if (family.soundWords.length === 0) return undefined;
    let sounds = family.sounds.get(dialect);
    if (sounds === undefined) {
      sounds = new FuzzySounds(family.soundWords, this.#packs.soundCostsOf(dialect));
      family.sounds.set(dialect, sounds);
    }
    const respelled = sounds.respelled(said);
    if (respelled === undefined) return undefined;
    const match = toMatch(family.model.chances(respelled, respelled));
    if (!match.sure || match.confidence < before.confidence + soundGain) return undefined;
    return notBySound.has(match.intent ?? noIntent) ? undefined : { ...match, bySound: true };
  }

  #family(dialect: string): Family | undefined {
    const name = familyOf(dialect);
    const known = this.#families.get(name);
    if (known !== undefined) return known;
    const own = this.#examples.filter(({ language }) => familyOf(language) === name);
    if (own.length === 0) return undefined;
    const concepts = own.flatMap((one) => one.concepts);
    const features = new IntentFeatures(name, concepts);
    const learned = this.#learned.get(name);
    const words: readonly SentenceWords[] = own.map((one) => one.sentenceWords);
    const soundWords = concepts
      .filter((concept) => !plainConcepts.has(concept.name))
      .flatMap((concept) => concept.words);
    const family: Family = {
      model:
        learned === undefined
          ? IntentModel.train(features, this.#sentencesOf(own))
          : new IntentModel(features, learned),
      cutter: new ClauseCutter(name, words),
      soundWords: name === 'sinitic' ? soundWords : [],
      sounds: new Map(),
    };
    this.#families.set(name, family);
    return family;
  }

  #sentencesOf(own: readonly IntentExamples[]): TrainingSentence[] {
    return own.flatMap(({ examples }) =>
      examples.flatMap(({ intent, dialect, texts }) =>
        texts.map((raw) => ({ intent, raw, canonical: normalise(raw, dialect, this.#packs).canonical })),
      ),
    );
  }
}

/**
 * Two wishes that nothing joins and no pause parts, as recognizers write them (查电费改地址): the place where both sides are
 * clearest, if they are clear enough.
 */
function unjoined({ model, cutter }: Family, text: string): IntentChance[] {
  let found: IntentChance[] = [];
  let clearest = unjoinedConfidence;
  for (const [before, after] of cutter.halves(text)) {
    const first = model.chances(before, before)[0];
    if (first === undefined || first.chance < clearest || notBySound.has(first.intent)) continue;
    const second = model.chances(after, after)[0];
    if (second === undefined || second.chance < clearest || notBySound.has(second.intent)) continue;
    if (first.intent === second.intent || isOneStory(first.intent, second.intent)) continue;
    found = [first, second];
    clearest = Math.min(first.chance, second.chance);
  }
  return found;
}

function isOneStory(one: string, other: string): boolean {
  return oneStory.some((pair) => pair.includes(one) && pair.includes(other));
}

function unsure(intent: string, confidence: number): IntentMatch {
  return { intent, confidence, sure: false, also: [] };
}

function toMatch(chances: readonly IntentChance[]): IntentMatch {
  const [best, next] = chances;
  if (best === undefined) return { intent: noIntent, confidence: 0, sure: false, also: [] };
  const margin = best.chance - (next?.chance ?? 0);
  return {
    intent: best.intent,
    confidence: best.chance,
    sure: best.chance >= sureConfidence && margin >= sureMargin,
    ...(next && { runnerUp: { intent: next.intent, confidence: next.chance } }),
    also: [],
  };
}

/** The mean of what several hearings mean. */
function weighed(hearings: readonly { chances: readonly IntentChance[]; weight: number }[]): IntentChance[] {
  const sums = new Map<string, number>();
  const total = hearings.reduce((sum, { weight }) => sum + weight, 0);
  for (const { chances, weight } of hearings) {
    for (const { intent, chance } of chances) {
      sums.set(intent, (sums.get(intent) ?? 0) + (chance * weight) / total);
    }
  }
  return [...sums].map(([intent, chance]) => ({ intent, chance })).sort((a, b) => b.chance - a.chance);
}
