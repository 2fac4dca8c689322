import { isMap, isScalar, LineCounter, parseDocument, type Pair, type YAMLMap } from 'yaml';
import { dialects, findDialect, isDialectId } from './catalogue.js';
import type { SentenceWords } from './clauses.js';
import type { Concept, IntentExamples, IntentTexts } from './intent-examples.js';
import type { PackProblem } from './pack-problem.js';

export type ReadIntents =
  | { readonly intents: ReadonlyMap<string, string>; readonly problems: readonly [] }
  | { readonly intents: undefined; readonly problems: readonly PackProblem[] };

export type ReadIntentExamples =
  | { readonly examples: IntentExamples; readonly problems: readonly [] }
  | { readonly examples: undefined; readonly problems: readonly PackProblem[] };

/** Reads the list of intents: `intents: { bill-query: what the caller wants }`. */
export function readIntents(source: string, file: string): ReadIntents {
  const reader = new Reader(source, file);
  const root = reader.root();
  const intents = new Map<string, string>();
  for (const { key, value, line } of reader.entries(root, 'the file')) {
    if (key !== 'intents') reader.tell(line, `unknown key '${key}'; allowed here: intents`);
    else for (const one of reader.entries(value, 'intents')) intents.set(one.key, reader.text(one));
  }
  if (intents.size === 0) reader.tell(1, "no intent stands here: write 'intents:' and one a line below it");
  return reader.problems.length > 0
    ? { intents: undefined, problems: reader.problems }
    : { intents, problems: [] };
}

/** Reads one language's examples. `intents` are those that may be named. Every problem is told with its line. */
export function readIntentExamples(
  source: string,
  file: string,
  intents: ReadonlySet<string>,
): ReadIntentExamples {
  const reader = new Reader(source, file);
  const examples: IntentTexts[] = [];
  let concepts: readonly Concept[] = [];
  let sentenceWords: SentenceWords = { joiners: [], mistakes: [], denials: [], contrasts: [] };
  let language = '';
  const seen = new Map<string, number>();
  const add = (map: unknown, dialect: string) => {
    for (const entry of reader.entries(map, 'the examples')) {
      if (!intents.has(entry.key)) {
        reader.tell(entry.line, `'${entry.key}' is no intent; there are: ${[...intents].join(', ')}`);
        continue;
      }
      const lines = reader.lines(entry);
      for (const { text, line } of lines) {
        const twice = `${dialect} ${text}`;
        const before = seen.get(twice);
        if (before !== undefined) {
          reader.tell(line, `'${text}' stands already in line ${String(before)}: remove one`);
        }
        seen.set(twice, line);
      }
      examples.push({ intent: entry.key, dialect, texts: lines.map(({ text }) => text) });
    }
  };
  for (const entry of reader.entries(reader.root(), 'the file')) {
    const { key, value, line } = entry;
    if (key === 'language') {
      language = reader.text(entry);
      if (!dialects.some((dialect) => dialect.language === language)) {
        const known = [...new Set(dialects.map((dialect) => dialect.language))].join(', ');
        reader.tell(line, `'${language}' is no language of the catalogue; there are: ${known}`);
      }
    } else if (key === 'concepts') concepts = readConcepts(reader, value);
    else if (key === 'sentenceWords') sentenceWords = readSentenceWords(reader, value);
    else if (key === 'examples') add(value, language);
    else if (key === 'dialects') {
      for (const one of reader.entries(value, 'dialects')) {
        if (!isDialectId(one.key)) reader.tell(one.line, `'${one.key}' is no dialect of the catalogue`);
        else if (!findDialect(one.key)) continue;
        add(one.value, one.key);
      }
    } else {
      const allowed = 'language, concepts, sentenceWords, examples, dialects';
      reader.tell(line, `unknown key '${key}'; allowed here: ${allowed}`);
    }
  }
  if (language === '') reader.tell(1, "the language is missing: write 'language: cmn' above all else");
  return reader.problems.length > 0
    ? { examples: undefined, problems: reader.problems }
    : { examples: { language, concepts, sentenceWords, examples }, problems: [] };
}

function readConcepts(reader: Reader, map: unknown): Concept[] {
  const seen = new Map<string, string>();
  return reader.entries(map, 'concepts').map((entry) => {
    const words = reader.text(entry).split(/\s+/u).filter(Boolean);
    for (const word of words) {
      const other = seen.get(word);
      if (other !== undefined) {
        const where = other === entry.key ? 'here twice' : `in '${other}' already`;
        reader.tell(entry.line, `'${word}' stands ${where}: a word belongs to one concept`);
      }
      seen.set(word, entry.key);
    }
    return { name: entry.key, words };
  });
}

const sentenceWordKinds: readonly (keyof SentenceWords)[] = ['joiners', 'mistakes', 'denials', 'contrasts'];

/** Lists of phrases, parted by commas. */
function readSentenceWords(reader: Reader, map: unknown): SentenceWords {
  const found = new Map<string, string[]>();
  for (const entry of reader.entries(map, 'sentenceWords')) {
    if (!sentenceWordKinds.some((kind) => kind === entry.key)) {
      reader.tell(entry.line, `unknown key '${entry.key}'; allowed here: ${sentenceWordKinds.join(', ')}`);
      continue;
    }
    const phrases = reader
      .text(entry)
      .split(',')
      .map((phrase) => phrase.trim());
    if (entry.key === 'contrasts' && phrases.some((phrase) => phrase.split('…').length !== 2)) {
      reader.tell(entry.line, `a contrast is two words with … between them: 不是…是`);
    }
    found.set(entry.key, phrases.filter(Boolean));
  }
  const of = (kind: keyof SentenceWords) => found.get(kind) ?? [];
  return {
    joiners: of('joiners'),
    mistakes: of('mistakes'),
    denials: of('denials'),
    contrasts: of('contrasts'),
  };
}

interface Entry {
  readonly key: string;
  readonly line: number;
  readonly value: unknown;
}

/** YAML nodes with their lines; what is wrong is gathered, and what can be read is read all the same. */
class Reader {
  readonly problems: PackProblem[] = [];
  readonly #file: string;
  readonly #lines = new LineCounter();
  readonly #source: string;

  constructor(source: string, file: string) {
    this.#file = file;
    this.#source = source;
  }

  root(): unknown {
    const document = parseDocument(this.#source, { lineCounter: this.#lines, uniqueKeys: true });
    for (const error of document.errors.slice(0, 1)) {
      const said = (error.message.split('\n')[0] ?? '').replace(/ at line.*$/, '');
      this.tell(this.#lines.linePos(error.pos[0]).line, `this is not YAML: ${said}`);
      return undefined;
    }
    return document.contents;
  }

  tell(line: number, message: string): void {
    this.problems.push({ file: this.#file, line: Math.max(1, line), message });
  }

  entries(node: unknown, what: string): Entry[] {
    if (!isMap(node)) {
      if (this.problems.length === 0) this.tell(this.#lineOf(node), `${what}: a map is expected here`);
      return [];
    }
    return (node as YAMLMap).items.map((pair: Pair) => ({
      key: String(isScalar(pair.key) ? pair.key.value : pair.key),
      line: this.#lineOf(pair.key),
      value: pair.value,
    }));
  }

  text({ key, value, line }: Entry): string {
    if (isScalar(value) && typeof value.value === 'string' && value.value.trim() !== '') {
      return value.value.trim();
    }
    this.tell(line, `'${key}' needs a text`);
    return '';
  }

  /** The lines of a block text (`|`), each with where it stands. */
  lines(entry: Entry): { readonly text: string; readonly line: number }[] {
    const { key, value, line } = entry;
    if (!isScalar(value) || typeof value.value !== 'string' || value.type !== 'BLOCK_LITERAL') {
      this.tell(line, `'${key}' needs its sentences: write | after the colon, and one a line below`);
      return [];
    }
    // The text begins on the line after its |.
    return value.value
      .split('\n')
      .map((text, index) => ({ text: text.trim(), line: line + 1 + index }))
      .filter(({ text }) => text !== '');
  }

  #lineOf(node: unknown): number {
    const range = (node as { range?: readonly [number, number, number] | null } | null)?.range;
    return range ? this.#lines.linePos(range[0]).line : 1;
  }
}
