import type { SoundCost } from './pack.js';
import { syllables } from './intent-features.js';

/** Words heard as other characters are found again by their sounds; nothing shorter than two syllables is. */
const fewestSyllables = 2;
/** Mean cost of a syllable up to which it is the same word: two of a pair that speakers confuse, no more. */
const highestMeanCost = 0.15;

interface SoundedWord {
  readonly word: string;
  readonly sounds: readonly Syllable[];
}

interface Syllable {
  readonly initial: string;
  readonly final: string;
}

/** Finds words of a closed list in what a recognizer wrote with other characters of the same or a confused sound. */
export class FuzzySounds {
  readonly #words: readonly SoundedWord[];
  readonly #costs: ReadonlyMap<string, number>;

  constructor(words: readonly string[], costs: readonly SoundCost[]) {
    this.#costs = new Map(
      costs.flatMap(({ a, b, cost }) => [[`${a} ${b}`, cost] as const, [`${b} ${a}`, cost]]),
    );
    this.#words = words
      .filter((word) => /^\p{Script=Han}+$/u.test(word) && [...word].length >= fewestSyllables)
      .map((word) => ({ word, sounds: syllables(word).map(parted) }))
      .sort((a, b) => b.sounds.length - a.sounds.length);
  }

  /** The text with such words written right, longest first; undefined if there are none. */
  respelled(text: string): string | undefined {
    const characters = [...text.replace(/[^\p{Script=Han}]+/gu, '')];
    const sounds = syllables(characters.join('')).map(parted);
    if (sounds.length !== characters.length) return undefined;
    const taken = characters.map(() => false);
    let changed = false;
    for (const { word, sounds: wanted } of this.#words) {
      for (let at = 0; at + wanted.length <= sounds.length; at += 1) {
        const range = characters.slice(at, at + wanted.length);
        if (taken.slice(at, at + wanted.length).some(Boolean)) continue;
        const cost = wanted.reduce((sum, syllable, i) => sum + this.#cost(sounds[at + i], syllable), 0);
        if (cost / wanted.length > highestMeanCost) continue;
        taken.fill(true, at, at + wanted.length);
        if (range.join('') === word) continue;
        characters.splice(at, wanted.length, ...word);
        changed = true;
      }
    }
    return changed ? characters.join('') : undefined;
  }

  #cost(heard: Syllable | undefined, wanted: Syllable): number {
    if (heard === undefined) return 1;
    return Math.min(1, this.#pair(heard.initial, wanted.initial) + this.#pair(heard.final, wanted.final));
  }

  #pair(a: string, b: string): number {
    return a === b ? 0 : (this.#costs.get(`${a} ${b}`) ?? 1);
  }
}

function parted(syllable: string): Syllable {
  const initial = /^(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])/u.exec(syllable)?.[0] ?? '';
  return { initial, final: syllable.slice(initial.length) };
}
