import { wordKey } from './plain-writing.js';

/** A word to look for, with what it stands for. */
export interface MatchEntry<T> {
  readonly word: string;
  readonly notBefore?: readonly string[];
  readonly notAfter?: readonly string[];
  readonly value: T;
}

export interface WordMatch<T> {
  readonly start: number;
  readonly end: number;
  readonly value: T;
}

interface Compiled<T> {
  readonly key: string;
  readonly notBefore: readonly string[];
  readonly notAfter: readonly string[];
  readonly value: T;
}

const letter = /[\p{L}\p{N}]/u;
const han = /\p{Script=Han}/u;

/** Finds words from left to right, at each place the longest whose contexts allow it; none overlap. */
export class WordMatcher<T> {
  readonly #byFirst = new Map<string, Compiled<T>[]>();

  /** Of two entries with one word the first stands, unless its context forbids it. */
  constructor(entries: Iterable<MatchEntry<T>>) {
    // The same contexts stand at many words.
    const keys = new Map<string, string>();
    const keyOf = (text: string) => {
      const key = keys.get(text) ?? wordKey(text);
      keys.set(text, key);
      return key;
    };
    for (const { word, notBefore = [], notAfter = [], value } of entries) {
      const key = keyOf(word);
      if (key === '') continue;
      const first = key.charAt(0);
      const list = this.#byFirst.get(first) ?? [];
      list.push({ key, notBefore: notBefore.map(keyOf), notAfter: notAfter.map(keyOf), value });
      this.#byFirst.set(first, list);
    }
    for (const list of this.#byFirst.values()) list.sort((a, b) => b.key.length - a.key.length);
  }

  /** Hot: for every utterance. `key` is {@link PlainWriting.key}. */
  match(key: string): WordMatch<T>[] {
    const matches: WordMatch<T>[] = [];
    for (let at = 0; at < key.length; at += 1) {
      const found = this.at(key, at);
      if (found === undefined) continue;
      matches.push(found);
      at = found.end - 1;
    }
    return matches;
  }

  /** The longest word that begins here. */
  at(key: string, start: number): WordMatch<T> | undefined {
    return this.allAt(key, start)[0];
  }

  /** Every entry with the longest word that begins here, in the order they were given. */
  allAt(key: string, start: number): WordMatch<T>[] {
    const found: WordMatch<T>[] = [];
    for (const entry of this.#byFirst.get(key.charAt(start)) ?? []) {
      const end = start + entry.key.length;
      const longest = found[0]?.end ?? end;
      if (end < longest) break;
      if (!this.#allows(entry, key, start)) continue;
      found.push({ start, end, value: entry.value });
    }
    return found;
  }

  /** Every word inside a part of the text, overlapping ones too, but not the part itself. */
  allWithin(key: string, start: number, end: number): WordMatch<T>[] {
    const found: WordMatch<T>[] = [];
    for (let at = start; at < end; at += 1) {
      for (const entry of this.#byFirst.get(key.charAt(at)) ?? []) {
        const last = at + entry.key.length;
        if (last > end || (at === start && last === end) || !this.#allows(entry, key, at)) continue;
        found.push({ start: at, end: last, value: entry.value });
      }
    }
    return found;
  }

  #allows(entry: Compiled<T>, key: string, start: number): boolean {
    const end = start + entry.key.length;
    return (
      key.startsWith(entry.key, start) &&
      !cutsWord(key, start) &&
      !cutsWord(key, end) &&
      !entry.notBefore.some((after) => key.startsWith(after, end)) &&
      !entry.notAfter.some((before) => key.endsWith(before, start))
    );
  }
}

/** Words of alphabets are found whole; Chinese writing has no borders. */
function cutsWord(key: string, at: number): boolean {
  const before = key.charAt(at - 1);
  const after = key.charAt(at);
  return letter.test(before) && letter.test(after) && !han.test(before) && !han.test(after);
}
