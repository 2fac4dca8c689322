import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { CollectAction, DialogAction, TransferAction } from '../dialog/action.js';
import type { Dialplan } from '../dialog/dialplan.js';
import type { CallerInput, DialogEvent, TransferOutcome } from '../dialog/event.js';
import { initialState, type DialogCall, type DialogStep } from '../dialog/dialog-state.js';
import { step } from '../dialog/interpreter.js';
import { samePhrase } from '../dialog/read-choice.js';

/** What a line means as open speech to the question that is asked; undefined: nothing. */
export type WalkSpeech = (line: string, collect: CollectAction, dialect: string) => CallerInput | undefined;

/**
 * Plays a call on a terminal: prints what would be said, reads what the caller does. An empty line is silence, keys are
 * keys, other text is speech; the end of the input hangs up. During a transfer the line says how it ends.
 */
export async function walkDialplan(
  dialplan: Dialplan,
  call: DialogCall,
  from: Readable,
  to: Writable,
  speech?: WalkSpeech,
): Promise<void> {
  const print = (line: string): void => {
    to.write(`${line}\n`);
  };
  print(`${dialplan.title} (${dialplan.name}, version ${dialplan.version})`);
  print('Type keys or what the caller says; an empty line says nothing; Ctrl-D hangs up.');
  let current = step(dialplan, initialState(dialplan, call), { type: 'start' });
  show(current, print);
  let waiting = lastWaiting(current.actions);
  if (waiting === undefined) return;
  const lines = createInterface({ input: from });
  prompt();
  for await (const line of lines) {
    const event = eventOf(line.trim(), waiting, current.state.dialect, speech);
    if (event.type === 'noMatch') print('  (fits nothing)');
    current = step(dialplan, current.state, event);
    show(current, print);
    waiting = lastWaiting(current.actions);
    if (waiting === undefined) break;
    prompt();
  }
  lines.close();
  if (current.state.status !== 'ended') print('\n  (the caller hung up)');

  function prompt(): void {
    to.write('> ');
  }
}

function show(current: DialogStep, print: (line: string) => void): void {
  if (current.entered.length > 0) print(`  [${current.entered.join(' -> ')}]`);
  for (const action of current.actions) print(describe(action));
}

function describe(action: DialogAction): string {
  switch (action.type) {
    case 'say':
      return action.prompts
        .map((p) => `${p.dialect}: ${p.recorded === undefined ? '' : `<${p.recorded}> `}${p.text}`)
        .join('\n');
    case 'collect': {
      const wordings = [...new Set(action.phrases.map((p) => p.text))];
      const said = wordings.length === 0 ? '' : `; say: ${wordings.join(' / ')}`;
      return `  (${keysOf(action)}${said})`;
    }
    case 'transfer':
      return `  (transfer to ${action.to}; how does it end? ${outcomes.join(', ')})`;
    case 'hangup':
      return '  (the bot hangs up)';
  }
}

function keysOf({ keys }: CollectAction): string {
  if (keys === undefined) return 'no keys';
  if (keys.kind === 'choices') return `keys: ${keys.choices.join(' ')}`;
  const { minDigits, maxDigits, termChar } = keys;
  const range = minDigits === maxDigits ? String(minDigits) : `${String(minDigits)} to ${String(maxDigits)}`;
  return `${range} digits${termChar === '' ? '' : `, ${termChar} ends`}`;
}

type Waiting = CollectAction | TransferAction;

function lastWaiting(actions: readonly DialogAction[]): Waiting | undefined {
  const last = actions.at(-1);
  return last?.type === 'collect' || last?.type === 'transfer' ? last : undefined;
}

const outcomes: readonly TransferOutcome[] = ['answered', 'busy', 'refused', 'noAnswer', 'failed'];

/** What a line means to this question: a phrase it listens for, keys, silence, or something that fits nothing. */
function eventOf(line: string, waiting: Waiting, dialect: string, speech?: WalkSpeech): DialogEvent {
  if (waiting.type === 'transfer')
    return { type: 'transferred', outcome: outcomes.find((word) => word === line) ?? 'answered' };
  const collect = waiting;
  if (line === '') return { type: 'noInput' };
  const said = samePhrase(line);
  const phrase = said === '' ? undefined : collect.phrases.find((p) => samePhrase(p.text) === said);
  if (phrase !== undefined) {
    const { id, text, dialect } = phrase;
    return { type: 'input', input: { kind: 'phrase', phraseId: id, text, dialect, confidence: 1 } };
  }
  if (/^[0-9*#A-D]+$/.test(line)) return { type: 'input', input: { kind: 'keys', keys: line } };
  const input = speech?.(line, collect, dialect);
  return input === undefined ? { type: 'noMatch' } : { type: 'input', input };
}
