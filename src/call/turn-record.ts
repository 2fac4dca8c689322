import type { Prompt } from '../dialog/action.js';
import type { CallerInput, DialogEvent } from '../dialog/event.js';
import type { TurnRecord } from '../store/call-record.js';
import type { Exchange } from './exchange.js';

/** What is kept of a turn; nothing of a sensitive answer. Times are of one monotonic clock. */
export function turnRecord(
  { collect, said, startMs }: Pick<Exchange, 'collect' | 'said' | 'startMs'>,
  event: DialogEvent | undefined,
  bargedIn: boolean,
  dialogStartMs: number,
  nowMs: number,
): TurnRecord {
  const input = event?.type === 'input' ? event.input : undefined;
  const words = input?.kind === 'keys' ? input.keys : input?.text;
  return {
    node: collect.node,
    said: said.map(shownText),
    outcome:
      spokenOutcome(input) ?? (event?.type === 'noInput' || event?.type === 'noMatch' ? event.type : 'none'),
    heard: collect.sensitive ? null : (words ?? null),
    confidence: input === undefined || input.kind === 'keys' ? null : input.confidence,
    dialect: said[0]?.dialect ?? collect.phrases[0]?.dialect ?? '',
    startMs: Math.round(startMs - dialogStartMs),
    heardMs: event === undefined ? null : Math.round(nowMs - dialogStartMs),
    bargedIn,
  };
}

/** The words as records show them: what reads back a sensitive answer has others. */
export function shownText(prompt: Prompt): string {
  return prompt.shownAs ?? prompt.text;
}

function spokenOutcome(input: CallerInput | undefined): 'keys' | 'phrase' | undefined {
  return input?.kind === 'speech' ? 'phrase' : input?.kind;
}
