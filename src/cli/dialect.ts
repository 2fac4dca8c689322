import type { Command } from 'commander';
import { dialects, fallbackChain, findDialect, type Autonomy } from '../dialect/catalogue.js';
import { coverageOf, type EngineCoverage } from '../dialect/engine-coverage.js';
import { crossValidate } from '../dialect/cross-validate.js';
import { evaluate, type Evaluation, type Understanding } from '../dialect/evaluate.js';
import { familyOf } from '../dialect/packs.js';
import type { PackProblem } from '../dialect/pack-problem.js';
import { replyKinds } from '../dialect/pack.js';
import { readDialectData, type DialectData, writeLearnedIntents } from '../dialect-data.js';
import {
  readShippedSet,
  readTestSetFile,
  shippedSplits,
  type SplitName,
  type TestSetFile,
} from '../dialect-files.js';
import { crossValidationText, evaluationText } from './dialect-text.js';
import { addTeachCommands } from './dialect-teach.js';
import { cliError } from './errors.js';

interface EvaluateFlags {
  readonly set?: string;
  readonly json?: boolean;
  readonly errors?: boolean;
  readonly crossValidate?: boolean;
}

/** `xiangyin dialect`: what is known of each dialect, and how well it is understood. */
export function addDialectCommand(program: Command): void {
  const dialect = program
    .command('dialect')
    .description('dialects: what is known of each, how well each is understood');
  dialect.command('list').description('every dialect').option('--json', 'print one JSON array').action(list);
  dialect
    .command('show')
    .description('one dialect: what it falls back to, how many words, answers and examples it has')
    .argument('<id>', "an id of 'dialect list'")
    .option('--json', 'print one JSON object')
    .action(show);
  dialect
    .command('evaluate')
    .description('how well intents, slots and dialects are understood, over sentences with known answers')
    .option('--set <file>', 'one JSON object a line (default: the sets that Xiangyin comes with)')
    .option('--json', 'print one JSON object')
    .option('--errors', 'show every sentence that was understood wrongly')
    .option('--cross-validate', 'instead of a set: match each fifth of the examples by the others')
    .action(run);
  addTeachCommands(dialect);
  dialect
    .command('train')
    .description('keep what the examples of intents teach in a file, after a change of examples or packs')
    .option('--json', 'print one JSON object')
    .action(train);
}

async function train(flags: { readonly json?: boolean }): Promise<void> {
  const { problems } = await readDialectData();
  if (told(problems)) return;
  const { file, bytes, families } = await writeLearnedIntents();
  if (flags.json === true) console.log(JSON.stringify({ file, bytes, families }));
  else console.log(`${file}: ${String(Math.ceil(bytes / 1024))} KB, ${families.join(' ')}`);
}

/** What is used of the sets, said with every figure. */
const useOf: Readonly<Record<SplitName, string>> = {
  'held-out-2':
    'written beside the examples by their author, before their errors were seen, and never tuned on: may flatter',
  'held-out-several':
    'several wishes in a sentence: written before the method that parts them, never tuned on; may flatter',
  'held-out': 'never seen while lexicons, examples and thresholds were made',
  tuned: 'used while lexicons, examples and thresholds were made: flatters',
};

async function run(flags: EvaluateFlags): Promise<void> {
  const data = await readDialectData();
  if (told(data.problems)) return;
  if (flags.crossValidate === true) {
    const { errors, ...figures } = crossValidate(data.examples, data.packs);
    if (flags.json === true) console.log(JSON.stringify({ ...figures, ...(flags.errors && { errors }) }));
    else console.log(crossValidationText({ ...figures, errors }, flags.errors === true));
    return;
  }
  const known = new Set(data.intents.keys());
  if (flags.set !== undefined) {
    const set = await readSet(flags.set, known);
    if (told(set.problems)) return;
    const evaluation = evaluate(set.lines, understandingOf(data));
    if (flags.json === true) console.log(JSON.stringify({ set: set.file, ...shown(evaluation, flags) }));
    else console.log(evaluationText(set.file, '', evaluation, flags.errors === true));
    return;
  }
  const splits: [SplitName, Evaluation, TestSetFile][] = [];
  for (const split of shippedSplits) {
    const set = await readShippedSet(split, known);
    if (set === undefined) continue;
    if (told(set.problems)) return;
    splits.push([split, evaluate(set.lines, understandingOf(data)), set]);
  }
  const [first] = splits;
  if (first === undefined) throw cliError('CLI_NO_TEST_SET');
  if (flags.json === true) {
    // The figures on top are those of the sentences nobody tuned on.
    const [split, evaluation] = first;
    const each = splits.map(([name, one]) => [name, { use: useOf[name], ...shown(one, flags) }] as const);
    const utterances = splits.reduce((sum, [, { lines }]) => sum + lines, 0);
    console.log(
      JSON.stringify({ split, utterances, ...shown(evaluation, flags), splits: Object.fromEntries(each) }),
    );
    return;
  }
  for (const [split, evaluation, set] of splits) {
    console.log(evaluationText(`${split} (${useOf[split]})`, set.file, evaluation, flags.errors === true));
  }
}

async function readSet(file: string, known: ReadonlySet<string>): Promise<TestSetFile> {
  try {
    return await readTestSetFile(file, known);
  } catch (error) {
    throw cliError('CLI_TEST_SET_UNREADABLE', { file }, error);
  }
}

function shown({ errors, ...figures }: Evaluation, flags: EvaluateFlags): object {
  return flags.errors === true ? { ...figures, errors } : figures;
}

/** As a call understands: intents and slots in the dialect it is in, the dialect itself from the text alone. */
function understandingOf({ matcher, slots, identifier }: DialectData): Understanding {
  const today = new Date();
  return {
    intentOf: (text, dialect) => matcher.understand(text, dialect),
    slotOf: (type, text, dialect) => slots.readSlot(type, text, dialect, today)?.value,
    dialectOf: (text) => identifier.identifyText(text),
  };
}

/** Prints what is wrong with the files; whether there was something. */
function told(problems: readonly PackProblem[]): boolean {
  for (const { file, line, message } of problems) console.error(`${file}:${String(line)}: ${message}`);
  if (problems.length === 0) return false;
  console.error(
    `${String(problems.length)} problem${problems.length === 1 ? '' : 's'}: nothing was evaluated`,
  );
  process.exitCode = 1;
  return true;
}

interface DialectFacts {
  readonly id: string;
  readonly name: string;
  readonly ownName: string;
  readonly language: string;
  readonly fallback: readonly string[];
  /** Of its own pack, without what it falls back to. */
  readonly words: number;
  readonly answers: number;
  /** Sentences by which intents are known: its own, and those that its language or family shares with it. */
  readonly examples: number;
  readonly sharedExamples: number;
  readonly slots: boolean;
  /** How far a caller is let speak to an engine of which nothing was measured. */
  readonly autonomy: Autonomy;
  readonly calledBy: readonly string[];
  readonly engines: readonly EngineCoverage[];
}

function factsOf(id: string, { packs, examples, slots }: DialectData): DialectFacts | undefined {
  const dialect = findDialect(id);
  if (dialect === undefined) return undefined;
  const pack = packs.own(id);
  const family = examples.filter(({ language }) => familyOf(language) === familyOf(id));
  const sentences = family.flatMap((one) => one.examples);
  const count = (some: typeof sentences) => some.reduce((sum, { texts }) => sum + texts.length, 0);
  const own = sentences.filter((texts) => texts.dialect === id);
  return {
    ...dialect,
    fallback: fallbackChain(id).slice(1),
    words: pack?.words.length ?? 0,
    answers: replyKinds.reduce((sum, kind) => sum + (pack?.replies[kind].length ?? 0), 0),
    examples: count(own),
    sharedExamples: count(sentences) - count(own),
    slots: slots.dialects.includes(id),
    engines: coverageOf(id),
  };
}

async function list(flags: { readonly json?: boolean }): Promise<void> {
  const data = await readDialectData();
  const all = dialects.flatMap(({ id }) => factsOf(id, data) ?? []);
  if (flags.json === true) {
    console.log(JSON.stringify(all));
    return;
  }
  for (const { id, ownName, name, words, examples, autonomy, engines } of all) {
    const known = `${String(words).padStart(4)} words ${String(examples).padStart(5)} examples`;
    const heard = engines.filter(({ hears }) => hears !== undefined).length;
    const spoken = engines.filter(({ speaks }) => speaks !== undefined).length;
    const by = `heard by ${String(heard).padStart(2)}, spoken by ${String(spoken)}`;
    console.log(`${id.padEnd(13)} ${autonomy.padEnd(7)} ${by}  ${known}  ${name}, ${ownName}`);
  }
}

async function show(id: string, flags: { readonly json?: boolean }): Promise<void> {
  const facts = factsOf(id, await readDialectData());
  if (facts === undefined) {
    throw cliError('CLI_NO_SUCH_DIALECT', { id, ids: dialects.map((dialect) => dialect.id).join(', ') });
  }
  if (flags.json === true) {
    console.log(JSON.stringify(facts));
    return;
  }
  const { name, ownName, language, fallback, words, answers, examples, sharedExamples, slots } = facts;
  const { autonomy, calledBy, engines } = facts;
  console.log(
    [
      `${id}  ${name}, ${ownName}`,
      `  language    ${language}`,
      `  falls back  ${fallback.length === 0 ? 'to nothing' : fallback.join(', ')}`,
      `  words       ${String(words)} of its own`,
      `  answers     ${String(answers)} of its own (yes, no, say again, ...)`,
      `  examples    ${String(examples)} of its own, ${String(sharedExamples)} shared`,
      `  slots       ${slots ? 'read' : 'not read'}`,
      `  called      ${calledBy.join(', ')}`,
      `  autonomy    ${autonomy}: ${meansOf[autonomy]}`,
      ...engines.map(engineLine),
    ].join('\n'),
  );
}

const meansOf: Readonly<Record<Autonomy, string>> = {
  open: 'says whatever he likes; asked back where it is not sure',
  closed: 'is heard by the phrases of each question',
  confirm: 'is heard, and every answer is read back',
  keys: 'is led by keys or to a person',
};

/** `  dashscope   hears (its own finding), errors 25.5 %, confirm; speaks as ...`. */
function engineLine({ engine, hears, speaks }: EngineCoverage): string {
  const heard =
    hears === undefined
      ? 'does not hear it'
      : [
          hears.code === undefined ? 'hears it' : `hears it as ${hears.code}`,
          hears.errorRate === undefined ? 'not measured' : `errors ${String(hears.errorRate)} % at the worst`,
          hears.keepsWords === undefined
            ? undefined
            : hears.keepsWords
              ? 'keeps its words'
              : 'writes standard language',
          hears.autonomy,
        ]
          .filter((part) => part !== undefined)
          .join(', ');
  const spoken = speaks === undefined ? '' : `; speaks it as ${[speaks.code, ...speaks.voices].join(', ')}`;
  return `  ${engine.padEnd(14)}${heard}${spoken}`;
}
