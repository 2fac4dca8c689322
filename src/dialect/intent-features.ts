import { pinyin } from 'pinyin-pro';
import type { Concept } from './intent-examples.js';
import { familyOf } from './packs.js';
import { plainWriting } from './plain-writing.js';

/** What is looked at in a sentence: its parts by name, each with how often it is there, weighted by its kind. */
export type FeatureCounts = ReadonlyMap<string, number>;

export interface FeatureWeights {
  /** Of the parts of what was said, where it differs from the standard words. */
  readonly raw: number;
  readonly concept: number;
  readonly sound: number;
}

/** Found by cross-validation over the shipped examples; each off by half costs less than one in a hundred. */
const defaultWeights: FeatureWeights = { raw: 0.5, concept: 1.2, sound: 0.4 };

const han = /\p{Script=Han}/u;

/** Features of one family of languages: for Chinese writing parts of 1 to 3 characters and sounds, else words and parts of them. */
export class IntentFeatures {
  readonly #chinese: boolean;
  readonly #german: boolean;
  readonly #weights: FeatureWeights;
  readonly #exact = new Map<string, string>();
  readonly #stems: { readonly stem: string; readonly name: string }[] = [];
  readonly #longest: number;

  constructor(dialect: string, concepts: readonly Concept[], weights: FeatureWeights = defaultWeights) {
    const family = familyOf(dialect);
    this.#chinese = family === 'sinitic';
    this.#german = family === 'de';
    this.#weights = weights;
    for (const { name, words } of concepts) {
      for (const word of words) {
        if (word.endsWith('*')) this.#stems.push({ stem: this.fold(word.slice(0, -1)), name });
        else this.#exact.set(this.fold(word), name);
      }
    }
    this.#longest = Math.max(1, ...[...this.#exact.keys()].map((word) => word.length));
  }

  /** For comparing: lower case, no accents, one writing; ae, oe, ue and ä, ö, ü are the same. */
  fold(text: string): string {
    const { key } = plainWriting(text);
    return this.#german ? key.replace(/([aou])e/gu, '$1').replace(/ß/gu, 'ss') : key;
  }

  /** `raw` is what was said, `canonical` the same in standard words; for other than Chinese only `raw` is read. */
  of(canonical: string, raw: string): FeatureCounts {
    const counts = new Map<string, number>();
    const add = (name: string, weight = 1) => counts.set(name, Math.max(counts.get(name) ?? 0, weight));
    if (this.#chinese) this.#chineseParts(canonical, raw, add);
    else this.#wordParts(raw, add);
    return counts;
  }

  /**
   * Names of the features that the place between two parts of a sentence has, each in standard words and as it was said: of what
   * begins there, and of both run together.
   */
  border(
    before: string,
    after: string,
  ): { readonly start: readonly string[]; readonly through: readonly string[] } {
    if (this.#chinese) {
      const right = onlyLetters(this.fold(after));
      const start = `^${right.slice(0, 2)}`;
      const through = onlyLetters(this.fold(before)).slice(-1) + right.slice(0, 1);
      return { start: [start, `r:${start}`], through: [through, `r:${through}`] };
    }
    const [last = '', first = ''] = [this.words(before).at(-1), this.words(after)[0]];
    return { start: [`b:^ ${first}`], through: [`b:${last} ${first}`] };
  }

  /** Names of the features that a word has which joins parts: of its first three characters, or of its first two words. */
  opening(joiner: string): readonly string[] {
    if (this.#chinese) {
      const start = onlyLetters(this.fold(joiner)).slice(0, 3);
      return [start, `r:${start}`];
    }
    const [first = '', second] = this.words(joiner);
    return [second === undefined ? `w:${first}` : `b:${first} ${second}`];
  }

  #chineseParts(canonical: string, raw: string, add: Add): void {
    const text = onlyLetters(this.fold(canonical));
    const said = onlyLetters(this.fold(raw));
    const { raw: ofRaw, sound, concept } = this.#weights;
    grams([...`^${text}$`], 3, (gram) => add(gram));
    if (said !== text) grams([...`^${said}$`], 3, (gram) => add(`r:${gram}`, ofRaw));
    const tokens = this.#tokens(text);
    this.#conceptParts(tokens, concept, add);
    const sounds = [...text].some((c) => han.test(c)) ? syllables(text) : [];
    for (let i = 0; i + 1 < sounds.length; i += 1) {
      add(`s:${sounds[i] ?? ''} ${sounds[i + 1] ?? ''}`, sound);
    }
    addLength([...text].length, [2, 4, 7, 12], add);
  }

  #wordParts(raw: string, add: Add): void {
    const words = this.words(raw);
    const tokens: Token[] = words.map((word) => ({ text: word, concept: this.#conceptOf(word) }));
    for (const word of words) {
      add(`w:${word}`);
      if (word.length > 3) grams([...`^${word}$`].slice(), 4, (gram) => gram.length === 4 && add(gram, 0.5));
    }
    const framed = ['^', ...words, '$'];
    for (let i = 0; i + 1 < framed.length; i += 1) add(`b:${framed[i] ?? ''} ${framed[i + 1] ?? ''}`, 0.8);
    this.#conceptParts(tokens, this.#weights.concept, add);
    addLength(words.length, [1, 3, 6, 10], add);
  }

  /** Concepts by themselves, in order, two that are both there, and next to plain words. */
  #conceptParts(tokens: readonly Token[], weight: number, add: Add): void {
    const found = [...new Set(tokens.flatMap(({ concept }) => concept ?? []))].sort();
    for (const [index, one] of found.entries()) {
      add(`c:${one}`, weight);
      for (const other of found.slice(index + 1)) add(`c:${one}&${other}`, weight * 0.8);
    }
    const shown = ['^', ...tokens.map(({ text, concept }) => (concept ? `<${concept}>` : text)), '$'];
    const marked = (token: string | undefined) => token?.startsWith('<') === true;
    for (let i = 0; i + 1 < shown.length; i += 1) {
      if (marked(shown[i]) || marked(shown[i + 1])) add(`t:${shown.slice(i, i + 2).join(' ')}`, weight * 0.6);
      if (i + 2 < shown.length && shown.slice(i, i + 3).filter(marked).length > 0) {
        add(`t:${shown.slice(i, i + 3).join(' ')}`, weight * 0.4);
      }
    }
  }

  words(text: string): string[] {
    return this.fold(text).match(/[\p{L}\p{N}]+(?:'[\p{L}]+)?/gu) ?? [];
  }

  #conceptOf(word: string): string | undefined {
    return this.#exact.get(word) ?? this.#stems.find(({ stem }) => word.startsWith(stem))?.name;
  }

  /** Where words of the concepts stand in a text, from and to; none if folding moves them. Of alphabets none: there words are plain. */
  wordPlaces(text: string): (readonly [number, number])[] {
    const folded = this.fold(text);
    if (!this.#chinese || folded.length !== text.length) return [];
    let at = 0;
    return this.#tokens(folded).map((token) => {
      const from = at;
      at += token.text.length;
      return [from, at] as const;
    });
  }

  /** Words of the concepts, the longest first; what is in none goes on its own, character by character. */
  #tokens(text: string): Token[] {
    const tokens: Token[] = [];
    let at = 0;
    while (at < text.length) {
      let length = Math.min(this.#longest, text.length - at);
      while (length > 0 && !this.#exact.has(text.slice(at, at + length))) length -= 1;
      const concept = length > 0 ? this.#exact.get(text.slice(at, at + length)) : undefined;
      const end = at + Math.max(1, length);
      tokens.push({ text: text.slice(at, end), concept });
      at = end;
    }
    return tokens;
  }
}

interface Token {
  readonly text: string;
  readonly concept: string | undefined;
}

type Add = (name: string, weight?: number) => void;

/** Syllables without tones, one for each character; ü is v. */
export function syllables(text: string): string[] {
  return pinyin(text, { toneType: 'none', type: 'array', v: true });
}

/** Commas and blanks come and go with the recognizer. */
function onlyLetters(text: string): string {
  return text.replace(/[^\p{L}\p{N}]+/gu, '');
}

function grams(units: readonly string[], longest: number, add: (gram: string) => unknown): void {
  for (let at = 0; at < units.length; at += 1) {
    let gram = '';
    for (let length = 0; length < longest && at + length < units.length; length += 1) {
      gram += units[at + length] ?? '';
      if (gram !== '^' && gram !== '$') add(gram);
    }
  }
}

function addLength(length: number, bounds: readonly number[], add: Add): void {
  const bucket = bounds.findIndex((bound) => length <= bound);
  add(`l:${String(bucket < 0 ? bounds.length : bucket)}`, 0.6);
}
