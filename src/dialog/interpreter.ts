import { judge, firstOf, type Verdict } from './answer.js';
import { collectOf } from './collecting.js';
import type { DialogAction, TransferAction } from './action.js';
import { holds } from './condition.js';
import { inDialect, type DialogState, type DialogStep, type Wish } from './dialog-state.js';
import {
  asking,
  saidVariable,
  type AskingNode,
  type Assignment,
  type Choice,
  type Dialplan,
  type DialplanPrompt,
  type Retry,
  type Target,
  type TransferNode,
} from './dialplan.js';
import type { DialogEvent } from './event.js';
import { say } from './prompting.js';
import { fillPlain, variablesOf } from './template.js';

/**
 * No dialplan that passed the check can enter so many nodes without waiting. One that changed under a call, or was
 * never checked, hangs up instead of holding the thread.
 */
const maxNodesPerStep = 1000;

/** At which rate a caller is spoken to who asked to be spoken to slower; once more, and it is slower still. */
const slowerBy = 0.85;
const slowestRate = 0.6;

/**
 * The next step of a dialog: pure, and total (any event in any state gets an answer, nothing throws). An event that
 * does not fit the state (a second `start`, a late `input`) asks again what was asked; after the end it hangs up again.
 */
export function step(dialplan: Dialplan, state: DialogState, event: DialogEvent): DialogStep {
  if (event.type === 'hangup') return { state: { ...state, status: 'ended' }, actions: [], entered: [] };
  if (state.status === 'ended') return finish(state, [], []);
  if (state.status === 'ready') return run(dialplan, state, dialplan.start);
  const node = nodeOf(dialplan, state.node);
  if (node?.type === 'transfer') {
    const transferred = state.status === 'transferring' && event.type === 'transferred';
    return transferred ? run(dialplan, state, node.next[event.outcome]) : { state, actions: [], entered: [] };
  }
  const asked = asking(node);
  if (asked === undefined) return finish(state, [], []);
  switch (event.type) {
    case 'start':
      return askAgain(dialplan, asked, state);
    case 'noInput':
      return retry(dialplan, asked, 'noInput', state);
    case 'noMatch':
      return retry(dialplan, asked, 'noMatch', state);
    case 'input':
      return carryOut(dialplan, asked, state, judge(dialplan, asked, state, event.input));
    default:
      // A transfer that an operator made has come back, or an event is from a newer journal.
      return askAgain(dialplan, asked, state);
  }
}

function nodeOf(dialplan: Dialplan, name: string) {
  return Object.hasOwn(dialplan.nodes, name) ? dialplan.nodes[name] : undefined;
}

/** Goes from node to node until one waits for the caller or ends the call. */
function run(dialplan: Dialplan, from: DialogState, target: Target): DialogStep {
  const actions: DialogAction[] = [];
  const entered: string[] = [];
  let state = from;
  let next = target;
  while (entered.length < maxNodesPerStep) {
    if (next === 'again') next = state.node;
    const node = nodeOf(dialplan, next);
    if (node === undefined) break;
    entered.push(next);
    state = { ...state, node: next, noInputs: 0, noMatches: 0, pending: null, denied: [] };
    switch (node.type) {
      case 'say':
        actions.push(...say(state, node.prompts, node.bargeIn));
        next = node.next;
        break;
      case 'set':
        state = assign(dialplan, state, node.assignments);
        next = node.next;
        break;
      case 'branch': {
        const { variables } = state;
        next = node.cases.find((c) => holds(c.condition, variables))?.next ?? node.otherwise;
        break;
      }
      case 'goto':
        next = node.next;
        break;
      case 'agenda': {
        const [wish, ...rest] = state.agenda;
        state = { ...state, agenda: rest };
        const begun = wish === undefined ? undefined : begin(dialplan, state, wish);
        if (begun === undefined) {
          // A wish that this version of the dialplan does not have is passed over.
          next = wish === undefined ? node.otherwise : next;
          break;
        }
        actions.push(...say(state, dialplan.intents?.next ?? [], 'speech', [begun.choice]));
        state = begun.state;
        next = begun.choice.next;
        break;
      }
      case 'menu':
      case 'digits':
      case 'ask': {
        const asked = ask(dialplan, node, state, firstPrompts(node, state), actions);
        return { ...asked, entered };
      }
      case 'transfer':
        actions.push(...say(state, node.prompts, node.bargeIn), transfer(node, state));
        return { state: { ...state, status: 'transferring' }, actions, entered };
      case 'hangup':
        actions.push(...say(state, node.prompts, node.bargeIn));
        return finish(state, actions, entered);
    }
  }
  return finish(state, actions, entered);
}

function transfer(node: TransferNode, state: DialogState): TransferAction {
  const { to, by, ringMs } = node;
  const names = variablesOf(to);
  const sensitive = names.some((name) => state.sensitive.includes(name));
  return {
    type: 'transfer',
    node: state.node,
    to: fillPlain(to, state.variables).trim(),
    ...(sensitive && { shownAs: '***' }),
    chosenByCaller: names.some((name) => state.fromCaller.includes(name)),
    by,
    ringMs,
  };
}

function finish(state: DialogState, before: readonly DialogAction[], entered: readonly string[]): DialogStep {
  const actions: DialogAction[] = [...before, { type: 'hangup', node: state.node }];
  return { state: { ...state, status: 'ended' }, actions, entered };
}

/** Asks, and listens for the answer. */
function ask(
  dialplan: Dialplan,
  node: AskingNode,
  state: DialogState,
  prompts: readonly DialplanPrompt[],
  before: readonly DialogAction[],
): DialogStep {
  const wishes = wishesOf(node, state);
  const actions = [...before, ...say(state, prompts, node.bargeIn, wishes), collectOf(dialplan, node, state)];
  return { state: { ...state, status: 'collecting' }, actions, entered: [] };
}

/** The choices that what is asked back is about. */
function wishesOf(node: AskingNode, { pending }: DialogState): readonly Choice[] {
  const ids = pending?.kind === 'wish' ? [pending.choice] : pending?.kind === 'which' ? pending.choices : [];
  return ids.flatMap((id) => node.choices.filter((choice) => choice.id === id));
}

function firstPrompts(node: AskingNode, { autonomy }: DialogState): readonly DialplanPrompt[] {
  return autonomy === 'open' && node.openPrompts.length > 0 ? node.openPrompts : node.prompts;
}

/** What is asked at the moment: the node's question, or what it asked back. */
function presentPrompts(dialplan: Dialplan, node: AskingNode, state: DialogState): readonly DialplanPrompt[] {
  switch (state.pending?.kind) {
    case 'wish':
      return dialplan.intents?.confirm ?? [];
    case 'which':
      return dialplan.intents?.whichFirst ?? [];
    case 'value':
      return node.type === 'ask' ? node.confirmPrompts : [];
    case undefined:
      return state.noInputs + state.noMatches === 0 ? firstPrompts(node, state) : node.prompts;
  }
}

/** The same once more; it counts for no failure. */
function askAgain(dialplan: Dialplan, node: AskingNode, state: DialogState): DialogStep {
  return ask(dialplan, node, state, presentPrompts(dialplan, node, state), []);
}

function carryOut(dialplan: Dialplan, node: AskingNode, state: DialogState, verdict: Verdict): DialogStep {
  switch (verdict.type) {
    case 'choose': {
      const { choice, others, said } = verdict;
      const left = others.map((id): Wish => ({ node: state.node, choice: id }));
      const kept = state.agenda.filter(({ choice: id }) => id !== choice.id && !others.includes(id));
      const chosen = choose(dialplan, node, { ...state, agenda: [...left, ...kept] }, choice, said);
      return run(dialplan, chosen, choice.next);
    }
    case 'value':
      if (node.type === 'menu') break;
      return run(dialplan, save(node, state, verdict.value, verdict.said, 'caller'), node.next);
    case 'askBack': {
      const { pending } = verdict;
      const asked = { ...state, pending, noInputs: 0 };
      // The value can be read back before it counts.
      const tried =
        pending.kind === 'value' ? save(node, asked, pending.value, pending.said, 'caller') : asked;
      return askAgain(dialplan, node, tried);
    }
    case 'denied':
      return denied(dialplan, node, state);
    case 'again':
      return askAgain(dialplan, node, verdict.slower ? slower(state) : state);
    case 'speakIn': {
      const { dialect } = verdict;
      return askAgain(dialplan, node, inDialect(state, dialect));
    }
    case 'stopCalling':
      return finish(stopsCalling(state), [], []);
    case 'noMatch':
      break;
  }
  return retry(dialplan, node, 'noMatch', state);
}

/** What was asked back is not so: the next likeliest is, or the question is asked again. */
function denied(dialplan: Dialplan, node: AskingNode, state: DialogState): DialogStep {
  const { pending } = state;
  if (pending?.kind === 'value' && node.saveAs !== undefined) {
    const [value, ...others] = pending.others;
    if (value !== undefined) {
      const next = { ...state, pending: { ...pending, value, others } };
      return askAgain(dialplan, node, save(node, next, value, pending.said, 'caller'));
    }
    const unset = { [node.saveAs]: dialplan.variables[node.saveAs] ?? '', [saidVariable(node.saveAs)]: '' };
    const without = { ...state, variables: { ...state.variables, ...unset }, pending: null };
    return retry(dialplan, node, 'noMatch', without);
  }
  const not = pending?.kind === 'wish' ? [pending.choice] : [];
  return retry(dialplan, node, 'noMatch', {
    ...state,
    pending: null,
    denied: [...state.denied, ...not],
  });
}

/** What a wish that was left over sets, and where it leads; undefined if it is not there any more. */
function begin(
  dialplan: Dialplan,
  state: DialogState,
  wish: Wish,
): { readonly state: DialogState; readonly choice: Choice } | undefined {
  const node = asking(nodeOf(dialplan, wish.node));
  const choice = node?.choices.find(({ id }) => id === wish.choice);
  if (node === undefined || choice === undefined || choice.next === 'again') return undefined;
  return { state: choose(dialplan, node, state, choice, ''), choice };
}

function choose(
  dialplan: Dialplan,
  node: AskingNode,
  state: DialogState,
  choice: Choice,
  said: string,
): DialogState {
  // Of a node that collects a value, the variable is the value's.
  const saved = node.type === 'ask' ? state : save(node, state, choice.id, said, 'dialplan');
  const stopped = choice.replies.includes('stop-calling') ? stopsCalling(saved) : saved;
  const paced = choice.replies.includes('slower') ? slower(stopped) : stopped;
  return assign(dialplan, paced, choice.assignments);
}

function stopsCalling(state: DialogState): DialogState {
  return { ...state, variables: { ...state.variables, stopCalling: 'yes' } };
}

function slower(state: DialogState): DialogState {
  const rate = Math.max(slowestRate, Number(state.variables['voiceSpeed'] ?? 1) * slowerBy);
  return { ...state, variables: { ...state.variables, voiceSpeed: String(Math.round(rate * 100) / 100) } };
}

/**
 * `words` says whose the value is: a choice's name is the dialplan's, digits are the caller's. His own words are his in any
 * case, and as sensitive.
 */
function save(
  node: AskingNode,
  state: DialogState,
  value: string,
  said: string,
  words: 'dialplan' | 'caller',
): DialogState {
  const { saveAs, sensitive } = node;
  if (saveAs === undefined) return state;
  const variables = { ...state.variables, [saveAs]: value };
  const marked = {
    sensitive: mark(state.sensitive, saveAs, sensitive),
    fromCaller: mark(state.fromCaller, saveAs, words === 'caller'),
  };
  const saidAs = saidVariable(saveAs);
  // Keys say nothing more than the value does.
  if (said === '' && !Object.hasOwn(variables, saidAs)) return { ...state, ...marked, variables };
  return {
    ...state,
    variables: { ...variables, [saidAs]: said },
    sensitive: mark(marked.sensitive, saidAs, sensitive),
    fromCaller: mark(marked.fromCaller, saidAs, true),
  };
}

/** The names with or without this one. */
function mark(names: readonly string[], name: string, marked: boolean): readonly string[] {
  const others = names.filter((other) => other !== name);
  return marked ? [...others, name] : others;
}

function assign(dialplan: Dialplan, state: DialogState, assignments: readonly Assignment[]): DialogState {
  let next = state;
  for (const { variable, value } of assignments) {
    const filled = fillPlain(value, next.variables);
    // A dialect that came out of a variable may be one that this dialplan does not speak.
    if (variable === 'dialect' && !dialplan.dialects.includes(filled)) continue;
    const { sensitive, fromCaller } = next;
    const reads = (marked: readonly string[]) => variablesOf(value).some((name) => marked.includes(name));
    const spoken = variable === 'dialect' ? inDialect(next, filled) : next;
    next = {
      ...spoken,
      variables: { ...spoken.variables, [variable]: filled },
      sensitive: mark(sensitive, variable, reads(sensitive)),
      fromCaller: mark(fromCaller, variable, reads(fromCaller)),
    };
  }
  return next;
}

/** Nothing came, or nothing that fits: the question, or what was asked back, once more; after the last time the way out. */
function retry(
  dialplan: Dialplan,
  node: AskingNode,
  kind: 'noInput' | 'noMatch',
  before: DialogState,
): DialogStep {
  if (before.pending?.kind === 'which') {
    // He said what he wants; the order is not worth asking twice.
    return carryOut(dialplan, node, before, firstOf(node, before.pending, before.pending.choices[0]));
  }
  const policy: Retry = node[kind];
  const failures = kind === 'noInput' ? before.noInputs : before.noMatches;
  const state = {
    ...before,
    ...(kind === 'noInput' ? { noInputs: failures + 1 } : { noMatches: failures + 1 }),
  };
  if (failures >= policy.retries) return run(dialplan, state, policy.next);
  const reprompt = policy.reprompts[Math.min(failures, policy.reprompts.length - 1)] ?? [];
  const prompts =
    policy.repeatPrompt || reprompt.length === 0 || state.pending !== null
      ? [...reprompt, ...presentPrompts(dialplan, node, state)]
      : reprompt;
  return ask(dialplan, node, state, prompts, []);
}
