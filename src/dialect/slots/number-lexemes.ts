import { isEdge } from './folded-text.js';
import type { NumberWords, WordsByValue } from './slot-words.js';

type Kind =
  'unit' | 'digitOnly' | 'small' | 'tens' | 'takes' | 'hundreds' | 'times' | 'ordinal' | 'repeat' | 'numeral';

/** What one word of a number can be; "second" and "um" are several things. */
export interface Entry {
  readonly values: Readonly<Partial<Record<Kind, number>>>;
  readonly isJoiner: boolean;
  readonly isArticle: boolean;
  readonly weak: boolean;
}

export interface Lexeme extends Entry {
  readonly start: number;
  readonly end: number;
  readonly raw: string;
  /** "5th", "5.", "1er". */
  readonly ordinalNumeral: boolean;
}

export interface Lexicon {
  readonly entries: ReadonlyMap<string, Entry>;
  /** Words in the longest entry. */
  readonly longest: number;
  readonly compounds: boolean;
  readonly unitsFirst: boolean;
  /** Joiners that are written together with the next word (و). */
  readonly prefixes: readonly string[];
  readonly ordinalEndings: readonly string[];
  readonly decimalComma: boolean;
  onlyFillers(text: string): boolean;
}

interface MutableEntry {
  values: Partial<Record<Kind, number>>;
  isJoiner: boolean;
  isArticle: boolean;
  weak: boolean;
}

export function lexicon(words: NumberWords, fold: (text: string) => string, decimalComma: boolean): Lexicon {
  const entries = new Map<string, MutableEntry>();
  const entry = (word: string): MutableEntry => {
    const key = fold(word);
    const found = entries.get(key) ?? { values: {}, isJoiner: false, isArticle: false, weak: false };
    entries.set(key, found);
    return found;
  };
  const put = (kind: Kind, table: WordsByValue) => {
    for (const [value, list] of Object.entries(table)) {
      for (const word of list) entry(word).values[kind] = Number(value);
    }
  };
  put('unit', words.units);
  put('digitOnly', words.digitsOnly);
  put('small', words.small);
  put('tens', words.tens);
  put('tens', words.tensBeforeTeens);
  for (const list of Object.values(words.tensBeforeTeens)) {
    for (const word of list) entry(word).values.takes = 19;
  }
  put('hundreds', words.hundreds);
  put('times', words.times);
  put('ordinal', words.ordinals);
  put('repeat', words.repeats);
  for (const word of words.joiners) entry(word).isJoiner = true;
  for (const word of words.articles) entry(word).isArticle = true;
  for (const word of words.weakOnes) entry(word).weak = true;
  const fillers = new Set(words.fillers.map(fold));
  return {
    entries,
    longest: Math.max(1, ...[...entries.keys()].map((key) => key.split(' ').length)),
    compounds: words.compounds,
    unitsFirst: words.unitsFirst,
    prefixes: words.joiners.map(fold).filter((word) => /^\p{Script=Arabic}$/u.test(word)),
    ordinalEndings: words.ordinalEndings.map(fold),
    decimalComma,
    onlyFillers: (text) =>
      text
        .split(/[\s,.;:/()-]+/)
        .every((word) => word === '' || fillers.has(word) || entries.get(word)?.isJoiner === true),
  };
}

/** All words of numbers and numerals of a text, in order; compounds are parted. */
export function lexemesOf(text: string, known: Lexicon): readonly Lexeme[] {
  const words = [...text.matchAll(/\p{L}+(?:'\p{L}+)*|\d+(?:[.,]\d+)*/gu)];
  const lexemes: Lexeme[] = [];
  for (let index = 0; index < words.length;) {
    const match = words[index];
    if (match === undefined) break;
    const [taken, found] = /^\d/.test(match[0])
      ? ([1, [numeral(text, match, known)]] as const)
      : (phraseAt(words, index, text, known) ?? ([1, partsOf(match, known)] as const));
    lexemes.push(...found);
    index += taken;
  }
  return lexemes;
}

const nothing = { isJoiner: false, isArticle: false, weak: false, ordinalNumeral: false };

function numeral(text: string, match: RegExpExecArray, known: Lexicon): Lexeme {
  const start = match.index;
  const raw = match[0];
  const end = start + raw.length;
  const ending = known.ordinalEndings.find(
    (word) => text.startsWith(word, end) && isEdge(text, end + word.length),
  );
  return {
    ...nothing,
    start,
    end: end + (ending?.length ?? 0),
    raw,
    values: { numeral: numeralValue(raw, known.decimalComma) },
    ordinalNumeral: ending !== undefined,
  };
}

/** "1,234.50", "1.234,50", "12.5": the last sign is decimal unless three digits follow it and it is the grouping sign. */
export function numeralValue(raw: string, decimalComma: boolean): number {
  const last = Math.max(raw.lastIndexOf('.'), raw.lastIndexOf(','));
  if (last < 0) return Number(raw);
  const sign = raw[last] ?? '';
  const decimal = decimalComma ? ',' : '.';
  const several = raw.replace(/\d/g, '').length > 1;
  const threes = raw.length - last - 1 === 3;
  const mixed = raw.includes('.') && raw.includes(',');
  const grouping = !mixed && threes && (sign !== decimal || several);
  if (grouping) return Number(raw.replace(/[.,]/g, ''));
  return Number(`${raw.slice(0, last).replace(/[.,]/g, '')}.${raw.slice(last + 1)}`);
}

function phraseAt(
  words: readonly RegExpExecArray[],
  index: number,
  text: string,
  known: Lexicon,
): readonly [number, readonly Lexeme[]] | undefined {
  const start = words[index]?.index ?? 0;
  for (let count = Math.min(known.longest, words.length - index); count > 0; count -= 1) {
    const last = words[index + count - 1];
    if (last === undefined) continue;
    const end = last.index + last[0].length;
    const raw = text.slice(start, end);
    const entry = known.entries.get(raw);
    if (entry !== undefined) return [count, [{ ...entry, start, end, raw, ordinalNumeral: false }]];
  }
  return undefined;
}

/** A word that is no entry itself: German compounds with their ordinal endings, Arabic with و before it. */
function partsOf(match: RegExpExecArray, known: Lexicon): readonly Lexeme[] {
  const word = match[0];
  for (const prefix of known.prefixes) {
    const rest = known.entries.get(word.slice(prefix.length));
    if (word.startsWith(prefix) && rest !== undefined)
      return lexemesFrom([prefix, word.slice(prefix.length)], match.index, known);
  }
  if (!known.compounds) return [];
  const whole = split(word, known.entries);
  if (whole !== undefined) return lexemesFrom(whole, match.index, known);
  for (const ending of known.ordinalEndings) {
    const stem = word.slice(0, -ending.length);
    if (!word.endsWith(ending) || stem === '') continue;
    const parts = split(stem, known.entries);
    if (parts === undefined) continue;
    const lexemes = lexemesFrom(parts, match.index, known);
    return lexemes.map((lexeme, index) =>
      index < lexemes.length - 1 ? lexeme : asOrdinal(lexeme, ending.length),
    );
  }
  return [];
}

function asOrdinal(lexeme: Lexeme, longer: number): Lexeme {
  const { unit, small, tens } = lexeme.values;
  const ordinal = unit ?? small ?? tens;
  return { ...lexeme, end: lexeme.end + longer, values: ordinal === undefined ? {} : { ordinal } };
}

function split(word: string, entries: ReadonlyMap<string, Entry>): readonly string[] | undefined {
  if (word === '') return [];
  for (let length = word.length; length > 0; length -= 1) {
    const head = word.slice(0, length);
    const entry = entries.get(head);
    // Only an "and" is as short as two letters: foif-e-zwänzg.
    if (entry === undefined || (length < 3 && !entry.isJoiner)) continue;
    const tail = split(word.slice(length), entries);
    if (tail !== undefined) return [head, ...tail];
  }
  return undefined;
}

function lexemesFrom(parts: readonly string[], start: number, known: Lexicon): readonly Lexeme[] {
  return parts.map((raw) => {
    const entry = known.entries.get(raw) ?? { ...nothing, values: {} };
    const lexeme = { ...entry, start, end: start + raw.length, raw, ordinalNumeral: false };
    start += raw.length;
    return lexeme;
  });
}
