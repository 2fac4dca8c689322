/** How a language is written, which decides how a text is folded and cut. */
export type Writing = 'latin' | 'arabic' | 'chinese';

/** The words for a value: `{ "7": ["seven"] }`. In the files keys are values so that a native speaker reads them as a list. */
export type WordsByValue = Readonly<Record<string, readonly string[]>>;

/** A phrase that only looks like a value: "good morning", 千万. */
export interface Ignored {
  readonly word: string;
  /** Not taken out when this follows. */
  readonly notBefore: readonly string[];
  /** Not taken out when this stands before. */
  readonly notAfter: readonly string[];
}

export interface NumberWords {
  /** 0 to 9. */
  readonly units: WordsByValue;
  /** 0 to 9 where digits are said one by one only: oh, meia, 幺. */
  readonly digitsOnly: WordsByValue;
  /** As digitsOnly, but only next to other digits: 洞, 拐, 勾. */
  readonly softDigits: WordsByValue;
  /** 10 to 19 and what else stands for itself. */
  readonly small: WordsByValue;
  readonly tens: WordsByValue;
  /** Tens that take 10 to 19 after them: soixante(-douze), quatre-vingt(-onze). */
  readonly tensBeforeTeens: WordsByValue;
  /** doscientos, ميتين. */
  readonly hundreds: WordsByValue;
  /** What multiplies: hundred, thousand, lakh, 百, 万. */
  readonly times: WordsByValue;
  readonly ordinals: WordsByValue;
  /** What makes a number an ordinal when it ends it: "ten" in German; for numerals "st", "th", "º". */
  readonly ordinalEndings: readonly string[];
  /** The word for one that is an article or pronoun as well. */
  readonly weakOnes: readonly string[];
  /** Article before hundred: "a hundred". */
  readonly articles: readonly string[];
  /** and, y, e, et, und, و; 零 is none. */
  readonly joiners: readonly string[];
  /** Times the next digit is said: double, triple. */
  readonly repeats: WordsByValue;
  /** 四个八: the count stands before the word, the digit after it. */
  readonly repeatMarks: readonly string[];
  readonly point: readonly string[];
  /** Between digits they mean nothing: um, then, 然后. */
  readonly fillers: readonly string[];
  /** "five and twenty". */
  readonly unitsFirst: boolean;
  /** Numbers are written in one word: dreiundzwanzig. */
  readonly compounds: boolean;
  /** 三呀五 is 35 (Cantonese). */
  readonly tensJoiners: readonly string[];
}

export interface AmountWords {
  /** Worth of a unit: `1` for the currency, `0.01` for its hundredth, `100` for 嚿水. */
  readonly units: WordsByValue;
  /** Signs and words that stand before: $, £, R$. */
  readonly before: readonly string[];
  /** Between euros and cents: con, and. */
  readonly joiners: readonly string[];
  /** Added: "and a half". */
  readonly fractions: WordsByValue;
  /** Amounts of their own: 块半 1.5, anderthalb. */
  readonly whole: WordsByValue;
  /** Words that make a number after them money: pay, 交. */
  readonly cues: readonly string[];
  /** What after a number says that it is no money: 月, o'clock. */
  readonly notMoney: readonly string[];
  /** A unit that counts money only with a tail or 钱 after it: 个 in 三个半. */
  readonly countingUnits: readonly string[];
  /** "twelve fifty" is 12.50. */
  readonly pairs: boolean;
  /** Under this first number the hundreds are meant: "one twenty" is 120. */
  readonly hundredsBelow: number;
  /** Words after a number that make it a rough one: 多, odd. */
  readonly rough: readonly string[];
}

/** A way to say a time and what it adds: `minutes: "-30 + m"` is half an hour before the hour, m after that. */
export interface TimePattern {
  readonly say: string;
  readonly minutes: string;
  readonly confidence: number;
  readonly example: { readonly text: string; readonly value: string };
}

export type DayPart = 'morning' | 'noon' | 'afternoon' | 'evening' | 'night';
export const dayParts: readonly DayPart[] = ['morning', 'noon', 'afternoon', 'evening', 'night'];

export interface TimeWords {
  readonly parts: Readonly<Record<DayPart, readonly string[]>>;
  /** HH:MM by the word alone: noon, midnight. */
  readonly named: WordsByValue;
  readonly patterns: readonly TimePattern[];
}

/** Blanks: `{d}` day, `{o}` day said as an ordinal, `{month}` its name, `{mm}` its number, `{y}` year, `{weekday}`, `{n}` count. */
export interface DatePattern {
  readonly say: string;
  /** For a day without a month, or a weekday: which one. */
  readonly which?: 'this' | 'next' | 'last';
  /** `1`: n days on; `-1`: n days back. */
  readonly days?: number;
  readonly lunar: boolean;
  readonly confidence: number;
  readonly example: { readonly text: string; readonly value: string };
}

export interface DateWords {
  /** By value: `none` (only looks like a day: por la mañana), `today`, ..., `+3`, `-3` (days from today), `MM-DD`. */
  readonly words: WordsByValue;
  /** A word that in this dialect may be another day as well: 昨日 in Minnan. */
  readonly doubtful: Readonly<Record<string, string>>;
  readonly months: WordsByValue;
  /** 1 is Monday. */
  readonly weekdays: WordsByValue;
  readonly patterns: readonly DatePattern[];
}

/** What one dialect's slots are read with: its language's file with the dialect's own section laid over it. */
export interface SlotWords {
  readonly writing: Writing;
  readonly numbers: NumberWords;
  readonly amount: AmountWords;
  readonly time: TimeWords;
  readonly date: DateWords;
  /** Words before a number that is asked for: "says", "number is", 读数. */
  readonly digitCues: readonly string[];
  /** What after a number says that it counts something: 个月, "o'clock". */
  readonly counted: readonly string[];
  readonly ignore: readonly Ignored[];
  /** "no sorry", 不对: what stands before it is taken back. */
  readonly corrections: readonly string[];
  /** "not", 不是: the value right after it is the wrong one. */
  readonly negators: readonly string[];
  /** "doesn't work", 不得: the value before it in the same breath is the wrong one. */
  readonly refusals: readonly string[];
}
