import { fallbackChain, sameLanguageChain } from '../dialect/catalogue.js';
import type {
  CollectAction,
  DialogAction,
  KeyGrammar,
  PhraseChoice,
  Prompt,
  TransferAction,
} from './action.js';
import { holds } from './condition.js';
import type {
  Assignment,
  Choice,
  Dialplan,
  DialplanPrompt,
  DigitsNode,
  MenuNode,
  Retry,
  Target,
  TransferNode,
} from './dialplan.js';
import type { CallerInput, DialogEvent } from './event.js';
import { fillPlain, fillSpoken, variablesOf } from './template.js';

/** What the dialplan knows of the call before it begins. */
export interface DialogCall {
  readonly callingNumber: string;
  readonly calledNumber: string;
  /** Dialect to begin in (number rule, caller memory); one that the dialplan does not speak is replaced by its nearest. */
  readonly dialect?: string;
}

/** Where a dialog stands. Plain data, never changed in place: it can be journalled, and replayed from. */
export interface DialogState {
  readonly status: 'ready' | 'collecting' | 'transferring' | 'ended';
  /** Full name of the node it stands in; empty before the start. */
  readonly node: string;
  readonly dialect: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Names of variables that hold a sensitive answer. */
  readonly sensitive: readonly string[];
  /** Names of variables that hold what the caller dialled, keyed in or claims to be. */
  readonly fromCaller: readonly string[];
  /** Failures since the node was entered. */
  readonly noInputs: number;
  readonly noMatches: number;
}

export interface DialogStep {
  readonly state: DialogState;
  /** To be carried out in order; see {@link DialogAction} for how it ends. */
  readonly actions: readonly DialogAction[];
  /** Full names of the nodes entered, in order. */
  readonly entered: readonly string[];
}

/**
 * No dialplan that passed the check can enter so many nodes without waiting. One that changed under a call, or was
 * never checked, hangs up instead of holding the thread.
 */
const maxNodesPerStep = 1000;

export function initialState(dialplan: Dialplan, call: DialogCall): DialogState {
  const wanted = call.dialect === undefined ? [] : fallbackChain(call.dialect);
  const dialect = wanted.find((id) => dialplan.dialects.includes(id)) ?? dialplan.dialects[0] ?? '';
  return {
    status: 'ready',
    node: '',
    dialect,
    variables: {
      ...dialplan.variables,
      callingNumber: call.callingNumber,
      calledNumber: call.calledNumber,
      dialect,
    },
    sensitive: [],
    fromCaller: ['callingNumber', 'calledNumber'],
    noInputs: 0,
    noMatches: 0,
  };
}

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
  if (node?.type !== 'menu' && node?.type !== 'digits') return finish(state, [], []);
  switch (event.type) {
    case 'start':
      return ask(node, state, node.prompts, []);
    case 'noInput':
      return retry(dialplan, node, node.noInput, state.noInputs, { ...state, noInputs: state.noInputs + 1 });
    case 'noMatch':
      return noMatch(dialplan, node, state);
    case 'input':
      return answer(dialplan, node, state, event.input);
    default:
      // A transfer that an operator made has come back, or an event is from a newer journal.
      return ask(node, state, node.prompts, []);
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
    state = { ...state, node: next, noInputs: 0, noMatches: 0 };
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
      case 'menu':
      case 'digits': {
        const asked = ask(node, state, node.prompts, actions);
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

function ask(
  node: MenuNode | DigitsNode,
  state: DialogState,
  prompts: readonly DialplanPrompt[],
  before: readonly DialogAction[],
): DialogStep {
  const collect: CollectAction = {
    type: 'collect',
    node: state.node,
    phrases: phrasesOf(node, state.dialect),
    keys: keysOf(node),
    noInputMs: node.noInputMs,
    interDigitTimeoutMs: node.interDigitTimeoutMs,
    sensitive: node.sensitive,
  };
  const actions = [...before, ...say(state, prompts, node.bargeIn), collect];
  return { state: { ...state, status: 'collecting' }, actions, entered: [] };
}

function phrasesOf(node: MenuNode | DigitsNode, dialect: string): PhraseChoice[] {
  const dialects = node.listenIn ?? sameLanguageChain(dialect);
  return node.choices.flatMap((choice) =>
    dialects.flatMap((d) => (choice.phrases[d] ?? []).map((text) => ({ id: choice.id, text, dialect: d }))),
  );
}

function keysOf(node: MenuNode | DigitsNode): KeyGrammar | undefined {
  if (node.type === 'digits') {
    const { minDigits, maxDigits, termChar } = node;
    return { kind: 'digits', minDigits, maxDigits, termChar };
  }
  const choices = node.choices.flatMap((choice) => choice.key ?? []);
  return choices.length === 0 ? undefined : { kind: 'choices', choices };
}

function answer(
  dialplan: Dialplan,
  node: MenuNode | DigitsNode,
  state: DialogState,
  input: CallerInput,
): DialogStep {
  const choice = choiceOf(node, input);
  if (choice !== undefined) {
    const saved = save(node, state, choice.id, 'dialplan');
    return run(dialplan, assign(dialplan, saved, choice.assignments), choice.next);
  }
  const digits = node.type === 'digits' ? digitsOf(node, input) : undefined;
  if (node.type === 'digits' && digits !== undefined) {
    return run(dialplan, save(node, state, digits, 'caller'), node.next);
  }
  return noMatch(dialplan, node, state);
}

function choiceOf(node: MenuNode | DigitsNode, input: CallerInput): Choice | undefined {
  if (input.kind === 'phrase') return node.choices.find((choice) => choice.id === input.phraseId);
  return node.type === 'menu' ? node.choices.find((choice) => choice.key === input.keys) : undefined;
}

/** The digits without the key that ended them, if they are as many as asked for. */
function digitsOf(node: DigitsNode, input: CallerInput): string | undefined {
  if (input.kind !== 'keys') return undefined;
  const { keys } = input;
  const ended = node.termChar !== '' && keys.endsWith(node.termChar);
  const digits = ended ? keys.slice(0, -node.termChar.length) : keys;
  const fits = digits.length >= node.minDigits && digits.length <= node.maxDigits;
  return fits && /^[0-9]+$/.test(digits) ? digits : undefined;
}

/** `words` says whose the value is: a choice's name is the dialplan's, digits are the caller's. */
function save(
  node: MenuNode | DigitsNode,
  state: DialogState,
  value: string,
  words: 'dialplan' | 'caller',
): DialogState {
  const { saveAs } = node;
  if (saveAs === undefined) return state;
  return {
    ...state,
    variables: { ...state.variables, [saveAs]: value },
    sensitive: mark(state.sensitive, saveAs, node.sensitive),
    fromCaller: mark(state.fromCaller, saveAs, words === 'caller'),
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
    next = {
      ...next,
      dialect: variable === 'dialect' ? filled : next.dialect,
      variables: { ...next.variables, [variable]: filled },
      sensitive: mark(sensitive, variable, reads(sensitive)),
      fromCaller: mark(fromCaller, variable, reads(fromCaller)),
    };
  }
  return next;
}

function noMatch(dialplan: Dialplan, node: MenuNode | DigitsNode, state: DialogState): DialogStep {
  return retry(dialplan, node, node.noMatch, state.noMatches, { ...state, noMatches: state.noMatches + 1 });
}

function retry(
  dialplan: Dialplan,
  node: MenuNode | DigitsNode,
  policy: Retry,
  failuresBefore: number,
  state: DialogState,
): DialogStep {
  if (failuresBefore >= policy.retries) return run(dialplan, state, policy.next);
  const reprompt = policy.reprompts[Math.min(failuresBefore, policy.reprompts.length - 1)] ?? [];
  const prompts = policy.repeatPrompt || reprompt.length === 0 ? [...reprompt, ...node.prompts] : reprompt;
  return ask(node, state, prompts, []);
}

function say(
  state: DialogState,
  prompts: readonly DialplanPrompt[],
  bargeIn: 'none' | 'key' | 'speech',
): DialogAction[] {
  const spoken = prompts.flatMap((prompt) => wording(prompt, state) ?? []);
  return spoken.length === 0 ? [] : [{ type: 'say', node: state.node, prompts: spoken, bargeIn }];
}

/** The prompt in the call's dialect, or in the nearest that it has. */
function wording(prompt: DialplanPrompt, state: DialogState): Prompt | undefined {
  const there = Object.keys(prompt.byDialect);
  const dialect = fallbackChain(state.dialect).find((id) => there.includes(id)) ?? there[0];
  const chosen = dialect === undefined ? undefined : prompt.byDialect[dialect];
  if (dialect === undefined || chosen === undefined) return undefined;
  const text = fillSpoken(chosen.words, state.variables, dialect);
  if (text.trim() === '' && chosen.recorded === undefined) return undefined;
  const sensitive = variablesOf(chosen.words).some((name) => state.sensitive.includes(name));
  const spoken: Prompt = { text, dialect, recorded: chosen.recorded };
  if (!sensitive) return spoken;
  return { ...spoken, shownAs: fillSpoken(chosen.words, state.variables, dialect, state.sensitive) };
}
