import type { CollectAction, KeyGrammar, OpenSpeech, PhraseChoice } from './action.js';
import type { DialogState } from './dialog-state.js';
import type { AskingNode, Dialplan } from './dialplan.js';
import { listenedIn, phrasesIn } from './phrase-sets.js';
import type { SlotSpec } from './spoken-answer.js';

/** Ids of the phrases that answer what was asked back; no choice can be called so. */
export const confirmedId = '#yes';
export const deniedId = '#no';

/** How a node listens in the state that the dialog is in. */
export function collectOf(dialplan: Dialplan, node: AskingNode, state: DialogState): CollectAction {
  const speech = openSpeechOf(dialplan, node, state);
  return {
    type: 'collect',
    node: state.node,
    phrases: expectedPhrases(dialplan, node, state),
    keys: state.pending === null ? keysOf(node) : pendingKeys(dialplan, state),
    ...(speech !== undefined && { speech }),
    noInputMs: node.noInputMs,
    interDigitTimeoutMs: node.interDigitTimeoutMs,
    sensitive: node.sensitive,
    ...(node.typeAhead === false && { typeAhead: false }),
  };
}

/** What the node expects of a caller of the state's dialect; while something is asked back: the answers to that. */
function expectedPhrases(dialplan: Dialplan, node: AskingNode, state: DialogState): PhraseChoice[] {
  const dialects = listenedIn(node, state.dialect);
  if (state.pending === null) return phrasesIn(node.choices, dialects);
  const { yes, no } = dialplan.answers;
  const answers = [
    { id: confirmedId, phrases: yes.phrases },
    { id: deniedId, phrases: no.phrases },
  ];
  const common = node.choices.filter((choice) => choice.common);
  return phrasesIn([...answers, ...common], dialects);
}

function keysOf(node: AskingNode): KeyGrammar | undefined {
  if (node.type === 'digits') {
    const { minDigits, maxDigits, termChar } = node;
    return { kind: 'digits', minDigits, maxDigits, termChar };
  }
  if (node.type === 'ask' && node.slot.type !== 'text') {
    const { min, max } = keyLengths(node.slot);
    return { kind: 'digits', minDigits: min, maxDigits: max, termChar: node.termChar };
  }
  const choices = node.choices.flatMap((choice) => choice.key ?? []);
  return choices.length === 0 ? undefined : { kind: 'choices', choices };
}

/** How many keys a value has: dates are MMDD, times HHMM, `*` is the point of an amount. */
function keyLengths({ type, minDigits, maxDigits }: SlotSpec): {
  readonly min: number;
  readonly max: number;
} {
  if (type === 'date' || type === 'time') return { min: 4, max: 4 };
  return { min: minDigits, max: maxDigits };
}

function pendingKeys({ answers }: Dialplan, { pending }: DialogState): KeyGrammar {
  const choices =
    pending?.kind === 'which'
      ? pending.choices.map((_, index) => String(index + 1))
      : [answers.yes.key, answers.no.key];
  return { kind: 'choices', choices };
}

/** Undefined for a caller of whom phrases alone are heard. */
function openSpeechOf(dialplan: Dialplan, node: AskingNode, state: DialogState): OpenSpeech | undefined {
  const { autonomy, pending, denied } = state;
  if (autonomy === 'closed') return undefined;
  const flow = flowOf(state.node);
  const choices = node.choices.filter(
    // In the middle of a matter its own words are no wish to begin it anew.
    ({ id, common, next }) => !denied.includes(id) && !(common && next !== 'again' && flowOf(next) === flow),
  );
  const slot = node.type === 'ask' ? node.slot : undefined;
  return {
    autonomy,
    set: dialplan.intents?.set,
    intents: choices.flatMap(({ id, intents, common }) =>
      intents.map((intent) => ({ intent, id, own: !common })),
    ),
    replies: node.choices.flatMap(({ id, replies }) => replies.map((reply) => ({ reply, id }))),
    slot,
    confirming:
      pending === null || pending.kind === 'which'
        ? undefined
        : { value: pending.kind === 'value' ? pending.value : undefined },
    spoken: dialplan.dialects,
    expected: node.type !== 'digits' || node.choices.some((choice) => !choice.common),
  };
}

function flowOf(target: string): string {
  const dot = target.indexOf('.');
  return dot < 0 ? '' : target.slice(0, dot);
}
