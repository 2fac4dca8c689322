import { DateReader, withoutDays } from './date-words.js';
import { digitCandidates, phoneCandidates, type DigitContext } from './digit-rows.js';
import { mendedDigits, mendedEnd, stillStanding, type CorrectionWords } from './correction.js';
import { blankIgnored, foldText } from './folded-text.js';
import { SiniticAmountReader } from './sinitic-amount.js';
import { siniticNumbers } from './sinitic-numbers.js';
import type { Candidate, SlotType, SlotValue } from './slot-value.js';
import type { SlotWords } from './slot-words.js';
import type { NumberReader } from './spoken-number.js';
import { TimeReader } from './time-of-day.js';
import { WordAmountReader } from './word-amount.js';
import { wordNumbers } from './word-numbers.js';

/** Languages that write 1.234,50; the others write 1,234.50 (Mexico as well). */
const pointDecimals: ReadonlySet<string> = new Set([
  'en-us',
  'en-gb',
  'en-in',
  'es-mx',
  'ar-gulf',
  'ar-eg',
  'de-ch',
  'fr-ch',
]);

/** Reads the values that callers say, in every dialect whose words it is given. */
export class SlotReader {
  readonly #words: ReadonlyMap<string, SlotWords>;
  readonly #dialects = new Map<string, DialectSlots>();

  /** @param words by dialect, as `readSlotWords` gives them, all files in one map. */
  constructor(words: ReadonlyMap<string, SlotWords>) {
    this.#words = words;
  }

  get dialects(): readonly string[] {
    return [...this.#words.keys()];
  }

  /**
   * Finds the value of a slot in what was said: "my meter says four oh seven" is `407` as `digits`.
   *
   * @param today the day of the call, in the process's time zone. Without it a date that depends on it ("Tuesday",
   *   "the 15th", 大后天) is not read.
   * @returns undefined when there is none, or the dialect has no words.
   */
  readSlot(type: SlotType, raw: string, dialect: string, today?: Date): SlotValue | undefined {
    const words = this.#words.get(dialect);
    if (words === undefined) return undefined;
    let slots = this.#dialects.get(dialect);
    if (slots === undefined) {
      slots = new DialectSlots(words, !pointDecimals.has(dialect));
      this.#dialects.set(dialect, slots);
    }
    return slots.read(type, raw, today);
  }
}

/** The grammars of one dialect; made at its first use. */
class DialectSlots {
  readonly #ignore: SlotWords['ignore'];
  readonly #numbers: NumberReader;
  readonly #amounts: SiniticAmountReader | WordAmountReader;
  readonly #times: TimeReader;
  readonly #dates: DateReader;
  readonly #context: DigitContext;
  readonly #corrections: CorrectionWords;

  constructor(words: SlotWords, decimalComma: boolean) {
    const all = (list: readonly string[]) => list.map(foldText);
    this.#ignore = words.ignore
      .map(({ word, notBefore, notAfter }) => ({
        word: foldText(word),
        notBefore: all(notBefore),
        notAfter: all(notAfter),
      }))
      .sort((a, b) => b.word.length - a.word.length);
    if (words.writing === 'chinese') {
      this.#numbers = siniticNumbers(words.numbers, foldText);
      this.#amounts = new SiniticAmountReader(words.amount, foldText);
    } else {
      this.#numbers = wordNumbers(words.numbers, foldText, decimalComma);
      this.#amounts = new WordAmountReader(
        words.amount,
        words.numbers.point,
        words.numbers.joiners,
        foldText,
      );
    }
    this.#times = new TimeReader(words.time, words.date.weekdays, foldText);
    this.#dates = new DateReader(words.date, foldText);
    this.#context = { cues: all(words.digitCues), counted: all(words.counted) };
    this.#corrections = {
      corrections: all(words.corrections),
      negators: all(words.negators),
      refusals: all(words.refusals),
    };
  }

  read(type: SlotType, raw: string, today: Date | undefined): SlotValue | undefined {
    const text = blankIgnored(foldText(raw), this.#ignore);
    const candidates = [...this.#candidates(type, text, today)].sort((a, b) => a.start - b.start);
    if (candidates.length === 0) return undefined;
    const standing = stillStanding(text, candidates, this.#corrections);
    const isRow = type === 'digits' || type === 'phone';
    const chosen = isRow ? longest(standing.kept) : surest(standing.kept);
    if (chosen === undefined) return undefined;
    const mended = isRow ? mendedDigits(standing) : undefined;
    if (mended !== undefined) return { value: mended, confidence: 0.6, ambiguous: [chosen.value] };
    const end = isRow ? mendedEnd(standing) : undefined;
    if (end !== undefined) return { value: chosen.value, confidence: 0.45, ambiguous: [end] };
    return toValue(chosen, standing.kept, standing.takenBack.length > 0);
  }

  #candidates(type: SlotType, text: string, today: Date | undefined): readonly Candidate[] {
    const numbers = this.#numbers(text);
    switch (type) {
      case 'digits':
        return digitCandidates(text, numbers, this.#context);
      case 'phone':
        return phoneCandidates(text, numbers, this.#context);
      case 'amount':
        return this.#amounts.read(text, numbers);
      case 'date':
        return this.#dates.read(text, this.#numbers, today);
      case 'time': {
        const days = this.#dates.read(text, this.#numbers, today).filter(({ value }) => /^\d/.test(value));
        return this.#times.read(withoutDays(text, days), this.#numbers);
      }
    }
  }
}

/** The number that was asked for is longer than what is counted on the way; of two as long, the last. */
function longest(candidates: readonly Candidate[]): Candidate | undefined {
  const weight = ({ value, confidence }: Candidate) => (confidence < 0.5 ? 0 : 100) + value.length;
  return candidates.reduce<Candidate | undefined>(
    (best, one) => (best === undefined || weight(one) >= weight(best) ? one : best),
    undefined,
  );
}

function surest(candidates: readonly Candidate[]): Candidate | undefined {
  return candidates.reduce<Candidate | undefined>(
    (best, one) => (best === undefined || one.confidence >= best.confidence ? one : best),
    undefined,
  );
}

/** Others that were said beside it are other readings; a value that replaced another is a little less sure. */
function toValue(chosen: Candidate, kept: readonly Candidate[], corrected: boolean): SlotValue {
  const rivals = kept.filter(
    ({ value, confidence }) => value !== chosen.value && confidence >= chosen.confidence - 0.15,
  );
  const ambiguous = [...new Set([...(chosen.ambiguous ?? []), ...rivals.map(({ value }) => value)])];
  const confidence = chosen.confidence - (rivals.length > 0 ? 0.3 : 0) - (corrected ? 0.05 : 0);
  return {
    value: chosen.value,
    confidence: Math.max(0.05, Math.round(confidence * 100) / 100),
    ...(ambiguous.length > 0 ? { ambiguous } : {}),
  };
}
