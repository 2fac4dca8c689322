import {
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type YAMLError,
} from 'yaml';
import { pathText, type Path, type Problem } from './problem.js';

/** A YAML text, its plain value, and where each value stands. */
export interface YamlFile {
  readonly file: string;
  /** Plain objects; numbers with leading zeros or signs (`007`, `+44`) are kept as the text that was written. */
  readonly value: unknown;
  /** What the parser itself found wrong; if there is an error the value must not be used. */
  readonly problems: readonly Problem[];
  /** A problem at the value of a path, at its key when `at` is `key`, at the nearest thing above if it is not there. */
  problem(severity: Problem['severity'], path: Path, message: string, at?: 'key' | 'value'): Problem;
}

/** Deeper or bigger than any dialplan; aliases could multiply a small text without end. */
const maxAliases = 100;
const maxCharacters = 2_000_000;

export function parseYaml(text: string, file: string): YamlFile {
  const lines = new LineCounter();
  if (text.length > maxCharacters) {
    const problem = fileProblem(file, 'the file is larger than 2 MB; split it into several dialplans');
    return { file, value: undefined, problems: [problem], problem: () => problem };
  }
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, version: '1.2' });
  const problems = [...worthTelling(document.errors), ...document.warnings].map((error) => {
    const unclosed = isOpenQuote(error) ? lastQuoted(document) : undefined;
    return syntaxProblem(error, unclosed ?? error.pos[0], file, lines);
  });
  let value: unknown;
  if (document.errors.length === 0) {
    keepWrittenNumbers(document);
    try {
      value = document.toJS({ maxAliasCount: maxAliases });
    } catch {
      problems.push(
        fileProblem(
          file,
          `more than ${String(maxAliases)} aliases (*name) are used, or one refers to itself`,
        ),
      );
    }
  }
  return {
    file,
    value,
    problems,
    problem: (severity, path, message, at = 'value') => {
      const { line, col } = lines.linePos(offsetOf(document, path, at));
      return {
        severity,
        file,
        line: Math.max(1, line),
        column: Math.max(1, col),
        message,
        path: pathText(path),
      };
    },
  };
}

function fileProblem(file: string, message: string): Problem {
  return { severity: 'error', file, line: 1, column: 1, message, path: '' };
}

/** A telephone number such as 0049 is no number: what was written counts, not its value. */
function keepWrittenNumbers(document: Document): void {
  visit(document, {
    Scalar: (_key, node) => {
      if (typeof node.value === 'number' && node.source !== undefined && String(node.value) !== node.source) {
        if (/^[+0]\d+$/.test(node.source)) node.value = node.source;
      }
    },
  });
}

function offsetOf(document: Document, path: Path, at: 'key' | 'value'): number {
  let node: unknown = document.contents;
  let offset = 0;
  let key: unknown;
  for (const [index, step] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => String(isScalar(item.key) ? item.key.value : item.key) === String(step),
      );
      if (pair === undefined) return offset;
      key = pair.key;
      node = pair.value;
    } else if (isSeq(node)) {
      key = undefined;
      node = node.items[Number(step)];
      if (node === undefined) return offset;
    } else {
      return offset;
    }
    const last = index === path.length - 1;
    const keyStart = startOf(key);
    const valueStart = startOf(node);
    // An empty value (`goto:`) has no place of its own.
    offset =
      (last && at === 'value' && !isMap(node) && !isSeq(node) ? valueStart : (keyStart ?? valueStart)) ??
      offset;
    if (last && at === 'value' && isScalar(node) && node.value === null) offset = keyStart ?? offset;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  const range = (node as { range?: readonly [number, number, number] | null } | undefined)?.range;
  return range?.[0];
}

/** After the first place that is not YAML the parser guesses: what it finds then mends itself with the first. */
function worthTelling(errors: readonly YAMLError[]): readonly YAMLError[] {
  const first = errors.findIndex((error) => error.code !== 'DUPLICATE_KEY');
  return first < 0 ? errors : errors.slice(0, first + 1);
}

function isOpenQuote(error: YAMLError): boolean {
  return error.code === 'MISSING_CHAR' && error.message.includes('quote');
}

/** A quote that is never closed is noticed at the end of the file, but is to be mended where it is opened. */
function lastQuoted(document: Document): number | undefined {
  let offset: number | undefined;
  visit(document, {
    Scalar: (_key, node) => {
      if (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE') offset = node.range?.[0];
    },
  });
  return offset;
}

/** The parser's codes in an admin's words. */
function syntaxProblem(error: YAMLError, offset: number, file: string, lines: LineCounter): Problem {
  const { line, col } = lines.linePos(offset);
  const severity = error.name === 'YAMLWarning' ? 'warning' : 'error';
  const place = { file, line: Math.max(1, line), column: Math.max(1, col), path: '' };
  const known = isOpenQuote(error) ? 'this quote is opened and never closed' : sentences[error.code];
  return { severity, ...place, message: known ?? `this is not YAML: ${firstLine(error.message)}` };
}

const sentences: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'this key is here twice; the same map already has it: rename or remove one of them',
  TAB_AS_INDENT: 'a tab is used to indent; use spaces',
  BAD_INDENT: 'the indentation does not fit the lines above: put keys of one map in the same column',
  MISSING_CHAR:
    'a comma, colon or space is missing here, or the line begins in another column than its neighbours: entries inside [ ] and { } are parted by commas',
  UNEXPECTED_TOKEN: 'this does not belong here: is a comma, a colon or a quote missing before it?',
  BLOCK_IN_FLOW: 'a block cannot start inside [ ] or { }: close the bracket first',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line: is a colon or a closing quote missing?',
  BAD_ALIAS: 'a text may not begin with * or &: put it in quotes',
  BLOCK_AS_IMPLICIT_KEY:
    'a second colon follows on this line: put the text in quotes, or the nested map on lines of its own',
};

function firstLine(message: string): string {
  return (message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
}
