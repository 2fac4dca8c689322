import { ClauseCutter, type SentenceWords } from './clauses.js';
import { FuzzySounds } from './fuzzy-sounds.js';
import { noIntent, type IntentExamples } from './intent-examples.js';
import { answerIntents, IntentParting, type Reading } from './intent-parting.js';
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
  /** The likeliest, of several wishes the first that was said; `none` if the sentence belongs to no intent; undefined if there was no word in it. */
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
/** Of an answer before a pause (好,帮我转人工), and of what comes after it. */
const besideConfidence = 0.8;
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
  readonly features: IntentFeatures;
  readonly cutter: ClauseCutter;
  readonly parting: IntentParting;
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
    const heard = family.model.chances(said, meant);
    const wishes = this.#wishes(family, meant, dialect, heard);
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

  /** An answer before a pause and the wish after it (好,帮我转人工): the wish is what the sentence is about. */
  #withBeside(match: IntentMatch, family: Family, text: string, dialect: string): IntentMatch {
    const [first, ...others] = family.cutter.clauses(text);
    if (first === undefined || others.length === 0 || match.intent === noIntent) return match;
    const intentOf = (part: string) => {
      const best = this.#withReply(toMatch(this.#chancesOf(family, part, dialect)), part, dialect);
      return best.confidence < besideConfidence ? undefined : best;
    };
    const answer = intentOf(first)?.intent;
    if (answer === undefined || !answerIntents.has(answer)) return match;
    if (!answerIntents.has(match.intent ?? noIntent)) return { ...match, also: [answer] };
    const wish = others
      .flatMap((part) => intentOf(part) ?? [])
      .find(({ intent = noIntent }) => intent !== noIntent && !answerIntents.has(intent));
    return wish === undefined ? match : { ...wish, sure: true, also: [answer] };
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
      answerIntents.has(intent) &&
      parseReply(first ?? '', dialect, this.#packs)?.whole === true;
    return match.confidence < partialReply || thanks ? unsure(intent, partialReply) : match;
  }

  #chancesOf(family: Family, text: string, dialect: string): IntentChance[] {
    return family.model.chances(normalise(text, dialect, this.#packs).canonical, text);
  }

  /** Different wishes of the sentence, in the order they were said; none if it holds one. */
  #wishes(family: Family, text: string, dialect: string, whole: readonly IntentChance[]): IntentChance[] {
    const read = (raw: string): Reading => {
      const { canonical, spans } = normalise(raw, dialect, this.#packs);
      const words = spans.map(({ rawStart, rawEnd }) => [rawStart, rawEnd] as const);
      return { canonical, raw, words: [...words, ...family.features.wordPlaces(raw)] };
    };
    return family.parting.wishes(read(text), whole, read);
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
    const model =
      learned === undefined
        ? IntentModel.train(features, this.#sentencesOf(own))
        : new IntentModel(features, learned);
    const cutter = new ClauseCutter(name, words);
    const chinese = name === 'sinitic';
    const family: Family = {
      model,
      features,
      cutter,
      parting: new IntentParting(model, features, cutter, chinese),
      soundWords: chinese ? soundWords : [],
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
