import type { Assignment, Condition, Dialplan, DialplanNode, Target } from './dialplan.js';

/** One way from a node to the next. */
export interface Edge {
  readonly to: Target;
  /** `auto` is taken at once, `choice` when the caller answers, `retry` when he does not or cannot be understood. */
  readonly kind: 'auto' | 'choice' | 'retry';
  /** Where it is written below the node, e.g. `['goto']`. */
  readonly at: readonly (string | number)[];
  /** What is set on the way. */
  readonly assignments: readonly Assignment[];
  /** Dialects in which it can be taken, or undefined when it does not depend on the dialect. */
  readonly onlyIn: ((dialect: string) => boolean) | undefined;
}

/** Every way out of a node, in the order in which the interpreter looks at them. */
export function edgesOf(node: DialplanNode): readonly Edge[] {
  const edge = (
    to: Target,
    kind: Edge['kind'],
    at: Edge['at'],
    assignments: readonly Assignment[] = [],
    onlyIn?: (dialect: string) => boolean,
  ): Edge => ({ to, kind, at, assignments, onlyIn });
  switch (node.type) {
    case 'say':
    case 'goto':
      return [edge(node.next, 'auto', ['goto'])];
    case 'set':
      return [edge(node.next, 'auto', ['goto'], node.assignments)];
    case 'branch':
      return branchEdges(node.cases, node.otherwise, edge);
    case 'hangup':
      return [];
    case 'transfer': {
      // Where nobody is reached the call comes along without its caller's doing anything, as for silence.
      const { answered, ...unreached } = node.next;
      const others = Object.entries(unreached).map(([outcome, to]) => edge(to, 'retry', [outcome]));
      return [edge(answered, 'choice', ['goto']), ...others];
    }
    case 'agenda': {
      // Each of them was wished for by the caller, and what was done is left over no more.
      const wishes = node.wishes.map(({ next, assignments }) => edge(next, 'choice', [], assignments));
      return [...wishes, edge(node.otherwise, 'auto', ['else'])];
    }
    case 'menu':
    case 'digits':
    case 'ask': {
      const choices = node.choices.map((c) =>
        edge(c.next, 'choice', ['choices', c.id, 'goto'], c.assignments),
      );
      const digits = node.type === 'menu' ? [] : [edge(node.next, 'choice', ['goto'])];
      const retries = (['noInput', 'noMatch'] as const).map((k) => edge(node[k].next, 'retry', [k, 'goto']));
      return [...choices, ...digits, ...retries];
    }
  }
}

function branchEdges(
  cases: readonly { readonly condition: Condition; readonly next: Target }[],
  otherwise: Target,
  edge: (
    to: Target,
    kind: 'auto',
    at: Edge['at'],
    set?: readonly Assignment[],
    onlyIn?: Edge['onlyIn'],
  ) => Edge,
): Edge[] {
  const taken: ((dialect: string) => boolean)[] = [];
  const notTaken = () => {
    const before = [...taken];
    return (dialect: string): boolean => !before.some((test) => test(dialect));
  };
  const edges = cases.map(({ condition, next }, index) => {
    const test = dialectTest(condition);
    const free = notTaken();
    if (test !== undefined) taken.push(test);
    return edge(next, 'auto', ['cases', index, 'goto'], [], (d) => free(d) && (test?.(d) ?? true));
  });
  return [...edges, edge(otherwise, 'auto', ['else'], [], notTaken())];
}

/** For a condition on the dialect and nothing else: in which dialects it holds. */
function dialectTest(condition: Condition): ((dialect: string) => boolean) | undefined {
  if (condition.kind !== 'equals' && condition.kind !== 'in') return undefined;
  if (condition.variable !== 'dialect') return undefined;
  const templates = condition.kind === 'equals' ? [condition.value] : condition.values;
  const values: string[] = [];
  for (const template of templates) {
    const [part, ...rest] = template;
    if (part?.kind !== 'text' || rest.length > 0) return undefined;
    values.push(part.text);
  }
  return (dialect) => values.includes(dialect);
}

/** For each node that a call can come to: the dialects that it can be in there. */
export function reachableDialects(dialplan: Dialplan): ReadonlyMap<string, ReadonlySet<string>> {
  const reached = new Map<string, Set<string>>();
  const waiting: [string, readonly string[]][] = [[dialplan.start, dialplan.dialects]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [name, incoming] = next;
    const node = dialplan.nodes[name];
    if (node === undefined) continue;
    const known = reached.get(name) ?? new Set<string>();
    const fresh = incoming.filter((dialect) => !known.has(dialect));
    if (fresh.length === 0 && reached.has(name)) continue;
    for (const dialect of fresh) known.add(dialect);
    reached.set(name, known);
    for (const edge of edgesOf(node)) {
      const passing = [...known].filter((d) => edge.onlyIn?.(d) ?? true);
      const to = edge.to === 'again' ? name : edge.to;
      if (passing.length > 0) waiting.push([to, after(edge.assignments, passing, dialplan.dialects)]);
    }
  }
  return reached;
}

function after(
  assignments: readonly Assignment[],
  dialects: readonly string[],
  all: readonly string[],
): readonly string[] {
  const set = assignments.findLast((a) => a.variable === 'dialect');
  if (set === undefined) return dialects;
  const [part, ...rest] = set.value;
  return part?.kind === 'text' && rest.length === 0 ? [part.text] : all;
}

/**
 * Ways round that use only edges of these kinds, each as the nodes on it. One of every knot of such ways is found, not
 * all of them.
 */
export function findRounds(dialplan: Dialplan, kinds: readonly Edge['kind'][]): string[][] {
  const rounds: string[][] = [];
  const done = new Set<string>();
  const stack: string[] = [];
  // Depth first without recursion: a file may chain thousands of nodes.
  for (const root of Object.keys(dialplan.nodes)) {
    const work: { name: string; edges: readonly Edge[]; index: number }[] = [];
    const enter = (name: string): void => {
      const node = dialplan.nodes[name];
      if (node === undefined || done.has(name)) return;
      const open = stack.indexOf(name);
      if (open >= 0) {
        rounds.push(stack.slice(open));
        return;
      }
      stack.push(name);
      work.push({ name, edges: edgesOf(node).filter((e) => kinds.includes(e.kind)), index: 0 });
    };
    enter(root);
    for (let top = work.at(-1); top !== undefined; top = work.at(-1)) {
      const edge = top.edges[top.index];
      top.index += 1;
      if (edge !== undefined) {
        enter(edge.to);
      } else {
        done.add(top.name);
        stack.pop();
        work.pop();
      }
    }
  }
  return rounds;
}
