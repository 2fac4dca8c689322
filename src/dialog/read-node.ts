import type { CompileScope } from './compile-scope.js';
import type { Choice, DialplanNode, DialplanPrompt, Retry, Target } from './dialplan.js';
import type { SlotSpec } from './spoken-answer.js';
import type {
  AskingSource,
  ChoiceSource,
  DefaultsSource,
  NodeSource,
  RetrySource,
  SlotSource,
  TransferSource,
} from './dialplan-schema.js';
import { listOf } from './one-or-more.js';
import type { Path } from './problem.js';
import {
  checkChoices,
  checkSettable,
  readAssignments,
  readChoice,
  type ChoicePlace,
  type ResolveTarget,
} from './read-choice.js';
import { readCondition } from './read-condition.js';
import { readPrompts } from './read-prompt.js';

/** Used where neither the node nor the dialplan's defaults say otherwise. */
export const dialplanDefaults = {
  bargeIn: 'speech',
  /** Callers think for 2-3 s before they answer a menu; much less and slow ones are talked over. */
  noInputMs: 5000,
  interDigitTimeoutMs: 3000,
  retries: 2,
  minDigits: 1,
  termChar: '#',
  transferBy: 'auto',
  ringMs: 30_000,
} as const;

/** What a node's reader needs besides the node. */
export interface NodeContext {
  readonly scope: CompileScope;
  readonly defaults: DefaultsSource;
  /** Choices that are there in every menu. */
  readonly everywhere: Readonly<Record<string, ChoiceSource>>;
  /** Resolves targets written in the node's flow. */
  readonly resolve: ResolveTarget;
  /** Resolves targets written outside of flows. */
  readonly resolveTop: ResolveTarget;
}

/** Reads a node; undefined when it has no place to go on (which is reported). */
export function readNode(context: NodeContext, source: NodeSource, path: Path): DialplanNode | undefined {
  const { scope, defaults, resolve } = context;
  const bargeIn = defaults.bargeIn ?? dialplanDefaults.bargeIn;
  switch (source.type) {
    case 'say': {
      const prompts = readPrompts(scope, source.prompt, [...path, 'prompt']);
      const next = resolve(source.goto, [...path, 'goto']);
      return next === undefined
        ? undefined
        : { type: 'say', prompts, bargeIn: source.bargeIn ?? bargeIn, next };
    }
    case 'set': {
      const assignments = readAssignments(scope, source.variables, [...path, 'variables']);
      const next = resolve(source.goto, [...path, 'goto']);
      return next === undefined ? undefined : { type: 'set', assignments, next };
    }
    case 'branch': {
      const cases = source.cases.flatMap((item, index) => {
        const here = [...path, 'cases', index];
        const condition = readCondition(scope, item.if, [...here, 'if']);
        const next = resolve(item.goto, [...here, 'goto']);
        return condition === undefined || next === undefined ? [] : [{ condition, next }];
      });
      const otherwise = resolve(source.else, [...path, 'else']);
      return otherwise === undefined ? undefined : { type: 'branch', cases, otherwise };
    }
    case 'goto': {
      const next = resolve(source.goto, [...path, 'goto']);
      return next === undefined ? undefined : { type: 'goto', next };
    }
    case 'hangup': {
      const raw = source.prompt;
      const prompts = raw === undefined ? [] : readPrompts(scope, raw, [...path, 'prompt']);
      // A cough must not cut the goodbye, after which nothing is listened for anyway.
      return { type: 'hangup', prompts, bargeIn: source.bargeIn ?? 'none' };
    }
    case 'transfer':
      return readTransfer(context, source, path);
    case 'agenda': {
      const otherwise = resolve(source.else, [...path, 'else']);
      return otherwise === undefined ? undefined : { type: 'agenda', otherwise, wishes: [] };
    }
    case 'menu':
    case 'digits':
    case 'ask':
      return readAsking(context, source, path);
  }
}

function readTransfer(context: NodeContext, source: TransferSource, path: Path): DialplanNode | undefined {
  const { scope, defaults, resolve, resolveTop } = context;
  const to = scope.template(String(source.to).trim(), [...path, 'to']);
  if (to.length === 0) scope.error([...path, 'to'], 'write whom to reach: a number, a user, or a sip: URI');
  const prompts = source.prompt === undefined ? [] : readPrompts(scope, source.prompt, [...path, 'prompt']);
  const target = (key: 'goto' | 'busy' | 'refused' | 'noAnswer' | 'failed'): Target | undefined => {
    const raw = source[key];
    return raw === undefined ? undefined : resolve(raw, [...path, key]);
  };
  const answered = source.goto === undefined ? 'hangup' : target('goto');
  const failed =
    source.failed === undefined && defaults.wayOut !== undefined
      ? resolveTop(defaults.wayOut, ['defaults', 'wayOut'])
      : target('failed');
  if (source.failed === undefined && defaults.wayOut === undefined) {
    scope.error(
      path,
      "nothing says what happens when nobody can be reached: add 'failed: <node>' here, or 'wayOut: <node>' under defaults",
      'key',
    );
  }
  if (answered === undefined || failed === undefined) return undefined;
  const [busy, refused, noAnswer] = [target('busy'), target('refused'), target('noAnswer')];
  return {
    type: 'transfer',
    prompts,
    // A cough must not cut what is said, for nothing is listened for.
    bargeIn: source.bargeIn ?? 'none',
    to,
    by: source.by ?? dialplanDefaults.transferBy,
    ringMs: source.ringMs ?? dialplanDefaults.ringMs,
    next: {
      answered,
      busy: busy ?? failed,
      refused: refused ?? failed,
      noAnswer: noAnswer ?? failed,
      failed,
    },
  };
}

function readAsking(context: NodeContext, source: AskingSource, path: Path): DialplanNode | undefined {
  const { scope, defaults, resolve } = context;
  const noInput = readRetry(context, source, 'noInput', path);
  const noMatch = readRetry(context, source, 'noMatch', path);
  const choices = readChoices(context, source, path);
  if (source.saveAs !== undefined) {
    checkSettable(scope, source.saveAs, [...path, 'saveAs']);
    if (source.saveAs === 'dialect') {
      scope.error([...path, 'saveAs'], 'set the dialect in each choice instead: set: {dialect: yue}');
    }
  }
  for (const [index, dialect] of (source.listenIn ?? []).entries()) {
    if (!scope.dialects.includes(dialect) && !choices.some((c) => c.phrases[dialect] !== undefined)) {
      scope.warn([...path, 'listenIn', index], `no choice has phrases in '${dialect}'`);
    }
  }
  const prompts = readPrompts(scope, source.prompt, [...path, 'prompt']);
  const openPrompts =
    source.openPrompt === undefined ? [] : readPrompts(scope, source.openPrompt, [...path, 'openPrompt']);
  if (noInput === undefined || noMatch === undefined) return undefined;
  const common = {
    prompts,
    openPrompts,
    bargeIn: source.bargeIn ?? defaults.bargeIn ?? dialplanDefaults.bargeIn,
    noInputMs: source.noInputMs ?? defaults.noInputMs ?? dialplanDefaults.noInputMs,
    interDigitTimeoutMs:
      source.interDigitTimeoutMs ?? defaults.interDigitTimeoutMs ?? dialplanDefaults.interDigitTimeoutMs,
    ...((source.typeAhead ?? defaults.typeAhead) === false && { typeAhead: false }),
    sensitive: source.sensitive ?? false,
    choices,
    listenIn: source.listenIn,
    saveAs: source.saveAs,
    noInput,
    noMatch,
  };
  if (source.type === 'menu') return { type: 'menu', ...common };
  if (source.type === 'ask') {
    const next = resolve(source.goto, [...path, 'goto']);
    const slot = readSlot(scope, source, path);
    const raw = source.confirmPrompt;
    const confirmPrompts = raw === undefined ? [] : readPrompts(scope, raw, [...path, 'confirmPrompt']);
    const confirm = source.confirm ?? (slot.type === 'text' && raw !== undefined ? 'always' : 'unsure');
    if (confirm === 'always' && raw === undefined) {
      scope.error(
        [...path, 'confirm'],
        `write what is asked back: confirmPrompt: '{{${source.saveAs}}}, is that right?'`,
      );
    }
    const termChar = source.termChar ?? dialplanDefaults.termChar;
    const { saveAs } = source;
    if (next === undefined) return undefined;
    return { type: 'ask', ...common, saveAs, slot, termChar, confirm, confirmPrompts, next };
  }
  const minDigits = source.minDigits ?? dialplanDefaults.minDigits;
  if (minDigits > source.maxDigits) {
    const most = String(source.maxDigits);
    scope.error([...path, 'minDigits'], `minDigits is more than maxDigits: write at most ${most}`);
  }
  const next = resolve(source.goto, [...path, 'goto']);
  if (next === undefined) return undefined;
  const termChar = source.termChar ?? dialplanDefaults.termChar;
  return { type: 'digits', ...common, minDigits, maxDigits: source.maxDigits, termChar, next };
}

/** How long the longest telephone number is (ITU-T E.164), and an amount of millions with its cents. */
const phoneDigits = { min: 3, max: 15 };
const amountKeys = { min: 1, max: 11 };

function readSlot(scope: CompileScope, source: SlotSource, path: Path): SlotSpec {
  const { slot: type, min, max } = source;
  const usual = type === 'phone' ? phoneDigits : type === 'amount' ? amountKeys : { min: 1, max: 64 };
  const { minDigits = usual.min, maxDigits = usual.max } = source;
  const refuse = (key: 'minDigits' | 'maxDigits' | 'min' | 'max', types: string): void => {
    if (source[key] !== undefined)
      scope.error([...path, key], `a ${type} has no ${key}: it is for ${types}`, 'key');
  };
  if (type !== 'digits' && type !== 'phone') {
    refuse('minDigits', 'digits and phone');
    refuse('maxDigits', 'digits and phone');
  }
  if (type !== 'amount') {
    refuse('min', 'amount');
    refuse('max', 'amount');
  }
  if (minDigits > maxDigits) {
    scope.error(
      [...path, 'minDigits'],
      `minDigits is more than maxDigits: write at most ${String(maxDigits)}`,
    );
  }
  if (min !== undefined && max !== undefined && min > max) {
    scope.error([...path, 'min'], `min is more than max: write at most ${String(max)}`);
  }
  return { type, minDigits, maxDigits, min, max };
}

/** Whether keys are the value, so that no key can choose. */
function keysAreValue(source: AskingSource): boolean {
  return source.type === 'digits' || (source.type === 'ask' && source.slot !== 'text');
}

function readChoices(context: NodeContext, source: AskingSource, path: Path): readonly Choice[] {
  const { scope, resolve, resolveTop } = context;
  const digits = keysAreValue(source);
  const own = source.choices ?? {};
  const places = new Map<Choice, ChoicePlace>();
  const choices: Choice[] = [];
  const add = (id: string, choice: ChoiceSource, at: Path, by: ResolveTarget, common: boolean): void => {
    const read = readChoice(scope, id, choice, at, by, common);
    if (read === undefined) return;
    const kept = digits ? { ...read, key: undefined } : read;
    places.set(kept, { path: at, phrases: choice.phrases });
    choices.push(kept);
  };
  for (const [id, choice] of Object.entries(own)) {
    const at = [...path, 'choices', id];
    if (digits && choice.key !== undefined) {
      scope.error(
        [...at, 'key'],
        'while digits are collected a choice cannot have a key: remove it, phrases are heard',
      );
    }
    add(id, choice, at, resolve, false);
  }
  if (source.everywhere ?? true) {
    for (const [id, choice] of Object.entries(context.everywhere)) {
      if (Object.hasOwn(own, id)) continue;
      const { phrases, intent, reply } = choice;
      if (digits && phrases === undefined && intent === undefined && reply === undefined) continue;
      // A choice of its own for the same thing takes the place of the common one.
      const kept = withoutMeanings(choice, Object.values(own));
      if (kept !== undefined) add(id, kept, ['everywhere', id], resolveTop, true);
    }
  }
  checkChoices(scope, choices, (choice) => places.get(choice) ?? { path, phrases: undefined }, !digits);
  return choices;
}

/** A common choice without the intents and answers that a menu's own choices stand for; undefined if nothing is left. */
function withoutMeanings(common: ChoiceSource, own: readonly ChoiceSource[]): ChoiceSource | undefined {
  const intents = new Set(own.flatMap(({ intent }) => listOf(intent)));
  const replies = new Set(own.flatMap(({ reply }) => listOf(reply)));
  const { intent, reply, ...rest } = common;
  const intentsLeft = listOf(intent).filter((one) => !intents.has(one));
  const repliesLeft = listOf(reply).filter((one) => !replies.has(one));
  const meant = intent !== undefined || reply !== undefined;
  const nothingLeft = meant && intentsLeft.length + repliesLeft.length === 0;
  if (nothingLeft && rest.key === undefined && rest.phrases === undefined) return undefined;
  return {
    ...rest,
    ...(intentsLeft.length > 0 && { intent: intentsLeft }),
    ...(repliesLeft.length > 0 && { reply: repliesLeft }),
  };
}

function readRetry(
  context: NodeContext,
  source: AskingSource,
  kind: 'noInput' | 'noMatch',
  path: Path,
): Retry | undefined {
  const { scope, defaults, resolve, resolveTop } = context;
  const own: RetrySource = source[kind] ?? {};
  const common: RetrySource = defaults[kind] ?? {};
  const retries =
    own.retries ?? source.retries ?? common.retries ?? defaults.retries ?? dialplanDefaults.retries;
  const reprompts = readReprompts(scope, own, common, path, kind);
  const next = wayOut();
  return next === undefined
    ? undefined
    : { retries, reprompts, repeatPrompt: own.repeatPrompt ?? common.repeatPrompt ?? true, next };

  function wayOut(): Target | undefined {
    if (own.goto !== undefined) return resolve(own.goto, [...path, kind, 'goto']);
    if (common.goto !== undefined) return resolveTop(common.goto, ['defaults', kind, 'goto']);
    if (defaults.wayOut !== undefined) return resolveTop(defaults.wayOut, ['defaults', 'wayOut']);
    const times = retries === 1 ? '1 retry' : `${String(retries)} retries`;
    scope.error(
      path,
      `nothing says what happens after ${times} (${kind}): add 'wayOut: <node>' under defaults, or ${kind}: {goto: <node>} here`,
      'key',
    );
    return undefined;
  }
}

function readReprompts(
  scope: CompileScope,
  own: RetrySource,
  common: RetrySource,
  path: Path,
  kind: 'noInput' | 'noMatch',
): readonly (readonly DialplanPrompt[])[] {
  const [list, at]: [readonly unknown[], Path] =
    own.reprompts !== undefined
      ? [own.reprompts, [...path, kind, 'reprompts']]
      : [common.reprompts ?? [], ['defaults', kind, 'reprompts']];
  return list.map((raw, index) => readPrompts(scope, raw, [...at, index]));
}
