import { blankIgnored, gap, isEdge } from './folded-text.js';
import { minuteRule } from './minute-rule.js';
import { matchPattern, parsePattern, type SayPattern } from './say-pattern.js';
import { candidate, type Candidate } from './slot-value.js';
import { dayParts, type DayPart, type TimeWords, type WordsByValue } from './slot-words.js';
import type { NumbersInText } from './spoken-number.js';

interface CompiledPattern {
  readonly pattern: SayPattern;
  readonly base: number;
  readonly perMinute: number;
  readonly confidence: number;
}

/**
 * Finds times of day. The rule where the half of the day is open: a word for a part of the day decides (`下昼三点` 15:00,
 * "three in the morning" 03:00); without one the time is as said on the clock of 24 hours (`三点` 03:00), less sure, with
 * the other half as the other reading.
 */
export class TimeReader {
  readonly #patterns: readonly CompiledPattern[];
  readonly #parts: readonly { readonly word: string; readonly part: DayPart }[];
  readonly #named: readonly { readonly word: string; readonly value: string }[];
  readonly #weekdays: readonly string[];

  constructor(words: TimeWords, weekdays: WordsByValue, fold: (text: string) => string) {
    this.#patterns = words.patterns.map(({ say, minutes, confidence }) => ({
      pattern: parsePattern(say, fold),
      ...minuteRule(minutes),
      confidence,
    }));
    this.#parts = dayParts
      .flatMap((part) => words.parts[part].map((word) => ({ word: fold(word), part })))
      .sort((a, b) => b.word.length - a.word.length);
    this.#named = Object.entries(words.named)
      .flatMap(([value, list]) => list.map((word) => ({ word: fold(word), value })))
      .sort((a, b) => b.word.length - a.word.length);
    // 礼拜一三点: the weekday's number is not the hour's.
    this.#weekdays = Object.values(weekdays).flat().map(fold);
  }

  read(text: string, numbersOf: (text: string) => NumbersInText): readonly Candidate[] {
    const clean = blankIgnored(
      text,
      this.#weekdays.map((word) => ({ word, notBefore: [], notAfter: [] })),
    );
    const numbers = numbersOf(clean);
    const blanks = (name: string, index: number) =>
      numbers
        .at(index)
        .filter(
          ({ value, ordinal }) =>
            !ordinal && Number.isInteger(value) && value >= 0 && value <= (name === 'h' ? 24 : 59),
        );
    const matches: Found[] = [];
    for (let start = 0; start < clean.length; start += 1) {
      const match = this.#longestAt(clean, start, blanks);
      if (match !== undefined) matches.push(match);
    }
    const found = withoutOverlaps(matches).map((match) => this.#placed(clean, match));
    return found.length > 0 ? found : this.#namedIn(clean);
  }

  #longestAt(text: string, start: number, blanks: Parameters<typeof matchPattern>[3]): Found | undefined {
    let best: Found | undefined;
    for (const { pattern, base, perMinute, confidence } of this.#patterns) {
      const match = matchPattern(pattern, text, start, blanks);
      if (match === undefined || (best !== undefined && match.end <= best.end)) continue;
      const minutes = base + perMinute * (match.values['m'] ?? 0);
      const hour = match.values['h'];
      if (hour !== undefined && Math.abs(minutes) >= 60) continue;
      best = { start, end: match.end, hour, minutes, confidence };
    }
    return best;
  }

  /** The time with the part of the day that stands nearest to it. */
  #placed(text: string, { start, end, hour, minutes, confidence }: Found): Candidate {
    if (hour === undefined) return candidate(start, end, clock(minutes), confidence);
    const part = this.#partNear(text, start, end);
    const said = hour * 60 + minutes;
    if (hour > 12 || (hour === 0 && part === undefined))
      return candidate(start, end, clock(said), confidence);
    if (part !== undefined) {
      return candidate(start, end, clock(inPart(hour, part) * 60 + minutes), confidence);
    }
    return candidate(start, end, clock(said), confidence - 0.25, [clock(said + 720)]);
  }

  #partNear(text: string, start: number, end: number): DayPart | undefined {
    let nearest: { readonly part: DayPart; readonly distance: number } | undefined;
    let rest = text;
    for (const { word, part } of this.#parts) {
      for (let from = 0; ;) {
        const at = rest.indexOf(word, from);
        if (at < 0) break;
        from = at + word.length;
        if (!isEdge(text, at) || !isEdge(text, from)) continue;
        if (at < end && from > start && !(at >= start && from <= end)) continue;
        const distance = at >= end ? at - end : Math.max(0, start - from);
        if (nearest === undefined || distance < nearest.distance) nearest = { part, distance };
        // A longer word has been found here: its parts are none.
        rest = rest.slice(0, at) + gap.repeat(word.length) + rest.slice(from);
      }
    }
    return nearest?.part;
  }

  #namedIn(text: string): readonly Candidate[] {
    for (const { word, value } of this.#named) {
      for (let start = 0; start < text.length; start += 1) {
        if (isWordAt(text, word, start)) return [candidate(start, start + word.length, value, 0.9)];
      }
    }
    return [];
  }
}

interface Found {
  readonly start: number;
  readonly end: number;
  /** Undefined when the words say the whole time: "midi et demi". */
  readonly hour: number | undefined;
  readonly minutes: number;
  readonly confidence: number;
}

/** The surer pattern first ("at six" is less than "six thirty"), then the earlier one. */
function withoutOverlaps(matches: readonly Found[]): readonly Found[] {
  const kept: Found[] = [];
  for (const match of [...matches].sort((a, b) => b.confidence - a.confidence || a.start - b.start)) {
    if (kept.every(({ start, end }) => match.end <= start || match.start >= end)) kept.push(match);
  }
  return kept;
}

function isWordAt(text: string, word: string, start: number): boolean {
  return text.startsWith(word, start) && isEdge(text, start) && isEdge(text, start + word.length);
}

/** Twelve hours to twenty-four, as people count the parts of the day: "at night" is before and after midnight. */
function inPart(hour: number, part: DayPart): number {
  const h = hour % 12;
  switch (part) {
    case 'morning':
      // "Twelve in the morning" is after midnight, 上午十二点 is noon; nobody agrees, the second is asked more.
      return hour === 12 ? 12 : h;
    case 'noon':
      return hour === 12 ? 12 : hour >= 10 ? hour : h + 12;
    case 'afternoon':
      return h + 12;
    case 'evening':
      return hour === 12 ? 0 : hour <= 4 ? h : h + 12;
    case 'night':
      return hour === 12 ? 0 : hour <= 5 ? h : h + 12;
  }
}

function clock(minutes: number): string {
  const inDay = ((minutes % 1440) + 1440) % 1440;
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(inDay / 60))}:${two(inDay % 60)}`;
}
