import { isEdge } from './folded-text.js';
import { foldedAmountWords, type FoldedAmountWords, type MoneyWord } from './money-words.js';
import { candidate, decimalText, type Candidate } from './slot-value.js';
import type { AmountWords } from './slot-words.js';
import type { NumbersInText, SpokenNumber } from './spoken-number.js';

/** Finds amounts of money in languages with spaces: "twelve pounds fifty", "120 € 50", "doce pesos con cincuenta". */
export class WordAmountReader {
  readonly #words: FoldedAmountWords;
  readonly #point: readonly string[];
  readonly #joiners: readonly string[];

  constructor(
    words: AmountWords,
    point: readonly string[],
    joiners: readonly string[],
    fold: (text: string) => string,
  ) {
    this.#words = foldedAmountWords(words, fold);
    this.#point = point.map(fold);
    this.#joiners = [...joiners, ...words.joiners].map(fold);
  }

  read(text: string, numbers: NumbersInText): readonly Candidate[] {
    const found: Candidate[] = [];
    for (let start = 0; start < text.length;) {
      const next = this.#wholeAt(text, start) ?? this.#moneyAt(text, start, numbers);
      if (next !== undefined) found.push(next);
      start = Math.max(start + 1, next?.end ?? numbers.at(start)[0]?.end ?? 0);
    }
    return found;
  }

  #wholeAt(text: string, start: number): Candidate | undefined {
    const whole = this.#wordAt(this.#words.whole, text, start);
    if (whole === undefined) return undefined;
    const end = start + whole.word.length;
    const unit = this.#wordAt(this.#words.units, text, skipped(text, end));
    if (unit === undefined) return candidate(start, end, decimalText(whole.worth), 0.7);
    return candidate(
      start,
      skipped(text, end) + unit.word.length,
      decimalText(whole.worth * unit.worth),
      0.95,
    );
  }

  #moneyAt(text: string, start: number, numbers: NumbersInText): Candidate | undefined {
    const first = numbers.at(start)[0];
    if (first === undefined || first.ordinal) return undefined;
    const { value, end } = this.#decimals(text, first, numbers);
    const decimal = end > first.end;
    const unit = this.#wordAt(this.#words.units, text, skipped(text, end));
    if (unit !== undefined) {
      const tail = this.#tail(text, skipped(text, end) + unit.word.length, unit.worth, numbers);
      return candidate(start, tail.end, decimalText(value * unit.worth + tail.value), 0.95);
    }
    const fraction = this.#wordAt(this.#words.fractions, text, skipped(text, end));
    if (fraction !== undefined) {
      const said = skipped(text, end) + fraction.word.length;
      // "one and a half lakh"
      const times = numbers.at(skipped(text, said))[0];
      const big = times !== undefined && /^10{2,}$/.test(String(times.value)) ? times : undefined;
      const after = big?.end ?? said;
      const main = this.#wordAt(this.#words.units, text, skipped(text, after));
      const worth = (main?.worth ?? 1) * (big?.value ?? 1);
      return candidate(
        start,
        main === undefined ? after : skipped(text, after) + main.word.length,
        decimalText((value + fraction.worth) * worth),
        main === undefined ? 0.7 : 0.95,
      );
    }
    const sign = this.#words.before.some((word) => text.slice(0, start).trimEnd().endsWith(word));
    const sure = sign
      ? 0.95
      : (value < 10 && !decimal ? 0.5 : 0.75) + this.#cue(text, start) - (first.weak ? 0.3 : 0);
    if (this.#notMoneyAt(text, end)) return undefined;
    const pair =
      !decimal && Number.isInteger(value) ? this.#pair(text, start, first, numbers, sure) : undefined;
    return pair ?? candidate(start, end, decimalText(value), sure);
  }

  /**
   * "Twelve fifty" is 12.50 and may be 1250; "one twenty" is 120 and may be 1.20; with a unit after it, "twelve fifty
   * dollars", the hundreds are meant.
   */
  #pair(
    text: string,
    start: number,
    first: SpokenNumber,
    numbers: NumbersInText,
    sure: number,
  ): Candidate | undefined {
    if (first.value < 1 || first.value > 99 || /\d/.test(text[start] ?? '')) return undefined;
    // "ochenta con treinta", "dois e cinquenta": the word between says that cents follow.
    const gapEnd = skipped(text, first.end);
    const joiner = this.#words.joiners.find((word) => text.startsWith(`${word} `, gapEnd));
    if (joiner === undefined && !this.#words.pairs) return undefined;
    const at = skipped(text, gapEnd + (joiner?.length ?? 0));
    const second = numbers.at(at).find(({ value, ordinal }) => !ordinal && value >= 10 && value <= 99);
    if (second === undefined || second.upTo !== undefined || /\d/.test(text[at] ?? '')) return undefined;
    const unit = this.#wordAt(this.#words.units, text, skipped(text, second.end));
    const hundreds = decimalText(first.value * 100 + second.value);
    const cents = decimalText(first.value + second.value / 100);
    if (unit !== undefined) {
      const worth = Number(hundreds) * unit.worth;
      return candidate(start, skipped(text, second.end) + unit.word.length, decimalText(worth), 0.85, [
        cents,
      ]);
    }
    if (joiner !== undefined) return candidate(start, second.end, cents, sure);
    const [likely, other] = first.value < this.#words.hundredsBelow ? [hundreds, cents] : [cents, hundreds];
    return candidate(start, second.end, likely, sure - 0.1, [other]);
  }

  /** "three point two five", "drei Komma fünf". */
  #decimals(
    text: string,
    number: SpokenNumber,
    numbers: NumbersInText,
  ): { readonly value: number; readonly end: number } {
    const at = skipped(text, number.end);
    const point = this.#point.find((word) => text.startsWith(word, at) && isEdge(text, at + word.length));
    if (point === undefined) return number;
    let index = skipped(text, at + point.length);
    let digits = '';
    let end = number.end;
    while (digits.length < 3) {
      const piece = numbers
        .at(index)
        .find(({ value, ordinal }) => !ordinal && value < 100 && Number.isInteger(value));
      if (piece === undefined) break;
      digits += String(piece.value);
      end = piece.end;
      index = skipped(text, end);
    }
    return digits === '' ? number : { value: Number(`${String(number.value)}.${digits}`), end };
  }

  /** After "twelve pounds": "fifty", "and fifty pence", "and a half". */
  #tail(
    text: string,
    start: number,
    worth: number,
    numbers: NumbersInText,
  ): { readonly value: number; readonly end: number } {
    const nothing = { value: 0, end: start };
    let at = skipped(text, start);
    const fraction = this.#wordAt(this.#words.fractions, text, at);
    if (fraction !== undefined) return { value: fraction.worth * worth, end: at + fraction.word.length };
    const joiner = this.#joiners.find(
      (word) => text.startsWith(word, at) && (isEdge(text, at + word.length) || word === 'و'),
    );
    if (joiner !== undefined) at = skipped(text, at + joiner.length);
    const number = numbers.at(at)[0];
    if (number === undefined || number.ordinal || number.value >= 1000 || worth !== 1) return nothing;
    const unit = this.#wordAt(this.#words.units, text, skipped(text, number.end));
    if (unit !== undefined && unit.worth < worth) {
      return { value: number.value * unit.worth, end: skipped(text, number.end) + unit.word.length };
    }
    if (unit !== undefined || number.value >= 100 || this.#notMoneyAt(text, number.end)) return nothing;
    return { value: number.value / 100, end: number.end };
  }

  #wordAt(list: readonly MoneyWord[], text: string, index: number): MoneyWord | undefined {
    return list.find(
      ({ word }) => text.startsWith(word, index) && isEdge(text, index) && isEdge(text, index + word.length),
    );
  }

  #notMoneyAt(text: string, end: number): boolean {
    const at = skipped(text, end);
    return this.#words.notMoney.some((word) => text.startsWith(word, at) && isEdge(text, at + word.length));
  }

  #cue(text: string, start: number): number {
    const before = text.slice(Math.max(0, start - 16), start);
    return this.#words.cues.some((word) => before.includes(word)) ? 0.15 : 0;
  }
}

function skipped(text: string, index: number): number {
  while (text[index] === ' ') index += 1;
  return index;
}
