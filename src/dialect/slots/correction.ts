import { isEdge } from './folded-text.js';
import type { Candidate } from './slot-value.js';

export interface CorrectionWords {
  readonly corrections: readonly string[];
  readonly negators: readonly string[];
  readonly refusals: readonly string[];
}

/** What of the values said still stands. */
export interface Standing {
  readonly kept: readonly Candidate[];
  /** "not four": said to be wrong. */
  readonly denied: readonly Candidate[];
  /** Said before "no sorry", and taken back by what came after. */
  readonly takenBack: readonly Candidate[];
}

/** "Tuesday, no, Wednesday", "five not four", 明天不行后天可以: the values that the caller has not taken back. */
export function stillStanding(
  text: string,
  candidates: readonly Candidate[],
  words: CorrectionWords,
): Standing {
  const denied = candidates.filter(
    ({ start, end }, index) =>
      isDenied(text.slice(0, start), words.negators) ||
      isRefused(text.slice(end, candidates[index + 1]?.start ?? text.length), words.refusals),
  );
  const affirmed = candidates.filter((one) => !denied.includes(one));
  // Denied with nothing in its place ("not on Tuesday") is still what was spoken of; who asks must confirm it.
  if (affirmed.length === 0) return { kept: candidates, denied: [], takenBack: [] };
  const mark = lastMark(text, words.corrections, affirmed.at(-1)?.start ?? 0);
  const after = affirmed.filter(({ start }) => start >= mark);
  return { kept: after, denied, takenBack: affirmed.filter(({ start }) => start < mark) };
}

/** A negator right before, with at most a small word between: "not on Tuesday", "nicht am Dienstag". */
function isDenied(before: string, negators: readonly string[]): boolean {
  return negators.some((negator) => {
    const at = before.lastIndexOf(negator);
    if (at < 0 || !isEdge(before, at) || !isEdge(before, at + negator.length)) return false;
    return /^ ?(?:[\p{Script=Latin}\p{Script=Arabic}']{1,4} ){0,2}$/u.test(before.slice(at + negator.length));
  });
}

function isRefused(after: string, refusals: readonly string[]): boolean {
  const breath = /^[^,.。;；]*/.exec(after)?.[0].slice(0, 16) ?? '';
  return refusals.some((word) => breath.includes(word));
}

function lastMark(text: string, corrections: readonly string[], before: number): number {
  let last = -1;
  for (const word of corrections) {
    for (let at = text.indexOf(word); at >= 0 && at < before; at = text.indexOf(word, at + 1)) {
      if (isEdge(text, at) && isEdge(text, at + word.length)) last = Math.max(last, at);
    }
  }
  return last;
}

/**
 * "One two four, no sorry, five not four": the digit that was wrong is put right in the row said before. Undefined when
 * the row does not hold it exactly once.
 */
export function mendedDigits({ kept, denied, takenBack }: Standing): string | undefined {
  const [right] = kept;
  const [wrong] = denied;
  const row = takenBack.at(-1);
  if (right === undefined || wrong === undefined || row === undefined || kept.length > 1) return undefined;
  if (row.value.length <= right.value.length || right.value.length !== wrong.value.length) return undefined;
  const parts = row.value.split(wrong.value);
  return parts.length === 2 ? parts.join(right.value) : undefined;
}

/**
 * "Four oh seven double two, no sorry, double three": the new digits may be the whole number or its end; this is the row
 * with its end replaced. Undefined when they are about as many as the row had.
 */
export function mendedEnd({ kept, denied, takenBack }: Standing): string | undefined {
  const [right] = kept;
  const row = takenBack.at(-1);
  if (right === undefined || row === undefined || kept.length > 1 || denied.length > 0) return undefined;
  if (row.value.length < 2 * right.value.length) return undefined;
  return row.value.slice(0, -right.value.length) + right.value;
}
