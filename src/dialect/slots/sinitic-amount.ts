import { foldedAmountWords, type FoldedAmountWords, type MoneyWord } from './money-words.js';
import { candidate, decimalText, type Candidate } from './slot-value.js';
import type { AmountWords } from './slot-words.js';
import type { NumbersInText, SpokenNumber } from './spoken-number.js';

/** Finds amounts of money in Chinese writing: 三块二毛五, 十二蚊半, 个半, 百二, 五毛, 两嚿水. */
export class SiniticAmountReader {
  readonly #words: FoldedAmountWords;

  constructor(words: AmountWords, fold: (text: string) => string) {
    this.#words = foldedAmountWords(words, fold);
  }

  read(text: string, numbers: NumbersInText): readonly Candidate[] {
    const found: Candidate[] = [];
    for (let start = 0; start < text.length;) {
      const next = this.#wholeAt(text, start) ?? this.#moneyAt(text, start, numbers);
      if (next !== undefined) found.push(next);
      start = Math.max(start + 1, next?.end ?? 0);
    }
    return found;
  }

  /** 个半, 毫半: one and a half without a number said, unless it is of time (个半钟) or after one (三个半). */
  #wholeAt(text: string, start: number): Candidate | undefined {
    const whole = this.#words.whole.find(({ word }) => text.startsWith(word, start));
    if (whole === undefined || /[\d一二两三四五六七八九十百千万廿卅半几]/.test(text[start - 1] ?? ''))
      return undefined;
    const end = start + whole.word.length;
    if (this.#counts(text, end)) return undefined;
    return candidate(start, end, decimalText(whole.worth), 0.85);
  }

  #moneyAt(text: string, start: number, numbers: NumbersInText): Candidate | undefined {
    const number = numbers.at(start)[0];
    if (number === undefined) return undefined;
    let end = number.end;
    const rough = this.#words.rough.find((word) => text.startsWith(word, end));
    if (rough !== undefined) end += rough.length;
    const unit = this.#unitAt(text, end);
    const counting = unit !== undefined && this.#words.countingUnits.includes(unit.word);
    if (unit === undefined) return this.#bare(text, start, end, number, rough !== undefined);
    const tail = this.#tail(text, end + unit.word.length, unit.worth, numbers);
    const trailing = this.#moneyWord(text, tail.end);
    if (counting && tail.value === 0 && trailing === tail.end)
      return this.#bare(text, start, end, number, false);
    if (this.#counts(text, trailing)) return undefined;
    const value = number.value * unit.worth + tail.value;
    const confidence =
      (rough ?? number.upTo) !== undefined
        ? 0.45
        : counting
          ? 0.8
          : unit.worth < 0.1 && trailing === tail.end
            ? 0.6
            : 0.95;
    const upTo = number.upTo === undefined ? [] : [decimalText(number.upTo * unit.worth)];
    return candidate(start, trailing, decimalText(value), confidence + this.#cue(text, start), upTo);
  }

  /** No unit was said: money if the words before it speak of paying, and nothing after it counts something else. */
  #bare(
    text: string,
    start: number,
    end: number,
    number: SpokenNumber,
    rough: boolean,
  ): Candidate | undefined {
    if (this.#counts(text, end) || /[第周]$/.test(text.slice(0, start)) || number.value > 1e9)
      return undefined;
    const half = this.#words.fractions.find(({ word }) => text.startsWith(word, end));
    const sure = rough || number.upTo !== undefined ? 0.4 : number.value < 10 ? 0.5 : 0.75;
    const upTo = number.upTo === undefined ? [] : [decimalText(number.upTo)];
    if (half !== undefined)
      return candidate(start, end + half.word.length, decimalText(number.value + half.worth), 0.5);
    return candidate(start, end, decimalText(number.value), sure + this.#cue(text, start), upTo);
  }

  /** After 三块: 二毛五 .25, 五 .5, 零五 .05, 半 .5, 二五 .25. */
  #tail(
    text: string,
    start: number,
    worth: number,
    numbers: NumbersInText,
  ): { readonly value: number; readonly end: number } {
    const half = this.#words.fractions.find(({ word }) => text.startsWith(word, start));
    if (half !== undefined) return { value: half.worth * worth, end: start + half.word.length };
    const plus = start + (/^[零〇又]/.exec(text.slice(start))?.[0].length ?? 0);
    const number = numbers.at(plus)[0] ?? numbers.at(start)[0];
    if (number === undefined || !Number.isInteger(number.value) || number.upTo !== undefined)
      return { value: 0, end: start };
    const unit = this.#unitAt(text, number.end);
    if (unit !== undefined && unit.worth < worth && worth <= 1) {
      const rest = this.#tail(text, number.end + unit.word.length, unit.worth, numbers);
      return { value: number.value * unit.worth + rest.value, end: rest.end };
    }
    if (unit !== undefined || this.#counts(text, number.end)) return { value: 0, end: start };
    // The places that were said decide: one is tenths, two are hundredths, 零五 is 0.05.
    const places = [...text.slice(start, number.end)].length;
    if (number.value >= 100 || places > 2) return { value: 0, end: start };
    return { value: (number.value * worth) / (places === 1 && plus === start ? 10 : 100), end: number.end };
  }

  #unitAt(text: string, index: number): MoneyWord | undefined {
    return this.#words.units.find(({ word }) => text.startsWith(word, index));
  }

  /** 钱, 洋钿, 银 after a unit belong to it. */
  #moneyWord(text: string, index: number): number {
    const word = this.#words.before.find((one) => text.startsWith(one, index));
    return index + (word?.length ?? 0);
  }

  #counts(text: string, index: number): boolean {
    return this.#words.notMoney.some((word) => text.startsWith(word, index));
  }

  #cue(text: string, start: number): number {
    const before = text.slice(Math.max(0, start - 6), start);
    return this.#words.cues.some((word) => before.includes(word)) ? 0.15 : 0;
  }
}
