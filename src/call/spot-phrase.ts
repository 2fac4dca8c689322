import type { PhraseChoice } from '../dialog/action.js';
import type { Alternative } from '../speech/recognizer.js';

/** In Han writing no space parts words. */
const han = '\\p{Script=Han}';
const betweenHan = new RegExp(`(?<=${han}) | (?=${han})`, 'gu');
const beginsHan = new RegExp(`^${han}`, 'u');

/** No engine agrees with a dialplan on commas, capitals and spaces. */
function plain(text: string): string {
  const words = text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim();
  return words.replace(betweenHan, '');
}

/** A phrase of one character says too little to be looked for inside a sentence. */
const leastLength = 2;

/**
 * Which choice open speech means: the longest phrase that is in what was heard. Undefined if there is none, or if two
 * choices have one of that length: then the caller is asked again. Pure.
 */
export function spotPhrase(heard: Alternative, phrases: readonly PhraseChoice[]): Alternative | undefined {
  const text = plain(heard.text);
  let best: PhraseChoice | undefined;
  let length = 0;
  let several = false;
  for (const phrase of phrases) {
    const words = plain(phrase.text);
    if (words.length < length || !isIn(text, words)) continue;
    several = words.length === length && best !== undefined && (several || phrase.id !== best.id);
    if (words.length > length) best = phrase;
    length = words.length;
  }
  if (best === undefined || several) return undefined;
  return { ...heard, phraseId: best.id, dialect: best.dialect };
}

function isIn(text: string, words: string): boolean {
  if (words === '' || words === text) return words !== '';
  if (words.length < leastLength) return false;
  // 'no' is not in 'know'.
  return beginsHan.test(words) ? text.includes(words) : ` ${text} `.includes(` ${words} `);
}
