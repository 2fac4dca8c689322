import type { WordsByValue } from './slot-words.js';

/** A word for money and what it is worth, in units of the currency. */
export interface MoneyWord {
  readonly word: string;
  readonly worth: number;
}

/** The longest first: what begins with another is found before it. */
export function moneyWords(table: WordsByValue, fold: (text: string) => string): readonly MoneyWord[] {
  return Object.entries(table)
    .flatMap(([worth, list]) => list.map((word) => ({ word: fold(word), worth: Number(worth) })))
    .sort((a, b) => b.word.length - a.word.length);
}
