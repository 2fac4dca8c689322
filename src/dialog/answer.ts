import { fallbackChain } from '../dialect/catalogue.js';
import { confirmedId, deniedId } from './collecting.js';
import type { DialogState, Pending } from './dialog-state.js';
import type { AskingNode, Choice, Dialplan, DigitsNode, SlotNode } from './dialplan.js';
import type { ChoiceReply } from './spoken-answer.js';
import type { CallerInput } from './event.js';

/** What an answer comes to. The interpreter carries it out. */
export type Verdict =
  /** The caller chose; `others` he wants after that. */
  | {
      readonly type: 'choose';
      readonly choice: Choice;
      readonly others: readonly string[];
      readonly said: string;
    }
  | { readonly type: 'value'; readonly value: string; readonly said: string }
  /** He is to be asked back. */
  | { readonly type: 'askBack'; readonly pending: Pending }
  /** What was asked back is not so. */
  | { readonly type: 'denied' }
  /** The same question once more; it counts for no failure. `slower`: and from now on slower. */
  | { readonly type: 'again'; readonly slower: boolean }
  | { readonly type: 'speakIn'; readonly dialect: string }
  | { readonly type: 'stopCalling' }
  | { readonly type: 'noMatch' };

const noMatch: Verdict = { type: 'noMatch' };

/** Judges an answer to the question that a node asked, or to what it asked back. Pure and total. */
export function judge(dialplan: Dialplan, node: AskingNode, state: DialogState, input: CallerInput): Verdict {
  return state.pending === null
    ? judgeAnswer(dialplan, node, state, input)
    : judgeAskedBack(dialplan, node, state, state.pending, input);
}

/** The choice that an input names, whatever was asked. */
export function choiceOf(node: AskingNode, input: CallerInput): Choice | undefined {
  const byId = (id: string | undefined) => node.choices.find((choice) => choice.id === id);
  switch (input.kind) {
    case 'phrase':
      return byId(input.phraseId);
    case 'keys':
      return node.type === 'menu' || (node.type === 'ask' && node.slot.type === 'text')
        ? node.choices.find((choice) => choice.key === input.keys)
        : undefined;
    case 'speech': {
      const { meaning } = input;
      if (meaning.type === 'choices') return byId(meaning.ids[0]);
      return meaning.type === 'reply' ? byReply(node, meaning.reply) : undefined;
    }
  }
}

/** The choices that the caller's words chose in a state, in order; none for keys, and for what is still asked back. */
export function intentsOf({ pending }: DialogState, input: CallerInput): readonly string[] {
  const agreed = pending?.kind === 'wish' ? [pending.choice, ...pending.others] : [];
  if (input.kind === 'keys') return [];
  if (input.kind === 'phrase') {
    if (input.phraseId === confirmedId) return agreed;
    return input.phraseId.startsWith('#') ? [] : [input.phraseId];
  }
  const { meaning } = input;
  if (meaning.type === 'choices') return meaning.sure && pending?.kind !== 'which' ? meaning.ids : [];
  return meaning.type === 'reply' && meaning.reply === 'yes' ? agreed : [];
}

function judgeAnswer(dialplan: Dialplan, node: AskingNode, state: DialogState, input: CallerInput): Verdict {
  if (input.kind === 'keys') {
    const choice = choiceOf(node, input);
    if (choice !== undefined) return chosen(choice, '');
    const value = keyedValue(node, input.keys);
    if (value === undefined) return noMatch;
    return node.type === 'ask' && node.confirm === 'always'
      ? askBackValue(node, { value, others: [], said: '' })
      : { type: 'value', value, said: '' };
  }
  if (input.kind === 'phrase') {
    const choice = choiceOf(node, input);
    return choice === undefined ? noMatch : judgeChoices(dialplan, state, [choice], true, input.text);
  }
  const { meaning, text } = input;
  switch (meaning.type) {
    case 'choices': {
      const choices = meaning.ids.flatMap((id) => node.choices.filter((choice) => choice.id === id));
      return judgeChoices(dialplan, state, choices, meaning.sure, text);
    }
    case 'value':
      return node.type === 'ask' ? judgeValue(node, state, meaning, text) : noMatch;
    case 'reply':
      return judgeReply(dialplan, node, state, meaning.reply, text);
    case 'language': {
      const dialect = fallbackChain(meaning.dialect).find((id) => dialplan.dialects.includes(id));
      return dialect === undefined ? noMatch : { type: 'speakIn', dialect };
    }
  }
}

function judgeChoices(
  dialplan: Dialplan,
  state: DialogState,
  choices: readonly Choice[],
  sure: boolean,
  said: string,
): Verdict {
  const [first, ...others] = choices;
  if (first === undefined) return noMatch;
  const rest = others.map(({ id }) => id);
  const canAsk = first.label.length > 0 && (dialplan.intents?.confirm.length ?? 0) > 0;
  if (!sure && !canAsk) return noMatch;
  // An answer that the packs know is never asked back.
  const doubtful = !sure || (state.autonomy === 'confirm' && first.replies.length === 0);
  if (doubtful && canAsk) {
    return { type: 'askBack', pending: { kind: 'wish', choice: first.id, others: rest, said } };
  }
  const canAskWhich = choices.every(({ label }) => label.length > 0);
  if (rest.length > 0 && canAskWhich && (dialplan.intents?.whichFirst.length ?? 0) > 0) {
    return { type: 'askBack', pending: { kind: 'which', choices: choices.map(({ id }) => id), said } };
  }
  return { type: 'choose', choice: first, others: rest, said };
}

interface HeardValue {
  readonly value: string;
  readonly sure: boolean;
  readonly others: readonly string[];
}

function judgeValue(node: SlotNode, state: DialogState, heard: HeardValue, said: string): Verdict {
  const { value, sure, others } = heard;
  const doubtful = node.confirm === 'always' || state.autonomy === 'confirm' || !sure;
  if (!doubtful || node.confirm === 'never') return { type: 'value', value, said };
  if (node.confirmPrompts.length > 0) return askBackValue(node, { value, others, said });
  return sure ? { type: 'value', value, said } : noMatch;
}

function askBackValue(
  node: SlotNode,
  pending: { value: string; others: readonly string[]; said: string },
): Verdict {
  if (node.confirmPrompts.length === 0) return { type: 'value', value: pending.value, said: pending.said };
  return { type: 'askBack', pending: { kind: 'value', ...pending } };
}

/** What the dialplan has no choice for, every question can: say it again, slower, in another language, stop. */
function judgeReply(
  dialplan: Dialplan,
  node: AskingNode,
  state: DialogState,
  reply: ChoiceReply,
  said: string,
): Verdict {
  const choice = byReply(node, reply);
  if (choice !== undefined) return chosen(choice, said);
  switch (reply) {
    case 'repeat':
    case 'louder':
      return { type: 'again', slower: false };
    case 'slower':
      return { type: 'again', slower: true };
    case 'language': {
      // Of two languages he means the other one.
      const others = dialplan.dialects.filter((id) => id !== state.dialect);
      const [other] = others;
      return other !== undefined && others.length === 1 ? { type: 'speakIn', dialect: other } : noMatch;
    }
    case 'stop-calling':
      return { type: 'stopCalling' };
    default:
      return noMatch;
  }
}

function byReply(node: AskingNode, reply: ChoiceReply): Choice | undefined {
  return node.choices.find(({ replies }) => replies.includes(reply));
}

function judgeAskedBack(
  dialplan: Dialplan,
  node: AskingNode,
  state: DialogState,
  pending: Pending,
  input: CallerInput,
): Verdict {
  const yes = confirmed(node, pending);
  if (input.kind === 'keys') {
    if (pending.kind === 'which') return firstOf(node, pending, pending.choices[Number(input.keys) - 1]);
    if (input.keys === dialplan.answers.yes.key) return yes;
    return input.keys === dialplan.answers.no.key ? { type: 'denied' } : noMatch;
  }
  if (input.kind === 'phrase') {
    if (input.phraseId === confirmedId) return yes;
    return input.phraseId === deniedId ? { type: 'denied' } : judgeAnswer(dialplan, node, state, input);
  }
  const { meaning } = input;
  if (meaning.type === 'choices' && pending.kind === 'which') {
    const wanted = meaning.ids.find((id) => pending.choices.includes(id));
    if (wanted !== undefined) return firstOf(node, pending, wanted);
  }
  if (meaning.type === 'choices' && pending.kind === 'wish' && meaning.ids[0] === pending.choice) return yes;
  if (meaning.type === 'value' && pending.kind === 'value' && meaning.value === pending.value) return yes;
  if (meaning.type === 'reply' && meaning.reply === 'yes') return yes;
  if (meaning.type === 'reply' && meaning.reply === 'no') return { type: 'denied' };
  // What he says instead: no, Tuesday.
  return judgeAnswer(dialplan, node, { ...state, pending: null }, input);
}

/** What comes of a yes; `which` has none of its own: then they are done in the order said. */
function confirmed(node: AskingNode, pending: Pending): Verdict {
  switch (pending.kind) {
    case 'value':
      return { type: 'value', value: pending.value, said: pending.said };
    case 'which':
      return firstOf(node, pending, pending.choices[0]);
    case 'wish': {
      const choice = node.choices.find(({ id }) => id === pending.choice);
      const { others, said } = pending;
      return choice === undefined ? noMatch : { type: 'choose', choice, others, said };
    }
  }
}

/** The one he wants first; the others follow in the order said. */
export function firstOf(
  node: AskingNode,
  { choices, said }: Extract<Pending, { kind: 'which' }>,
  wanted: string | undefined,
): Verdict {
  const choice = node.choices.find(({ id }) => id === wanted);
  if (choice === undefined) return noMatch;
  return { type: 'choose', choice, others: choices.filter((id) => id !== wanted), said };
}

function chosen(choice: Choice, said: string): Verdict {
  return { type: 'choose', choice, others: [], said };
}

/** The value that keys stand for; undefined if they are not what was asked for. */
function keyedValue(node: AskingNode, keys: string): string | undefined {
  if (node.type === 'menu') return undefined;
  const ended = node.termChar !== '' && keys.endsWith(node.termChar);
  const digits = ended ? keys.slice(0, -node.termChar.length) : keys;
  return node.type === 'digits' ? keyedDigits(node, digits) : keyedSlot(node, digits);
}

function keyedDigits({ minDigits, maxDigits }: Pick<DigitsNode, 'minDigits' | 'maxDigits'>, digits: string) {
  const fits = digits.length >= minDigits && digits.length <= maxDigits;
  return fits && /^[0-9]+$/.test(digits) ? digits : undefined;
}

/** Amounts with `*` for the point, dates as MMDD, times as HHMM. */
function keyedSlot({ slot }: SlotNode, keys: string): string | undefined {
  switch (slot.type) {
    case 'digits':
    case 'phone':
      return keyedDigits(slot, keys);
    case 'amount': {
      const [, whole, part = ''] = /^(\d+)(?:\*(\d{1,2}))?$/.exec(keys) ?? [];
      if (whole === undefined) return undefined;
      const value = String(Number(part === '' ? whole : `${whole}.${part}`));
      return withinRange(slot, value) ? value : undefined;
    }
    case 'date': {
      const [, month = '', day = ''] = /^(\d{2})(\d{2})$/.exec(keys) ?? [];
      return Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= 31
        ? `${month}-${day}`
        : undefined;
    }
    case 'time': {
      const [, hour = '', minute = ''] = /^(\d{2})(\d{2})$/.exec(keys) ?? [];
      return hour !== '' && Number(hour) <= 23 && Number(minute) <= 59 ? `${hour}:${minute}` : undefined;
    }
    case 'text':
      return undefined;
  }
}

/** Whether an amount lies within what is taken. */
export function withinRange(
  { min, max }: { readonly min: number | undefined; readonly max: number | undefined },
  value: string,
): boolean {
  const number = Number(value);
  return number >= (min ?? -Infinity) && number <= (max ?? Infinity);
}
