import { dialectIds, fallbackChain, findDialect } from './catalogue.js';
import type { Tells } from './pack.js';
import type { DialectPacks } from './packs.js';
import { plainWriting, wordKey } from './plain-writing.js';
import { WordMatcher, type MatchEntry } from './word-matcher.js';

/** A word in what was said that tells dialects from each other. Offsets count UTF-16 units of the raw text. */
export interface DialectMarker {
  readonly word: string;
  readonly rawStart: number;
  readonly rawEnd: number;
  /** Log-odds for each pack that has the word: a dialect's id, or a language (`en`). */
  readonly weight: ReadonlyMap<string, number>;
}

/** What the words of one utterance say about the dialect. */
export interface DialectEvidence {
  /** The likeliest; undefined if nothing tells, or if several are equally likely. */
  readonly dialect: string | undefined;
  /** Whether that is enough to act upon: never for neutral text. */
  readonly sure: boolean;
  /** Log-odds against standard Mandarin (or whatever says nothing) of each dialect that something speaks for. */
  readonly score: ReadonlyMap<string, number>;
  /** Over all dialects of the catalogue, each as likely before; sums up to 1. */
  readonly posterior: ReadonlyMap<string, number>;
  readonly markers: readonly DialectMarker[];
}

/** Log-odds (nats) of a marker. */
const weights: Readonly<Record<Tells, number>> = { nothing: 0, weak: 2, strong: 5 };

/** Of a pack that has a part of the word only (恁这 is Henan's, 恁 is Shandong's as well). */
const partWeight = 1;

/** What is needed to be sure: one strong or two weak markers of its own, and this much more than any other dialect has. */
const sureScore = 4;
const sureMargin = 3;

/** The grammar words of a language are many in a sentence; together they weigh less than a strong marker. */
const languageLimit = 3;

interface Told {
  readonly pack: string;
  readonly tells: Tells;
}

const indexes = new WeakMap<DialectPacks, WordMatcher<Told | undefined>>();

/** Markers of every dialect in a text: from left to right the longest word, however many dialects share it. */
export function markersOf(raw: string, packs: DialectPacks): readonly DialectMarker[] {
  const plain = plainWriting(raw);
  const matcher = indexOf(packs);
  const markers: DialectMarker[] = [];
  for (let at = 0; at < plain.key.length; at += 1) {
    const found = matcher.allAt(plain.key, at);
    const end = found[0]?.end;
    if (end === undefined) continue;
    const weight = weighed(
      found.flatMap(({ value }) => value ?? []),
      () => matcher.allWithin(plain.key, at, end).flatMap(({ value }) => value ?? []),
    );
    if (weight.size > 0) {
      markers.push({
        word: plain.key.slice(at, end),
        rawStart: plain.rawStart(at),
        rawEnd: plain.rawEnd(end),
        weight,
      });
    }
    at = end - 1;
  }
  return markers;
}

/**
 * What a word weighs for each pack. A word that tells one dialect from Mandarin does not tell it from another that has it
 * too, even where it tells nothing from Mandarin: that one gets the weight of a weak marker.
 */
function weighed(whole: readonly Told[], parts: () => readonly Told[]): Map<string, number> {
  const weight = new Map<string, number>();
  if (!whole.some(({ tells }) => tells !== 'nothing')) return weight;
  // A word of the language that all its dialects share (怎么办) is no compound of theirs (么办).
  const standard = whole.some(({ pack }) => isAccented(pack));
  for (const { pack, tells } of standard ? [] : parts())
    if (tells !== 'nothing') weight.set(pack, partWeight);
  for (const { pack, tells } of whole) weight.set(pack, weights[tells === 'nothing' ? 'weak' : tells]);
  return weight;
}

/** Tells dialects by the words of one utterance. Stateless; memory of a call is the tracker's. */
export class DialectIdentifier {
  readonly #packs: DialectPacks;

  /** Takes a moment: make one at the start of a server. */
  constructor(packs: DialectPacks) {
    this.#packs = packs;
    indexOf(packs);
  }

  /**
   * Only for text of an engine that writes what was said: one that writes standard Mandarin for every dialect has no
   * markers left.
   */
  identifyText(raw: string): DialectEvidence {
    const markers = markersOf(raw, this.#packs);
    const byPack = weightByPack(markers);
    const score = scoreOf(byPack);
    // Of two alike the wider one stands first: it is what the other falls back to (Xiang to Hunan's Mandarin).
    const ranked = [...score].sort(
      (a, b) => b[1] - a[1] || Number(fallsBack(a[0], b[0])) - Number(fallsBack(b[0], a[0])),
    );
    const [first, second, third] = ranked;
    const lead = first === undefined ? 0 : first[1] - (second?.[1] ?? 0);
    const own = first === undefined ? 0 : (byPack.get(first[0]) ?? 0);
    return {
      dialect:
        first !== undefined &&
        (lead > 0 || (first[1] > (third?.[1] ?? 0) && fallsBack(second?.[0] ?? '', first[0])))
          ? first[0]
          : undefined,
      // What it shares with the whole language is not its own: by that nobody is sure.
      sure: own >= sureScore && lead >= sureMargin && !(first !== undefined && isAccented(first[0])),
      score,
      posterior: posteriorOf(score),
      markers,
    };
  }
}

/** Of packs: dialects, and languages whose words all their dialects share. */
function weightByPack(markers: readonly DialectMarker[]): Map<string, number> {
  const byPack = new Map<string, number>();
  const counted = new Set<string>();
  for (const { word, weight } of markers) {
    // Said twice it is no more than a habit of the sentence.
    if (counted.has(word)) continue;
    counted.add(word);
    for (const [pack, each] of weight) byPack.set(pack, (byPack.get(pack) ?? 0) + each);
  }
  return byPack;
}

/** A language whose grammar words are another's: 这, 的 and 没有 are Jin's as well as Mandarin's. */
const grammarOf: Readonly<Record<string, string>> = { cjy: 'cmn' };

function scoreOf(byPack: ReadonlyMap<string, number>): Map<string, number> {
  const score = new Map<string, number>();
  for (const id of dialectIds) {
    const language = findDialect(id)?.language ?? id;
    const grammar = grammarOf[id] ?? (isAccented(language) ? language : undefined);
    const shared = grammar === undefined ? 0 : Math.min(languageLimit, byPack.get(grammar) ?? 0);
    const own = grammar === id ? 0 : (byPack.get(id) ?? 0);
    if (shared + own > 0) score.set(id, shared + own);
  }
  return score;
}

function fallsBack(from: string, to: string): boolean {
  return from !== to && fallbackChain(from).includes(to);
}

/** Whether the catalogue parts a language into dialects: then its pack's words speak for each of them. */
function isAccented(language: string): boolean {
  return dialectIds.some((id) => id !== language && findDialect(id)?.language === language);
}

function posteriorOf(score: ReadonlyMap<string, number>): Map<string, number> {
  const weight = dialectIds.map((id) => [id, Math.exp(score.get(id) ?? 0)] as const);
  const sum = weight.reduce((total, [, each]) => total + each, 0);
  return new Map(weight.map(([id, each]) => [id, each / sum]));
}

function indexOf(packs: DialectPacks): WordMatcher<Told | undefined> {
  let index = indexes.get(packs);
  if (index === undefined) {
    index = new WordMatcher(entriesOf(packs));
    indexes.set(packs, index);
  }
  return index;
}

function* entriesOf(packs: DialectPacks): Generator<MatchEntry<Told | undefined>> {
  for (const { dialect: pack, words, plain } of packs.all) {
    for (const { word, spellings, tells, notBefore, notAfter } of words) {
      // Writings that are one in plain writing (係, 系) count once.
      const writings = new Map([word, ...spellings].map((each) => [wordKey(each), each]));
      for (const each of writings.values()) yield { word: each, notBefore, notAfter, value: { pack, tells } };
    }
    for (const word of plain) yield { word, value: undefined };
  }
}
