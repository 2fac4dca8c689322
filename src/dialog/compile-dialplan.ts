import { createHash } from 'node:crypto';
import { isDialectId } from '../dialect/catalogue.js';
import { checkFlow } from './check-flow.js';
import { CompileScope } from './compile-scope.js';
import {
  asking,
  builtInVariables,
  reservedTargets,
  saidVariable,
  type AgendaNode,
  type Answer,
  type Dialplan,
  type DialplanIntents,
  type DialplanNode,
} from './dialplan.js';
import {
  askingSource,
  dialplanSchema,
  namePattern,
  type AnswerSource,
  type ChoiceSource,
  type DialplanSource,
  type Scalar,
  type SlotSource,
} from './dialplan-schema.js';
import { sortProblems, type Path, type Problem } from './problem.js';
import type { PromptManifest } from './prompt-manifest.js';
import { checkSettable, readKey, readPhrases, type ResolveTarget } from './read-choice.js';
import { readNode } from './read-node.js';
import { readPrompts } from './read-prompt.js';
import { compileSchema, schemaProblems } from './schema-problems.js';
import { advice, closest } from './suggest.js';
import { parseYaml } from './yaml-file.js';

export type CompileResult =
  | { readonly ok: true; readonly dialplan: Dialplan; readonly warnings: readonly Problem[] }
  /** Errors, and warnings among them, in the order of the file. */
  | { readonly ok: false; readonly problems: readonly Problem[] };

export interface CompileOptions {
  /** Words of the recordings; without it `file:` prompts are not checked and have only the words written beside them. */
  readonly manifest?: PromptManifest;
  /** The intents of each set that there is; without it they are not checked. */
  readonly intentSets?: ReadonlyMap<string, ReadonlySet<string>>;
}

const validate = compileSchema(dialplanSchema);

/** Compiles a dialplan's text. Never throws: whatever is wrong is a problem with its place and advice. */
export function compileDialplan(text: string, file: string, options: CompileOptions = {}): CompileResult {
  const yaml = parseYaml(text, file);
  const failed = (problems: readonly Problem[]): CompileResult => ({
    ok: false,
    problems: sortProblems(problems),
  });
  if (hasErrors(yaml.problems)) return failed(yaml.problems);
  const shape = [...yaml.problems, ...schemaProblems(validate, yaml)];
  if (hasErrors(shape)) return failed(shape);
  const source = yaml.value as DialplanSource;
  const scope = new CompileScope(yaml, dialectsOf(source), variablesOf(source), options.manifest);
  scope.intentSets = options.intentSets;
  scope.intentSet = typeof source.intents === 'string' ? source.intents : source.intents?.set;
  scope.slotOf = slotsOf(source);
  checkDialects(scope, source);
  readNamedPrompts(scope, source);
  scope.answers = readAnswers(scope, source);
  const dialplan = readFlows(scope, source, versionOf(text));
  if (dialplan !== undefined && !hasErrors(scope.problems)) checkFlow(scope, dialplan);
  if (!hasErrors(scope.problems)) warnUnusedPrompts(scope);
  const problems = [...shape, ...scope.problems];
  if (dialplan === undefined || hasErrors(problems)) return failed(problems);
  return { ok: true, dialplan, warnings: sortProblems(problems) };
}

function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === 'error');
}

function versionOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** The default first; without a list: the default and whatever is set anywhere. */
function dialectsOf(source: DialplanSource): readonly string[] {
  const first = source.defaults?.dialect ?? source.dialects?.[0];
  const set = choicesAndSets(source).flatMap((assignments) => String(assignments['dialect'] ?? ''));
  const rest = source.dialects ?? set.filter(isDialectId);
  return [...new Set(first === undefined ? rest : [first, ...rest])];
}

type Assignments = Readonly<Record<string, Scalar>>;

/** Every `set:` and every `variables:` of a set node. */
function choicesAndSets(source: DialplanSource): readonly Assignments[] {
  const found: (Assignments | undefined)[] = [];
  const add = (choices: Readonly<Record<string, ChoiceSource>> | undefined): void => {
    for (const choice of Object.values(choices ?? {})) found.push(choice.set);
  };
  add(source.everywhere);
  for (const node of Object.values(source.flows).flatMap((flow) => Object.values(flow.nodes))) {
    if (node.type === 'set') found.push(node.variables);
    else add(askingSource(node)?.choices);
  }
  return found.filter((assignments) => assignments !== undefined);
}

function variablesOf(source: DialplanSource): ReadonlySet<string> {
  const names = new Set<string>(builtInVariables);
  for (const name of Object.keys(source.variables ?? {})) names.add(name);
  for (const assignments of choicesAndSets(source))
    for (const name of Object.keys(assignments)) names.add(name);
  for (const flow of Object.values(source.flows)) {
    for (const node of Object.values(flow.nodes)) {
      const saveAs = askingSource(node)?.saveAs;
      if (saveAs !== undefined) names.add(saveAs).add(saidVariable(saveAs));
    }
  }
  if (typeof source.intents === 'object') names.add('wish').add('otherWish');
  return names;
}

/** What each variable is asked for as; one that is asked for in two ways is read out as it is. */
function slotsOf(source: DialplanSource): CompileScope['slotOf'] {
  const types = new Map<string, SlotSource['slot']>();
  for (const node of Object.values(source.flows).flatMap(({ nodes }) => Object.values(nodes))) {
    if (node.type !== 'ask') continue;
    const known = types.get(node.saveAs);
    types.set(node.saveAs, known === undefined || known === node.slot ? node.slot : 'text');
  }
  return types;
}

function readAnswers(scope: CompileScope, source: DialplanSource): CompileScope['answers'] {
  const read = (answer: 'yes' | 'no'): Answer => {
    const { key, phrases }: AnswerSource = source.answers?.[answer] ?? {};
    const path = ['answers', answer];
    return {
      key: key === undefined ? scope.answers[answer].key : readKey(scope, key, [...path, 'key']),
      phrases: phrases === undefined ? {} : readPhrases(scope, phrases, [...path, 'phrases']),
    };
  };
  const answers = { yes: read('yes'), no: read('no') };
  if (answers.yes.key === answers.no.key) {
    scope.error(['answers'], `key ${answers.yes.key} stands for yes and for no: give one of them another`);
  }
  return answers;
}

function readIntents(scope: CompileScope, source: DialplanSource): DialplanIntents | undefined {
  const { intents } = source;
  if (intents === undefined) return undefined;
  const written = typeof intents === 'string' ? { set: intents } : intents;
  const { set } = written;
  if (scope.intentSets !== undefined && !scope.intentSets.has(set)) {
    const sets = [...scope.intentSets.keys()];
    scope.error(['intents'], `there is no set of intents '${set}'${advice(set, sets, 'there are')}`);
  }
  const prompts = (key: 'confirm' | 'whichFirst' | 'next') =>
    written[key] === undefined ? [] : readPrompts(scope, written[key], ['intents', key]);
  return { set, confirm: prompts('confirm'), whichFirst: prompts('whichFirst'), next: prompts('next') };
}

/** What a caller can want beside what he wants first, once all nodes are read. */
function fillAgendas(scope: CompileScope, nodes: Record<string, DialplanNode>): void {
  const choices = Object.values(nodes).flatMap((node) => asking(node)?.choices ?? []);
  const wishes = new Map(
    choices.flatMap(({ intents, assignments, next }) =>
      intents.length === 0 || next === 'again'
        ? []
        : [[JSON.stringify([assignments, next]), { assignments, next }] as const],
    ),
  );
  for (const [name, node] of Object.entries(nodes)) {
    if (node.type !== 'agenda') continue;
    if (wishes.size === 0) {
      const [flow = '', own = ''] = name.split('.');
      scope.warn(
        ['flows', flow, 'nodes', own],
        'no choice has an intent, so nothing is ever left over',
        'key',
      );
    }
    nodes[name] = { ...node, wishes: [...wishes.values()] } satisfies AgendaNode;
  }
}

function checkDialects(scope: CompileScope, source: DialplanSource): void {
  const first = source.defaults?.dialect;
  if (scope.dialects.length === 0) {
    scope.error(
      [],
      "nothing says which dialect the prompts are in: add 'dialects: [en-gb]' (or cmn, yue, ...)",
    );
  } else if (first !== undefined && source.dialects !== undefined && !source.dialects.includes(first)) {
    scope.error(
      ['defaults', 'dialect'],
      `'${first}' is not in the list of dialects (${source.dialects.join(', ')})`,
    );
  }
  for (const name of Object.keys(source.variables ?? {})) {
    if (name === 'dialect') scope.error(['variables', name], "write it as 'dialect' under defaults", 'key');
    else checkSettable(scope, name, ['variables', name]);
  }
}

function readNamedPrompts(scope: CompileScope, source: DialplanSource): void {
  for (const [name, raw] of Object.entries(source.prompts ?? {})) {
    const path = ['prompts', name];
    checkName(scope, name, path);
    scope.prompts.set(name, readPrompts(scope, raw, path, false));
  }
}

function warnUnusedPrompts(scope: CompileScope): void {
  for (const name of scope.prompts.keys()) {
    if (!scope.usedPrompts.has(name))
      scope.warn(['prompts', name], `no node says the prompt '${name}'`, 'key');
  }
}

function checkName(scope: CompileScope, name: string, path: Path): void {
  if (!new RegExp(namePattern).test(name)) {
    scope.error(path, `'${name}' is no name: begin with a letter, then letters, digits and -`, 'key');
  } else if ((reservedTargets as readonly string[]).includes(name)) {
    scope.error(path, `the name '${name}' has a meaning of its own as a target: use another`, 'key');
  }
}

function readFlows(scope: CompileScope, source: DialplanSource, version: string): Dialplan | undefined {
  const nodes: Record<string, DialplanNode> = {};
  const names = Object.entries(source.flows).flatMap(([flow, { nodes: all }]) =>
    Object.keys(all).map((node) => `${flow}.${node}`),
  );
  const resolveIn = (flow: string | undefined) => targetResolver(scope, source, names, flow);
  const resolveTop = resolveIn(undefined);
  for (const [flow, flowSource] of Object.entries(source.flows)) {
    checkName(scope, flow, ['flows', flow]);
    const context = {
      scope,
      defaults: source.defaults ?? {},
      everywhere: source.everywhere ?? {},
      resolve: resolveIn(flow),
      resolveTop,
    };
    if (flowSource.start !== undefined && !Object.hasOwn(flowSource.nodes, flowSource.start)) {
      const there = Object.keys(flowSource.nodes);
      const hint = advice(flowSource.start, there, 'its nodes are');
      scope.error(['flows', flow, 'start'], `flow '${flow}' has no node '${flowSource.start}'${hint}`);
    }
    for (const [name, nodeSource] of Object.entries(flowSource.nodes)) {
      const path = ['flows', flow, 'nodes', name];
      checkName(scope, name, path);
      const node = readNode(context, nodeSource, path);
      if (node !== undefined) nodes[`${flow}.${name}`] = node;
    }
  }
  fillAgendas(scope, nodes);
  const intents = readIntents(scope, source);
  const start = resolveTop(source.start ?? Object.keys(source.flows)[0] ?? '', ['start']);
  if (start === undefined) return undefined;
  if (start === 'hangup') scope.error(['start'], 'a call cannot begin with its end: name a flow');
  const variables = Object.fromEntries(
    Object.entries(source.variables ?? {}).map(([name, value]) => [name, String(value)]),
  );
  return {
    name: source.name,
    title: source.title ?? source.name,
    version,
    file: scope.yaml.file,
    dialects: scope.dialects,
    start,
    variables,
    intents,
    answers: scope.answers,
    nodes,
  };
}

/**
 * A target is `hangup`, `again` (in choices), a node of the same flow, `flow.node`, or a flow (its first node, or its
 * `start`). A node goes before a flow of the same name.
 */
function targetResolver(
  scope: CompileScope,
  source: DialplanSource,
  names: readonly string[],
  flow: string | undefined,
): ResolveTarget {
  return (raw, path, again = false) => {
    if (raw === 'hangup') return raw;
    if (raw === 'again') {
      if (again) return raw;
      scope.error(path, "'again' asks the same question once more and stands only in a choice: name a node");
      return undefined;
    }
    const local = flow === undefined ? raw : `${flow}.${raw}`;
    if (names.includes(local)) return local;
    if (names.includes(raw)) return raw;
    const other = Object.hasOwn(source.flows, raw) ? source.flows[raw] : undefined;
    if (other !== undefined) return `${raw}.${other.start ?? Object.keys(other.nodes)[0] ?? ''}`;
    scope.error(path, `there is no node or flow '${raw}'${targetHint(raw, source, names, flow)}`);
    return undefined;
  };
}

function targetHint(
  raw: string,
  source: DialplanSource,
  names: readonly string[],
  flow: string | undefined,
): string {
  // The right name in another flow is the likeliest slip.
  const elsewhere = names.find((name) => name.endsWith(`.${raw}`));
  if (elsewhere !== undefined) return `; did you mean '${elsewhere}'?`;
  const local = flow === undefined ? [] : Object.keys(source.flows[flow]?.nodes ?? {});
  const near = closest(raw, [...local, ...Object.keys(source.flows), ...reservedTargets, ...names]);
  if (near !== undefined) return `; did you mean '${near}'?`;
  return advice(raw, [...local, ...Object.keys(source.flows)], 'there are');
}
