/** One reading of a number that begins at a place of the text. */
export interface SpokenNumber {
  readonly start: number;
  readonly end: number;
  readonly value: number;
  /** "fifth", "fünften", "5th": only where a day of the month is looked for. */
  readonly ordinal: boolean;
  /** 'one' that may be only an article or pronoun: un, une, ein, "this one". */
  readonly weak: boolean;
  /** "一百五六", "三五百": the other end of the range that was meant. */
  readonly upTo?: number;
}

/** A row of digits, said one by one, in pairs, as a number, or mixed. */
export interface DigitRun {
  readonly start: number;
  readonly end: number;
  readonly digits: string;
  /** How many words or characters it took; a lone weak 'one' is hardly a number. */
  readonly pieces: number;
  readonly weak: boolean;
}

/** The numbers in one folded text, read as its language does. */
export interface NumbersInText {
  /** All readings that begin exactly at `index`, the longest first. */
  at(index: number): readonly SpokenNumber[];
  readonly runs: readonly DigitRun[];
}

export type NumberReader = (text: string) => NumbersInText;
