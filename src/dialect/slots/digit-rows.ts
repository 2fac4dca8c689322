import { candidate, type Candidate } from './slot-value.js';
import type { NumbersInText } from './spoken-number.js';

/** Words around a row of digits: which tell that it is the number asked for, which that it counts something. */
export interface DigitContext {
  readonly cues: readonly string[];
  readonly counted: readonly string[];
}

/** Rows of digits as candidates; the longer the surer, for people count with short numbers. */
export function digitCandidates(
  text: string,
  numbers: NumbersInText,
  context: DigitContext,
): readonly Candidate[] {
  return numbers.runs.map((run) => {
    const counts = context.counted.some((word) => text.slice(run.end).trimStart().startsWith(word));
    const cued = context.cues.some((word) =>
      text.slice(Math.max(0, run.start - 14), run.start).includes(word),
    );
    const length = run.digits.length;
    const sure = length >= 3 ? 0.92 : length === 2 ? 0.8 : run.weak ? 0.25 : 0.6;
    return candidate(run.start, run.end, run.digits, sure + (cued ? 0.06 : 0) - (counts ? 0.45 : 0));
  });
}

/** Rows that can be telephone numbers: 3 (110) to 15 digits (E.164), short ones less sure. */
export function phoneCandidates(
  text: string,
  numbers: NumbersInText,
  context: DigitContext,
): readonly Candidate[] {
  return digitCandidates(text, numbers, context).flatMap((row) => {
    const length = row.value.length;
    if (length < 3 || length > 15) return [];
    const sure = length >= 7 && length <= 13 ? row.confidence : row.confidence - 0.35;
    return [{ ...row, confidence: Math.max(0.05, sure) }];
  });
}
