import type { AmountWords, WordsByValue } from './slot-words.js';

/** A word for money and what it is worth, in units of the currency. */
export interface MoneyWord {
  readonly word: string;
  readonly worth: number;
}

/** {@link AmountWords} in the writing that readers read, with what they are worth. */
export interface FoldedAmountWords extends Omit<AmountWords, 'units' | 'fractions' | 'whole'> {
  readonly units: readonly MoneyWord[];
  readonly fractions: readonly MoneyWord[];
  readonly whole: readonly MoneyWord[];
}

/** To be called once for each reader: folding is what costs. */
export function foldedAmountWords(words: AmountWords, fold: (text: string) => string): FoldedAmountWords {
  return {
    ...words,
    units: moneyWords(words.units, fold),
    fractions: moneyWords(words.fractions, fold),
    whole: moneyWords(words.whole, fold),
    before: words.before.map(fold),
    joiners: words.joiners.map(fold),
    cues: words.cues.map(fold),
    notMoney: words.notMoney.map(fold),
    countingUnits: words.countingUnits.map(fold),
    rough: words.rough.map(fold),
  };
}

/** The longest first: what begins with another is found before it. */
function moneyWords(table: WordsByValue, fold: (text: string) => string): readonly MoneyWord[] {
  return Object.entries(table)
    .flatMap(([worth, list]) => list.map((word) => ({ word: fold(word), worth: Number(worth) })))
    .sort((a, b) => b.word.length - a.word.length);
}
