import { plainWriting } from './plain-writing.js';

/** Words that were taught to be another wording of some phrases. */
export interface TaughtWording {
  readonly id: string;
  /** As the recognizer wrote them. */
  readonly words: string;
  readonly phrases: readonly { readonly text: string; readonly dialect: string }[];
}

/** A phrase that is listened for. */
export interface ListenedPhrase {
  readonly id: string;
  readonly text: string;
  readonly dialect: string;
}

export interface FoundWording<P extends ListenedPhrase> {
  readonly wording: TaughtWording;
  readonly phrase: P;
}

/** Shorter words are looked for as a whole sentence only: within others they say too little. */
const leastWithin = { han: 4, words: 3 };

const han = '\\p{Script=Han}';
const betweenHan = new RegExp(`(?<=${han}) | (?=${han})`, 'gu');
const beginsHan = new RegExp(`^${han}`, 'u');

/**
 * Which phrase was meant by words that were taught: the longest that is in what was heard. Undefined if there is none, if
 * as long a phrase of another choice is there, or if two choices are: then what was listened for decides. Pure.
 */
export function findWording<P extends ListenedPhrase>(
  heard: string,
  phrases: readonly P[],
  taught: readonly TaughtWording[],
): FoundWording<P> | undefined {
  const text = plain(heard);
  let best: FoundWording<P> | undefined;
  let length = 0;
  let several = false;
  for (const wording of taught) {
    const words = plain(wording.words);
    if (words.length < length || !isIn(text, words)) continue;
    const phrase = phrases.find((one) => wording.phrases.some((other) => isSame(one, other)));
    if (phrase === undefined) continue;
    several = words.length === length && (several || phrase.id !== best?.phrase.id);
    best = { wording, phrase };
    length = words.length;
  }
  if (best === undefined || several) return undefined;
  const { id } = best.phrase;
  const rival = phrases.some((phrase) => {
    const words = plain(phrase.text);
    return phrase.id !== id && words.length >= length && isIn(text, words);
  });
  return rival ? undefined : best;
}

function isSame(one: { text: string; dialect: string }, other: { text: string; dialect: string }): boolean {
  return one.dialect === other.dialect && one.text === other.text;
}

/** Engines do not agree on commas, capitals, spaces, nor on traditional and simplified writing. */
function plain(text: string): string {
  return plainWriting(text)
    .key.replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim()
    .replace(betweenHan, '');
}

function isIn(text: string, words: string): boolean {
  if (words === '' || words === text) return words !== '';
  if (beginsHan.test(words)) return [...words].length >= leastWithin.han && text.includes(words);
  return words.split(' ').length >= leastWithin.words && ` ${text} `.includes(` ${words} `);
}
