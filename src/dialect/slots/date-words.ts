import {
  addDays,
  dayOf,
  isDayOfMonth,
  monthAndDay,
  nextLunarDay,
  weekdayOf,
  type CalendarDay,
} from './calendar-day.js';
import { gap, isEdge } from './folded-text.js';
import { matchPattern, parsePattern, type BlankReader, type SayPattern } from './say-pattern.js';
import { candidate, type Candidate } from './slot-value.js';
import type { DatePattern, DateWords, WordsByValue } from './slot-words.js';
import type { NumbersInText } from './spoken-number.js';

interface Word {
  readonly word: string;
  readonly value: string;
  readonly doubt: string | undefined;
}

type Compiled = DatePattern & { readonly pattern: SayPattern };

/** Days that have a name of their own as values; the others are MM-DD, for which today must be known. */
const named: Readonly<Record<number, string>> = {
  [-2]: 'day-before-yesterday',
  [-1]: 'yesterday',
  [0]: 'today',
  [1]: 'tomorrow',
  [2]: 'day-after-tomorrow',
};

/**
 * Finds days. A day of the Chinese calendar (三月初八, 腊月廿三) is turned into the Gregorian day when `today` is given;
 * without it the value is the month and day as said, unsure. Weekdays, "the 15th", 大后天 need `today` as well and are
 * nothing without it.
 */
export class DateReader {
  readonly #words: readonly Word[];
  readonly #patterns: readonly Compiled[];
  readonly #months: readonly { readonly word: string; readonly value: number }[];
  readonly #weekdays: readonly { readonly word: string; readonly value: number }[];

  constructor(words: DateWords, fold: (text: string) => string) {
    const doubts = new Map(Object.entries(words.doubtful).map(([word, doubt]) => [fold(word), doubt]));
    this.#words = Object.entries(words.words)
      .flatMap(([value, list]) =>
        list.map((word) => ({ word: fold(word), value, doubt: doubts.get(fold(word)) })),
      )
      .sort((a, b) => b.word.length - a.word.length);
    this.#patterns = words.patterns.map((written) => ({
      ...written,
      pattern: parsePattern(written.say, fold),
    }));
    this.#months = listed(words.months, fold);
    this.#weekdays = listed(words.weekdays, fold);
  }

  read(text: string, numbersOf: (text: string) => NumbersInText, now?: Date): readonly Candidate[] {
    const today = now === undefined ? undefined : dayOf(now);
    const numbers = numbersOf(text);
    const blanks: BlankReader = (name, index) => {
      if (name === 'month') return startingAt(this.#months, text, index);
      if (name === 'weekday') return startingAt(this.#weekdays, text, index);
      const most = name === 'd' || name === 'o' ? 31 : name === 'mm' ? 12 : name === 'y' ? 2999 : 366;
      return numbers
        .at(index)
        .filter(
          ({ value, ordinal, upTo }) =>
            Number.isInteger(value) &&
            value <= most &&
            upTo === undefined &&
            (name === 'o' ? ordinal : name === 'd' || name === 'mm' || !ordinal),
        );
    };
    const found: Candidate[] = [];
    for (let start = 0; start < text.length;) {
      const next = this.#at(text, start, blanks, today);
      if (next === undefined) {
        start += 1;
        continue;
      }
      if (next.found !== undefined) found.push(next.found);
      start = next.end;
    }
    return found;
  }

  /** The longest word or pattern here; one that is no day (30 February) is passed over as a whole. */
  #at(
    text: string,
    start: number,
    blanks: BlankReader,
    today: CalendarDay | undefined,
  ): { readonly end: number; readonly found: Candidate | undefined } | undefined {
    let best: { readonly end: number; readonly found: Candidate | undefined } | undefined;
    for (const compiled of this.#patterns) {
      const match = matchPattern(compiled.pattern, text, start, blanks);
      if (match === undefined || match.end <= (best?.end ?? 0)) continue;
      best = { end: match.end, found: dayOfPattern(compiled, match, today) };
    }
    const word = this.#words.find(
      (one) =>
        text.startsWith(one.word, start) && isEdge(text, start) && isEdge(text, start + one.word.length),
    );
    if (word === undefined || start + word.word.length < (best?.end ?? 0)) return best;
    const end = start + word.word.length;
    return { end, found: dayOfWord(word, start, end, today) };
  }
}

function listed(table: WordsByValue, fold: (text: string) => string) {
  return Object.entries(table)
    .flatMap(([value, list]) => list.map((word) => ({ word: fold(word), value: Number(value) })))
    .sort((a, b) => b.word.length - a.word.length);
}

function startingAt(
  list: readonly { readonly word: string; readonly value: number }[],
  text: string,
  index: number,
): readonly { readonly end: number; readonly value: number }[] {
  return list
    .filter(
      ({ word }) => text.startsWith(word, index) && isEdge(text, index) && isEdge(text, index + word.length),
    )
    .map(({ word, value }) => ({ end: index + word.length, value }));
}

function dayOfWord({ value, doubt }: Word, start: number, end: number, today: CalendarDay | undefined) {
  if (value === 'none') return undefined;
  const ambiguous = doubt === undefined ? [] : [doubt];
  const days = /^[+-]\d+$/.exec(value)?.[0];
  if (days === undefined) return candidate(start, end, value, doubt === undefined ? 0.95 : 0.6, ambiguous);
  const day = relative(Number(days), today);
  return day === undefined ? undefined : candidate(start, end, day, 0.9, ambiguous);
}

function relative(days: number, today: CalendarDay | undefined): string | undefined {
  const name = named[days];
  if (name !== undefined) return name;
  if (today === undefined) return undefined;
  const { month, day } = addDays(today, days);
  return monthAndDay(month, day);
}

function dayOfPattern(
  { which, days, lunar, confidence }: DatePattern,
  {
    start,
    end,
    values,
  }: { readonly start: number; readonly end: number; readonly values: Readonly<Record<string, number>> },
  today: CalendarDay | undefined,
): Candidate | undefined {
  const month = values['month'] ?? values['mm'];
  const { n, weekday } = values;
  const d = values['d'] ?? values['o'];
  if (n !== undefined) {
    const value = relative((days ?? 1) * n, today);
    return value === undefined ? undefined : candidate(start, end, value, confidence);
  }
  if (weekday !== undefined) {
    if (today === undefined) return undefined;
    const date = addDays(today, daysToWeekday(weekday, which, today));
    return candidate(start, end, monthAndDay(date.month, date.day), confidence);
  }
  if (d === undefined) return undefined;
  if (month === undefined) return dayAlone(d, which, start, end, confidence, today);
  if (!isDayOfMonth(month, d)) return undefined;
  const said = monthAndDay(month, d);
  if (!lunar) return candidate(start, end, said, confidence);
  const date = today === undefined ? undefined : nextLunarDay(month, d, today);
  if (date === undefined) return candidate(start, end, said, 0.4);
  return candidate(start, end, monthAndDay(date.month, date.day), 0.7, [said]);
}

/** `next` counts weeks from Monday, as 下周三 does; without it the first such day after today. */
function daysToWeekday(weekday: number, which: DatePattern['which'], today: CalendarDay): number {
  const difference = weekday - weekdayOf(today);
  if (which === 'next') return difference + 7;
  if (which === 'last') return difference - 7;
  if (which === 'this') return difference;
  return difference > 0 ? difference : difference + 7;
}

/** "The 15th": of this month if it is still to come, or as `which` says. */
function dayAlone(
  day: number,
  which: DatePattern['which'],
  start: number,
  end: number,
  confidence: number,
  today: CalendarDay | undefined,
): Candidate | undefined {
  if (today === undefined) return undefined;
  const step = which === 'next' ? 1 : which === 'last' ? -1 : which === 'this' || day >= today.day ? 0 : 1;
  const month = ((today.month - 1 + step + 12) % 12) + 1;
  if (!isDayOfMonth(month, day)) return undefined;
  return candidate(start, end, monthAndDay(month, day), which === undefined ? confidence - 0.1 : confidence);
}

/** Takes every word for a day out of a text, so that `tomorrow` is not read as "morning" (mañana, morgen). */
export function withoutDays(text: string, days: readonly Candidate[]): string {
  for (const { start, end } of days) text = text.slice(0, start) + gap.repeat(end - start) + text.slice(end);
  return text;
}
