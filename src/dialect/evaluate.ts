import { dialectIds } from './catalogue.js';
import { noIntent } from './intent-examples.js';
import type { IntentMatch } from './intent-matcher.js';
import { answerIntents } from './intent-parting.js';
import type { SlotType } from './slots/slot-value.js';
import type { TestLine } from './test-set.js';

/** What a call has to understand a sentence with. The dialect is known for intents and slots; identification gets the text alone. */
export interface Understanding {
  intentOf(text: string, dialect: string): IntentMatch;
  slotOf(type: SlotType, text: string, dialect: string): string | undefined;
  dialectOf(text: string): { readonly dialect: string | undefined; readonly sure: boolean };
}

/** What came out over some lines of a set. A share of nothing is null. */
export interface Figures {
  readonly lines: number;
  readonly intentLines: number;
  /** Lines whose first intent is the right one, sure or not. */
  readonly intentAccuracy: number | null;
  /** Of the lines where the match was sure. */
  readonly intentAccuracyWhenSure: number | null;
  readonly intentSureShare: number | null;
  readonly severalIntentsLines: number;
  /** Of the lines with several intents: those where all were found in the order they were said, and nothing else. */
  readonly severalIntentsAccuracy: number | null;
  /** Of the lines with one intent or none: those where several wishes were found. Answers (yes, say again) are no wishes. */
  readonly wronglyPartedShare: number | null;
  readonly slotLines: number;
  readonly slotAccuracy: number | null;
  /** Lines that are not neutral: something in the wording may tell the dialect. */
  readonly tellingLines: number;
  /** Of those where identification committed itself: how often it was right. */
  readonly identificationAccuracyWhenSure: number | null;
  readonly sureShare: number | null;
  readonly neutralLines: number;
  /** Neutral lines on which identification committed itself: must be 0. */
  readonly switchedOnNeutral: number;
}

/** Something that was not understood as the set says. */
export interface TestError {
  readonly line: number;
  readonly dialect: string;
  readonly text: string;
  readonly kind: 'intent' | 'intents' | 'slot' | 'identification' | 'neutral';
  readonly expected: string;
  readonly got: string;
}

export interface Evaluation extends Figures {
  readonly perDialect: Readonly<Record<string, Figures>>;
  readonly perIntent: Readonly<Record<string, { readonly lines: number; readonly accuracy: number | null }>>;
  readonly errors: readonly TestError[];
}

export function evaluate(lines: readonly TestLine[], understanding: Understanding): Evaluation {
  const total = new Tally();
  const perDialect = new Map<string, Tally>();
  const perIntent = new Map<string, { lines: number; right: number }>();
  const errors: TestError[] = [];
  for (const line of lines) {
    const result = judge(line, understanding);
    const own = perDialect.get(line.dialect) ?? new Tally();
    perDialect.set(line.dialect, own);
    total.add(result);
    own.add(result);
    errors.push(...result.errors);
    if (line.intent !== undefined) {
      const counted = perIntent.get(line.intent) ?? { lines: 0, right: 0 };
      counted.lines += 1;
      if (result.intentRight === true) counted.right += 1;
      perIntent.set(line.intent, counted);
    }
  }
  const inOrder = dialectIds.filter((id) => perDialect.has(id));
  return {
    ...total.figures(),
    perDialect: Object.fromEntries(inOrder.map((id) => [id, (perDialect.get(id) ?? total).figures()])),
    perIntent: Object.fromEntries(
      [...perIntent].map(([intent, { lines: n, right }]) => [
        intent,
        { lines: n, accuracy: share(right, n) },
      ]),
    ),
    errors,
  };
}

interface Result {
  readonly line: TestLine;
  readonly intentRight?: boolean;
  readonly intentSure?: boolean;
  readonly allIntentsRight?: boolean;
  readonly wronglyParted?: boolean;
  readonly slotRight?: boolean;
  readonly identified: boolean;
  readonly identifiedRight: boolean;
  readonly errors: readonly TestError[];
}

function judge(line: TestLine, understanding: Understanding): Result {
  const { text, dialect, intent, intents, slot, value, neutral } = line;
  const errors: TestError[] = [];
  const tell = (kind: TestError['kind'], expected: string, got: string) =>
    errors.push({ line: line.line, dialect, text, kind, expected, got });
  const identity = understanding.dialectOf(text);
  const identified = identity.sure && identity.dialect !== undefined;
  const identifiedRight = identified && identity.dialect === dialect;
  if (identified && neutral === true) tell('neutral', 'undecided', identity.dialect ?? '');
  else if (identified && !identifiedRight) tell('identification', dialect, identity.dialect ?? '');
  let result: Result = { line, identified, identifiedRight, errors };
  if (intent !== undefined) {
    const match = understanding.intentOf(text, dialect);
    const got = match.intent ?? 'nothing';
    result = { ...result, intentRight: got === intent, intentSure: match.sure };
    if (got !== intent) tell('intent', intent, `${got} (${match.confidence.toFixed(2)})`);
    if (intents !== undefined && intents.length > 1) {
      const found = [got, ...match.also];
      const all = found.length === intents.length && intents.every((one, index) => found[index] === one);
      if (!all) tell('intents', intents.join(' + '), found.join(' + '));
      result = { ...result, allIntentsRight: all };
    } else {
      const wishes = [got, ...match.also].filter((one) => one !== noIntent && !answerIntents.has(one));
      if (wishes.length > 1) tell('intents', intent, wishes.join(' + '));
      result = { ...result, wronglyParted: wishes.length > 1 };
    }
  }
  if (slot !== undefined && value !== undefined) {
    const got = understanding.slotOf(slot, text, dialect);
    const right = got !== undefined && (slot === 'amount' ? Number(got) === Number(value) : got === value);
    if (!right) tell('slot', `${slot} ${value}`, got ?? 'nothing');
    result = { ...result, slotRight: right };
  }
  return result;
}

/** Counts of some lines. */
class Tally {
  readonly #results: Result[] = [];

  add(result: Result): void {
    this.#results.push(result);
  }

  figures(): Figures {
    const count = (test: (result: Result) => boolean) => this.#results.filter(test).length;
    const intentLines = count(({ intentRight }) => intentRight !== undefined);
    const intentSure = count(({ intentSure }) => intentSure === true);
    const several = count(({ allIntentsRight }) => allIntentsRight !== undefined);
    const slotLines = count(({ slotRight }) => slotRight !== undefined);
    const neutralLines = count(({ line }) => line.neutral === true);
    const telling = this.#results.length - neutralLines;
    const committed = count(({ line, identified }) => identified && line.neutral !== true);
    return {
      lines: this.#results.length,
      intentLines,
      intentAccuracy: share(
        count(({ intentRight }) => intentRight === true),
        intentLines,
      ),
      intentAccuracyWhenSure: share(
        count(({ intentRight, intentSure: sure }) => sure === true && intentRight === true),
        intentSure,
      ),
      intentSureShare: share(intentSure, intentLines),
      severalIntentsLines: several,
      severalIntentsAccuracy: share(
        count(({ allIntentsRight }) => allIntentsRight === true),
        several,
      ),
      wronglyPartedShare: share(
        count(({ wronglyParted }) => wronglyParted === true),
        count(({ wronglyParted }) => wronglyParted !== undefined),
      ),
      slotLines,
      slotAccuracy: share(
        count(({ slotRight }) => slotRight === true),
        slotLines,
      ),
      tellingLines: telling,
      identificationAccuracyWhenSure: share(
        count(({ line, identifiedRight }) => identifiedRight && line.neutral !== true),
        committed,
      ),
      sureShare: share(committed, telling),
      neutralLines,
      switchedOnNeutral: count(({ line, identified }) => identified && line.neutral === true),
    };
  }
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.round((part / whole) * 10_000) / 10_000;
}
