import { sameLanguageChain } from '../dialect/catalogue.js';
import type { CompileScope } from './compile-scope.js';
import {
  asking,
  type AskingNode,
  type Dialplan,
  type DialplanNode,
  type DialplanPrompt,
} from './dialplan.js';
import { findRounds, reachableDialects } from './flow-graph.js';
import type { Path } from './problem.js';

/** Checks of a whole dialplan, for which each part by itself is right. */
export function checkFlow(scope: CompileScope, dialplan: Dialplan): void {
  const reached = reachableDialects(dialplan);
  for (const name of Object.keys(dialplan.nodes)) {
    if (!reached.has(name)) {
      scope.warn(nodePath(name), `no call ever comes to '${name}': lead a goto to it, or remove it`, 'key');
    }
  }
  checkLoops(scope, dialplan);
  checkPromptDialects(scope, dialplan, reached);
  checkPhraseDialects(scope, dialplan, reached);
  checkLabels(scope, dialplan);
}

/** Where it is asked back, every choice by intent needs a name. */
function checkLabels(scope: CompileScope, dialplan: Dialplan): void {
  const { intents } = dialplan;
  if (intents === undefined || intents.confirm.length + intents.whichFirst.length === 0) return;
  for (const [name, node] of Object.entries(dialplan.nodes)) {
    for (const choice of asking(node)?.choices ?? []) {
      if (choice.intents.length === 0 || choice.label.length > 0) continue;
      const path = choice.common ? ['everywhere', choice.id] : [...nodePath(name), 'choices', choice.id];
      scope.warn(
        path,
        `nobody can be asked whether he means '${choice.id}': add label, the words for it in {{wish}}`,
        'key',
      );
    }
  }
}

function checkLoops(scope: CompileScope, dialplan: Dialplan): void {
  const busy = findRounds(dialplan, ['auto']);
  for (const round of busy) {
    const [first = ''] = round;
    scope.error(
      nodePath(first),
      `${ways(round)} goes round without ever waiting for the caller: lead one of them to a menu, digits or hangup`,
      'key',
    );
  }
  for (const round of findRounds(dialplan, ['auto', 'retry'])) {
    if (busy.length > 0) return;
    const [first = ''] = round;
    scope.error(
      nodePath(first),
      `a caller who says nothing goes round for ever (${ways(round)}): lead the last noInput/noMatch (or busy, noAnswer, failed, wayOut) to a hangup`,
      'key',
    );
  }
}

function ways(round: readonly string[]): string {
  return [...round, round[0] ?? ''].join(' -> ');
}

function checkPromptDialects(
  scope: CompileScope,
  dialplan: Dialplan,
  reached: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  const missing = new Map<DialplanPrompt, { dialects: Set<string>; node: string }>();
  for (const [name, dialects] of reached) {
    const node = dialplan.nodes[name];
    if (node === undefined) continue;
    for (const prompt of promptsOf(node, dialplan)) {
      if (scope.places.get(prompt)?.fixed ?? false) continue;
      for (const dialect of dialects) {
        if (sameLanguageChain(dialect).some((id) => prompt.byDialect[id] !== undefined)) continue;
        const entry = missing.get(prompt) ?? { dialects: new Set<string>(), node: name };
        entry.dialects.add(dialect);
        missing.set(prompt, entry);
      }
    }
  }
  for (const [prompt, { dialects, node }] of missing) {
    const there = Object.keys(prompt.byDialect);
    const lacking = [...dialects].sort();
    const example = [...there, ...lacking].map((d) => `${d}: ...`).join(', ');
    scope.error(
      scope.places.get(prompt)?.path ?? [],
      `this prompt has no words for ${lacking.join(', ')}, in which a call can be at ${node}: write {${example}}`,
    );
  }
}

function promptsOf(node: DialplanNode, dialplan: Dialplan): readonly DialplanPrompt[] {
  switch (node.type) {
    case 'say':
    case 'transfer':
    case 'hangup':
      return node.prompts;
    case 'menu':
    case 'digits':
    case 'ask':
      return [
        ...node.prompts,
        ...node.openPrompts,
        ...(node.type === 'ask' ? node.confirmPrompts : []),
        ...node.noInput.reprompts.flat(),
        ...node.noMatch.reprompts.flat(),
        ...askedBack(node, dialplan),
      ];
    case 'agenda':
      return dialplan.intents?.next ?? [];
    default:
      return [];
  }
}

/** What a caller may be asked back about the choices of a node. */
function askedBack({ choices }: AskingNode, { intents }: Dialplan): readonly DialplanPrompt[] {
  const named = choices.filter(({ label }) => label.length > 0);
  if (intents === undefined || named.length === 0) return [];
  return [...intents.confirm, ...intents.whichFirst, ...named.flatMap(({ label }) => label)];
}

/** A choice that has phrases in some dialect but none in one that the menu can be in is heard there by its key only. */
function checkPhraseDialects(
  scope: CompileScope,
  dialplan: Dialplan,
  reached: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  for (const [name, dialects] of reached) {
    const node = asking(dialplan.nodes[name]);
    if (node === undefined || node.listenIn !== undefined) continue;
    for (const choice of node.choices) {
      const there = Object.keys(choice.phrases);
      const lacking = [...dialects].filter((d) => !sameLanguageChain(d).some((id) => there.includes(id)));
      // What is understood by intent or answer is understood in every dialect.
      const understood = choice.intents.length > 0 || choice.replies.length > 0;
      if (there.length === 0 || lacking.length === 0 || understood) continue;
      const list = lacking.map((d) => `${d}: [...]`).join(', ');
      scope.warn(
        [...nodePath(name), 'choices', choice.id, 'phrases'],
        `callers in ${lacking.join(', ')} cannot say '${choice.id}' at ${name}: add {${list}}`,
      );
    }
  }
}

function nodePath(name: string): Path {
  const dot = name.indexOf('.');
  return ['flows', name.slice(0, dot), 'nodes', name.slice(dot + 1)];
}
