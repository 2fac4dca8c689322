import { isDialectId } from './catalogue.js';
import type { PackProblem } from './pack-problem.js';
import { slotTypes, type SlotType } from './slots/slot-value.js';

/** One sentence of a test set and what should be understood of it. */
export interface TestLine {
  /** From 1, in its file. */
  readonly line: number;
  readonly text: string;
  readonly dialect: string;
  readonly intent?: string;
  /** All of them, if the sentence has several; `intent` is the first. */
  readonly intents?: readonly string[];
  readonly slot?: SlotType;
  readonly value?: string;
  /** Nothing in the wording tells the dialect: an identification that commits is wrong, whatever it says. */
  readonly neutral?: boolean;
}

export interface ReadTestSet {
  readonly lines: readonly TestLine[];
  readonly problems: readonly PackProblem[];
}

const forms: Readonly<Record<SlotType, { readonly pattern: RegExp; readonly form: string }>> = {
  digits: { pattern: /^\d+$/, form: 'digits, such as 1388' },
  amount: { pattern: /^\d+(?:\.\d+)?$/, form: 'a decimal, such as 120 or 1.5' },
  date: {
    pattern:
      /^(?:today|tomorrow|yesterday|day-after-tomorrow|day-before-yesterday|(?:0\d|1[0-2])-(?:[0-2]\d|3[01]))$/,
    form: 'MM-DD, today, tomorrow, yesterday, day-after-tomorrow or day-before-yesterday',
  },
  time: { pattern: /^(?:[01]\d|2[0-3]):[0-5]\d$/, form: 'HH:MM' },
  phone: { pattern: /^\+?\d+$/, form: 'digits' },
};

/**
 * Reads a test set: one JSON object a line, `{"text":"电费几多钱呀","dialect":"yue","intent":"bill-query","neutral":false}`.
 * Keys that nobody knows are left alone, but a line with nothing to test is a problem, as is every wrong value.
 */
export function readTestSet(source: string, file: string, intents: ReadonlySet<string>): ReadTestSet {
  const lines: TestLine[] = [];
  const problems: PackProblem[] = [];
  for (const [index, written] of source
    .replace(/^\ufeff/, '')
    .split('\n')
    .entries()) {
    if (written.trim() === '') continue;
    const line = index + 1;
    let value: unknown;
    try {
      value = JSON.parse(written);
    } catch {
      problems.push({ file, line, message: 'this is not JSON: write one object {...} on the line' });
      continue;
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      problems.push({ file, line, message: 'write one object {...} on the line' });
      continue;
    }
    const wrong = problemsOf(value as Written, intents);
    for (const message of wrong) problems.push({ file, line, message });
    if (wrong.length === 0) lines.push(toLine(value as Written, line));
  }
  return { lines, problems };
}

type Written = Readonly<Record<string, unknown>>;

function problemsOf(written: Written, intents: ReadonlySet<string>): string[] {
  const problems: string[] = [];
  const { text, dialect, intent, intents: several, slot, value, neutral } = written;
  if (typeof text !== 'string' || text.trim() === '')
    problems.push("'text' is missing: what the caller says");
  if (typeof dialect !== 'string') problems.push("'dialect' is missing: an id of 'xiangyin dialect list'");
  else if (!isDialectId(dialect)) {
    problems.push(`'${dialect}' is no dialect: write an id of 'xiangyin dialect list'`);
  }
  if (several !== undefined && (!Array.isArray(several) || several.length === 0)) {
    problems.push("'intents' is not a list of intents");
  }
  for (const one of [...(intent === undefined ? [] : [intent]), ...(Array.isArray(several) ? several : [])]) {
    if (typeof one !== 'string' || !intents.has(one)) {
      problems.push(`'${String(one)}' is no intent; there are: ${[...intents].join(', ')}`);
    }
  }
  if (intent !== undefined && Array.isArray(several) && !several.includes(intent)) {
    problems.push("'intents' must hold 'intent' too");
  }
  problems.push(...slotProblems(slot, value));
  if (neutral !== undefined && typeof neutral !== 'boolean') problems.push("'neutral' is true or false");
  if (intent === undefined && several === undefined && slot === undefined && neutral === undefined) {
    problems.push("there is nothing to test: write 'intent', 'slot' and 'value', or 'neutral'");
  }
  return problems;
}

function slotProblems(slot: unknown, value: unknown): string[] {
  if (slot === undefined) return value === undefined ? [] : ["'value' stands without 'slot'"];
  const type = slotTypes.find((known) => known === slot);
  if (type === undefined) return [`'${String(slot)}' is no slot; there are: ${slotTypes.join(', ')}`];
  if (typeof value !== 'string') return ["'slot' needs 'value', a text in quotes"];
  const { pattern, form } = forms[type];
  return pattern.test(value) ? [] : [`'${value}' is no ${type}: write ${form}`];
}

function toLine(written: Written, line: number): TestLine {
  const { text, dialect, slot, value, neutral } = written;
  const intents = written['intents'] as readonly string[] | undefined;
  const intent = (written['intent'] as string | undefined) ?? intents?.[0];
  return {
    line,
    text: text as string,
    dialect: dialect as string,
    ...(intent !== undefined && { intent }),
    ...(intents !== undefined && { intents }),
    ...(slot !== undefined && { slot: slot as SlotType, value: value as string }),
    ...(neutral !== undefined && { neutral: neutral as boolean }),
  };
}
