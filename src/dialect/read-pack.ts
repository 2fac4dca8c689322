import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml';
import { isDialectId } from './catalogue.js';
import { replyKinds, type DialectPack, type LexiconWord, type ReplyPhrases, type SoundCost } from './pack.js';
import type { PackProblem } from './pack-problem.js';
import { readWordLines } from './word-lines.js';

export type ReadPack =
  | { readonly pack: DialectPack; readonly problems: readonly [] }
  | { readonly pack: undefined; readonly problems: readonly PackProblem[] };

const text = { type: 'string', minLength: 1, title: 'a text' };
const texts = { type: 'array', items: text, title: 'a list of texts' };

const schema = {
  type: 'object',
  title: 'a pack of words',
  required: ['dialect'],
  additionalProperties: false,
  properties: {
    dialect: { ...text, title: 'a dialect id or a family' },
    words: {
      type: 'array',
      title: 'a list of words',
      items: {
        type: 'object',
        title: 'a word',
        required: ['word', 'means', 'example'],
        additionalProperties: false,
        properties: {
          word: text,
          spellings: texts,
          means: { type: 'string', title: "a text ('' for a particle)" },
          tells: { enum: ['nothing', 'weak', 'strong'], title: 'nothing, weak or strong' },
          notBefore: texts,
          notAfter: texts,
          example: {
            type: 'string',
            pattern: '^.+ => .*$',
            title: "an example, 'dialect sentence => standard sentence'",
          },
        },
      },
    },
    plain: texts,
    fillers: texts,
    replies: {
      type: 'object',
      title: 'a map of replies',
      additionalProperties: false,
      properties: Object.fromEntries(replyKinds.map((kind) => [kind, texts])),
    },
    aroundReplies: texts,
    backchannels: texts,
    turnFinal: texts,
    turnHolding: texts,
    soundCosts: {
      type: 'array',
      title: 'a list of sound costs',
      items: {
        type: 'object',
        title: 'a sound cost',
        required: ['a', 'b', 'cost'],
        additionalProperties: false,
        properties: { a: text, b: text, cost: { type: 'number', minimum: 0, maximum: 1, title: 'a cost' } },
      },
    },
  },
};

/** Its example is one line, `dialect sentence => standard sentence`. */
interface WrittenWord extends Partial<Omit<LexiconWord, 'word' | 'means' | 'example'>> {
  readonly word: string;
  readonly means: string;
  readonly example: string;
}

/** A pack as it is written: everything but the words' sentences may be left out. */
interface WrittenPack {
  readonly dialect: string;
  readonly words?: readonly WrittenWord[];
  readonly plain?: readonly string[];
  readonly fillers?: readonly string[];
  readonly replies?: Partial<ReplyPhrases>;
  readonly aroundReplies?: readonly string[];
  readonly backchannels?: readonly string[];
  readonly turnFinal?: readonly string[];
  readonly turnHolding?: readonly string[];
  readonly soundCosts?: readonly SoundCost[];
}

/** Families that are no dialect of their own, but whose words all of theirs share. */
export const packFamilies: readonly string[] = ['sinitic', 'en', 'es', 'pt', 'ar', 'de', 'fr'];

let compiled: ValidateFunction<WrittenPack> | undefined;

/** Compiled when the first pack is read, which is in few processes; not optimised: that takes longer than it saves. */
function validator(): ValidateFunction<WrittenPack> {
  const options = { allErrors: true, verbose: true, strict: true, code: { optimize: false } };
  return (compiled ??= new Ajv(options).compile<WrittenPack>(schema));
}

/** Reads one file of words (YAML). Either it is right, or every problem is told with its line. */
export function readPack(source: string, file: string): ReadPack {
  const right = readRightPack(source);
  if (right !== undefined) return { pack: right, problems: [] };
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, uniqueKeys: true });
  const first = document.errors[0];
  if (first !== undefined) {
    const message = `this is not YAML: ${(first.message.split('\n')[0] ?? '').replace(/ at line.*$/, '')}`;
    return { pack: undefined, problems: [{ file, line: lines.linePos(first.pos[0]).line, message }] };
  }
  const place: Place = (path) => Math.max(1, lines.linePos(offsetOf(document, path)).line);
  const value: unknown = document.toJS({ maxAliasCount: 0 });
  const validate = validator();
  if (!validate(value)) {
    const problems = (validate.errors ?? []).map((error) => toProblem(error, file, place));
    return { pack: undefined, problems: problems.sort((a, b) => a.line - b.line) };
  }
  const problems = contentProblems(value, file, place);
  return problems.length > 0 ? { pack: undefined, problems } : { pack: toPack(value), problems: [] };
}

/** A pack without any problem, read without the places of its parts; undefined if it has one, or none of the usual lines. */
function readRightPack(source: string): DialectPack | undefined {
  const lines = readWordLines(source);
  if (lines === undefined) return undefined;
  const document = parseDocument(lines.rest, { uniqueKeys: true });
  if (document.errors.length > 0) return undefined;
  const others: unknown = document.toJS({ maxAliasCount: 0 });
  if (typeof others !== 'object' || others === null || 'words' in others) return undefined;
  const value: unknown = { ...others, words: lines.words };
  if (!validator()(value)) return undefined;
  const pack = value as WrittenPack;
  return contentProblems(pack, '', () => 0).length === 0 ? toPack(pack) : undefined;
}

type Place = (path: readonly (string | number)[]) => number;

/** What a schema cannot see: ids, words that stand twice, examples without their word. */
function contentProblems(pack: WrittenPack, file: string, place: Place): PackProblem[] {
  const problems: PackProblem[] = [];
  const tell = (path: readonly (string | number)[], message: string) =>
    problems.push({ file, line: place(path), message });
  if (!isDialectId(pack.dialect) && !packFamilies.includes(pack.dialect)) {
    tell(['dialect'], `'${pack.dialect}' is no dialect: write an id of 'xiangyin dialect list'`);
  }
  const seen = new Map<string, number>();
  for (const [index, { word, spellings = [], example }] of (pack.words ?? []).entries()) {
    const sentence = toExample(example).text;
    for (const spelling of [word, ...spellings]) {
      const before = seen.get(spelling);
      const line = place(['words', index]);
      if (before !== undefined) {
        tell(['words', index], `'${spelling}' stands already in line ${String(before)}: remove one`);
      }
      seen.set(spelling, line);
    }
    if (!sentence.toLowerCase().includes(word.toLowerCase())) {
      tell(['words', index], `the example of '${word}' does not hold the word: write a sentence with it`);
    }
  }
  return problems;
}

function toPack(written: WrittenPack): DialectPack {
  const { dialect, words = [], plain = [], fillers = [], replies = {} } = written;
  return {
    dialect,
    words: words.map(
      ({ word, means, spellings = [], tells = 'nothing', notBefore = [], notAfter = [], example }) => ({
        word,
        spellings,
        means,
        tells,
        notBefore,
        notAfter,
        example: toExample(example),
      }),
    ),
    plain,
    fillers,
    replies: {
      yes: replies.yes ?? [],
      no: replies.no ?? [],
      dontKnow: replies.dontKnow ?? [],
      repeat: replies.repeat ?? [],
      person: replies.person ?? [],
      slower: replies.slower ?? [],
      louder: replies.louder ?? [],
      stopCalling: replies.stopCalling ?? [],
    },
    aroundReplies: written.aroundReplies ?? [],
    backchannels: written.backchannels ?? [],
    turnFinal: written.turnFinal ?? [],
    turnHolding: written.turnHolding ?? [],
    soundCosts: written.soundCosts ?? [],
  };
}

function toExample(written: string): LexiconWord['example'] {
  const [sentence = '', canonical = ''] = written.split(' => ');
  return { text: sentence.trim(), canonical: canonical.trim() };
}

function toProblem(error: ErrorObject, file: string, place: Place): PackProblem {
  const path = toPath(error.instancePath);
  const params = error.params as Readonly<Record<string, unknown>>;
  const what = (error.parentSchema as { title?: string } | undefined)?.title ?? 'this';
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(params['additionalProperty']);
      const allowed = Object.keys((error.parentSchema as { properties: object }).properties);
      const message = `unknown key '${key}' in ${what}; allowed here: ${allowed.join(', ')}`;
      return { file, line: place([...path, key]), message };
    }
    case 'required':
      return {
        file,
        line: place(path),
        message: `${what} needs '${String(params['missingProperty'])}': add it`,
      };
    default:
      return { file, line: place(path), message: `this is not ${what}: write ${what} here` };
  }
}

/** An RFC 6901 pointer as steps. */
function toPath(pointer: string): (string | number)[] {
  const steps = pointer.split('/').slice(1);
  return steps.map((step) =>
    /^\d+$/.test(step) ? Number(step) : step.replace(/~1/g, '/').replace(/~0/g, '~'),
  );
}

/** Where a value begins in the file; where the nearest thing above it begins if it is not there. */
function offsetOf(document: Document, path: readonly (string | number)[]): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const step of path) {
    let start: unknown;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(step));
      start = pair?.key;
      node = pair?.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      start = node;
    }
    const range = (start as { range?: readonly [number, number, number] | null } | undefined)?.range;
    if (!range) return offset;
    offset = range[0];
  }
  return offset;
}
