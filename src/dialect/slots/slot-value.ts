/** What a caller can be asked for that is more than a choice. */
export type SlotType = 'digits' | 'amount' | 'date' | 'time' | 'phone';

export const slotTypes: readonly SlotType[] = ['digits', 'amount', 'date', 'time', 'phone'];

/** The value that was found in what the caller said. */
export interface SlotValue {
  /**
   * `digits` and `phone`: digits (`1388888`); `amount`: decimal, without needless zeros (`120`, `1.5`); `date`: `today`,
   * `tomorrow`, `yesterday`, `day-after-tomorrow`, `day-before-yesterday` or `MM-DD`; `time`: `HH:MM`.
   */
  readonly value: string;
  /** 0 to 1. Under 0.5 it should be confirmed before anything is done with it. */
  readonly confidence: number;
  /** Other values it may as well be: the other half of the day, 12.50 for "twelve fifty". */
  readonly ambiguous?: readonly string[];
}

/** A value at its place in the folded text. */
export interface Candidate extends SlotValue {
  readonly start: number;
  readonly end: number;
}

/** A candidate with confidence kept in bounds and nothing listed as ambiguous that is the value itself. */
export function candidate(
  start: number,
  end: number,
  value: string,
  confidence: number,
  ambiguous: readonly string[] = [],
): Candidate {
  const others = [...new Set(ambiguous)].filter((other) => other !== value);
  const bounded = Math.round(Math.min(0.99, Math.max(0.05, confidence)) * 100) / 100;
  return { start, end, value, confidence: bounded, ...(others.length > 0 ? { ambiguous: others } : {}) };
}

/** 1.50 is `1.5`, 120.00 is `120`: three places are the most that money has (fils). */
export function decimalText(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}
