import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { isNode, LineCounter, parseDocument, type Document } from 'yaml';
import { dialects, isDialectId } from '../catalogue.js';
import type { PackProblem } from '../pack-problem.js';
import { minuteRule } from './minute-rule.js';
import { parsePattern } from './say-pattern.js';
import { dayParts, type SlotWords } from './slot-words.js';

/** The words of one file, by dialect: the file's own with the dialect's section laid over them. */
export type ReadSlotWords =
  | { readonly words: ReadonlyMap<string, SlotWords>; readonly problems: readonly [] }
  | { readonly words: undefined; readonly problems: readonly PackProblem[] };

const text = { type: 'string', minLength: 1 };
const texts = { type: 'array', items: text };
const byNumber = { type: 'object', propertyNames: { pattern: '^[0-9.]+$' }, additionalProperties: texts };
const example = { type: 'string', pattern: '^.+ => \\S+$' };

const numbers = {
  units: byNumber,
  digitsOnly: byNumber,
  softDigits: byNumber,
  small: byNumber,
  tens: byNumber,
  tensBeforeTeens: byNumber,
  hundreds: byNumber,
  times: byNumber,
  ordinals: byNumber,
  ordinalEndings: texts,
  weakOnes: texts,
  articles: texts,
  joiners: texts,
  repeats: byNumber,
  repeatMarks: texts,
  point: texts,
  fillers: texts,
  unitsFirst: { type: 'boolean' },
  compounds: { type: 'boolean' },
  tensJoiners: texts,
};
const amount = {
  units: byNumber,
  before: texts,
  joiners: texts,
  fractions: byNumber,
  whole: byNumber,
  cues: texts,
  notMoney: texts,
  countingUnits: texts,
  pairs: { type: 'boolean' },
  hundredsBelow: { type: 'integer', minimum: 0, maximum: 100 },
  rough: texts,
};
const day =
  '^(none|today|tomorrow|yesterday|day-after-tomorrow|day-before-yesterday|[+-][0-9]+|[0-9]{2}-[0-9]{2})$';
const pattern = {
  say: text,
  example,
  confidence: { type: 'number', minimum: 0, maximum: 1 },
};
const map = (properties: object, required: readonly string[] = []) => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
});
const section = {
  numbers: map(numbers),
  amount: map(amount),
  time: map({
    parts: map(Object.fromEntries(dayParts.map((part) => [part, texts]))),
    named: {
      type: 'object',
      propertyNames: { pattern: '^[0-2][0-9]:[0-5][0-9]$' },
      additionalProperties: texts,
    },
    patterns: {
      type: 'array',
      items: map({ ...pattern, minutes: { type: ['string', 'integer'] } }, ['say', 'minutes', 'example']),
    },
  }),
  date: map({
    words: { type: 'object', propertyNames: { pattern: day }, additionalProperties: texts },
    doubtful: { type: 'object', additionalProperties: { type: 'string', pattern: day } },
    months: byNumber,
    weekdays: byNumber,
    patterns: {
      type: 'array',
      items: map(
        {
          ...pattern,
          which: { enum: ['this', 'next', 'last'] },
          days: { type: 'integer' },
          lunar: { type: 'boolean' },
        },
        ['say', 'example'],
      ),
    },
  }),
  digitCues: texts,
  counted: texts,
  ignore: {
    type: 'array',
    items: { anyOf: [text, map({ word: text, notBefore: texts, notAfter: texts }, ['word'])] },
  },
  corrections: texts,
  negators: texts,
  refusals: texts,
};
const schema = map(
  {
    languages: { ...texts, minItems: 1 },
    writing: { enum: ['latin', 'arabic', 'chinese'] },
    ...section,
    dialects: { type: 'object', additionalProperties: map(section) },
  },
  ['languages', 'writing', 'numbers'],
);

let compiled: ValidateFunction | undefined;

/** Compiled when the first file is read, which is in few processes; not optimised: a schema of this size takes longer so. */
function validator(): ValidateFunction {
  const options = { allErrors: true, strict: true, allowUnionTypes: true, code: { optimize: false } };
  return (compiled ??= new Ajv(options).compile(schema));
}

type Tree = { readonly [key: string]: unknown };

/** Reads one file of slot words (YAML). Either it is right, or every problem is told with its line. */
export function readSlotWords(source: string, file: string): ReadSlotWords {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, uniqueKeys: true });
  const first = document.errors[0];
  if (first !== undefined) {
    const message = `this is not YAML: ${(first.message.split('\n')[0] ?? '').replace(/ at line.*$/, '')}`;
    return { words: undefined, problems: [{ file, line: lines.linePos(first.pos[0]).line, message }] };
  }
  const place = (path: readonly string[]) => Math.max(1, lines.linePos(offsetOf(document, path)).line);
  const value: unknown = document.toJS({ maxAliasCount: 0 });
  const validate = validator();
  if (!validate(value)) {
    const problems = (validate.errors ?? []).map((error) => toProblem(error, file, place));
    return { words: undefined, problems: problems.sort((a, b) => a.line - b.line) };
  }
  const tree = value as Tree & {
    readonly languages: readonly string[];
    readonly dialects?: Readonly<Record<string, Tree>>;
  };
  const problems = contentProblems(tree, file, place);
  if (problems.length > 0) return { words: undefined, problems };
  const ids = dialects.filter(({ language }) => tree.languages.includes(language)).map(({ id }) => id);
  const words = new Map(ids.map((id) => [id, complete(overlaid(tree, tree.dialects?.[id] ?? {}) as Tree)]));
  return { words, problems: [] };
}

/** What a schema cannot see: ids, and patterns whose brackets do not close. */
function contentProblems(
  tree: Tree & { readonly languages: readonly string[]; readonly dialects?: Readonly<Record<string, Tree>> },
  file: string,
  place: (path: readonly string[]) => number,
): PackProblem[] {
  const problems: PackProblem[] = [];
  const tell = (path: readonly string[], message: string) =>
    problems.push({ file, line: place(path), message });
  for (const [index, language] of tree.languages.entries()) {
    if (!dialects.some((dialect) => dialect.language === language)) {
      tell(
        ['languages', String(index)],
        `'${language}' is no language of the catalogue: write one of its languages`,
      );
    }
  }
  for (const id of Object.keys(tree.dialects ?? {})) {
    if (!isDialectId(id))
      tell(['dialects', id], `'${id}' is no dialect: write an id of 'xiangyin dialect list'`);
  }
  const sections = [
    [[], tree] as const,
    ...Object.entries(tree.dialects ?? {}).map(([id, own]) => [['dialects', id], own] as const),
  ];
  for (const [path, own] of sections) {
    for (const kind of ['time', 'date']) {
      const patterns = ((own[kind] as Tree | undefined)?.['patterns'] ?? []) as readonly {
        readonly say: string;
        readonly minutes?: string | number;
      }[];
      for (const [index, { say, minutes }] of patterns.entries()) {
        try {
          parsePattern(say, (words) => words);
          if (minutes !== undefined) minuteRule(String(minutes));
        } catch (error) {
          tell([...path, kind, 'patterns', String(index)], (error as Error).message);
        }
      }
    }
  }
  return problems;
}

/** Lists are joined, maps laid over each other key by key, single values replaced. */
function overlaid(base: unknown, own: unknown): unknown {
  if (own === undefined) return base;
  if (Array.isArray(base) && Array.isArray(own)) return [...(own as unknown[]), ...(base as unknown[])];
  if (!isTree(base) || !isTree(own)) return own;
  // 昨日 is another day in Minnan: a word has the value that the dialect gives it, and no other.
  const moved = new Set(isWordTable(own) ? Object.values(own).flat() : []);
  if (isWordTable(base)) {
    base = Object.fromEntries(
      Object.entries(base).map(([key, list]) => [key, list.filter((word) => !moved.has(word))]),
    );
  }
  if (!isTree(base)) return own;
  const kept: Tree = base;
  const keys = new Set([...Object.keys(base), ...Object.keys(own)]);
  return Object.fromEntries([...keys].map((key) => [key, overlaid(kept[key], own[key])]));
}

function isWordTable(tree: Tree): tree is Readonly<Record<string, readonly string[]>> {
  return Object.values(tree).every(
    (list) => Array.isArray(list) && list.every((word) => typeof word === 'string'),
  );
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A file names only what its language has; the rest is empty. */
function complete(tree: Tree): SlotWords {
  const numbersOf = (tree['numbers'] ?? {}) as Tree;
  const amountOf = (tree['amount'] ?? {}) as Tree;
  const timeOf = (tree['time'] ?? {}) as Tree;
  const dateOf = (tree['date'] ?? {}) as Tree;
  const words = {
    writing: tree['writing'],
    numbers: { ...emptyOf(numbers), ...numbersOf },
    amount: { ...emptyOf(amount), ...amountOf },
    time: {
      parts: {
        ...Object.fromEntries(dayParts.map((part) => [part, []])),
        ...(timeOf['parts'] as object | undefined),
      },
      named: timeOf['named'] ?? {},
      patterns: patternsOf(timeOf),
    },
    date: {
      ...{ words: {}, doubtful: {}, months: {}, weekdays: {} },
      ...dateOf,
      patterns: patternsOf(dateOf),
    },
    ...Object.fromEntries(
      ['digitCues', 'counted', 'corrections', 'negators', 'refusals'].map((key) => [key, tree[key] ?? []]),
    ),
    ignore: ((tree['ignore'] ?? []) as readonly (string | Tree)[]).map((entry) => ({
      notBefore: [],
      notAfter: [],
      ...(typeof entry === 'string' ? { word: entry } : entry),
    })),
  };
  // The schema has said that each has its type.
  return words as unknown as SlotWords;
}

function emptyOf(properties: Readonly<Record<string, { readonly type: string }>>): Tree {
  const values: Readonly<Record<string, unknown>> = { array: [], boolean: false, integer: 0, object: {} };
  const empty = ({ type }: { readonly type: string }) => values[type];
  return Object.fromEntries(Object.entries(properties).map(([key, property]) => [key, empty(property)]));
}

function patternsOf(tree: Tree): readonly object[] {
  const patterns = (tree['patterns'] ?? []) as readonly (Tree & { readonly example: string })[];
  return patterns.map((written) => {
    const [said = '', value = ''] = written.example.split(' => ');
    const minutes =
      written['minutes'] === undefined ? {} : { minutes: String(written['minutes'] as string | number) };
    return { confidence: 0.95, lunar: false, ...written, ...minutes, example: { text: said, value } };
  });
}

function toProblem(
  error: ErrorObject,
  file: string,
  place: (path: readonly string[]) => number,
): PackProblem {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((step) => step.replace(/~1/g, '/').replace(/~0/g, '~'));
  const params = error.params as Readonly<Record<string, unknown>>;
  const key = params['additionalProperty'] ?? params['missingProperty'] ?? params['propertyName'];
  const where = path.length === 0 ? 'the file' : path.join('.');
  const named = key === undefined ? '' : ` ('${String(key as string)}')`;
  const line = place(params['additionalProperty'] === undefined ? path : [...path, String(key as string)]);
  return { file, line, message: `${where}: ${error.message ?? error.keyword}${named}` };
}

function offsetOf(document: Document, path: readonly string[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(
      path.slice(0, length).map((step) => (/^\d+$/.test(step) ? Number(step) : step)),
      true,
    );
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}
