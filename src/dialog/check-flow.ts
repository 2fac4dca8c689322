import { sameLanguageChain } from '../dialect/catalogue.js';
import type { CompileScope } from './compile-scope.js';
import type { Dialplan, DialplanNode, DialplanPrompt } from './dialplan.js';
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
    for (const prompt of promptsOf(node)) {
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

function promptsOf(node: DialplanNode): readonly DialplanPrompt[] {
  switch (node.type) {
    case 'say':
    case 'transfer':
    case 'hangup':
      return node.prompts;
    case 'menu':
    case 'digits':
      return [...node.prompts, ...node.noInput.reprompts.flat(), ...node.noMatch.reprompts.flat()];
    default:
      return [];
  }
}

/** A choice that has phrases in some dialect but none in one that the menu can be in is heard there by its key only. */
function checkPhraseDialects(
  scope: CompileScope,
  dialplan: Dialplan,
  reached: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  for (const [name, dialects] of reached) {
    const node = dialplan.nodes[name];
    if (node?.type !== 'menu' && node?.type !== 'digits') continue;
    if (node.listenIn !== undefined) continue;
    for (const choice of node.choices) {
      const there = Object.keys(choice.phrases);
      const lacking = [...dialects].filter((d) => !sameLanguageChain(d).some((id) => there.includes(id)));
      if (there.length === 0 || lacking.length === 0) continue;
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
