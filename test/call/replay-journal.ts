import { isDeepStrictEqual } from 'node:util';
import { Turn, type TurnAction, type TurnInput } from '../../src/call/turn.js';
import type { BargeIn, CollectAction, DialogAction } from '../../src/dialog/action.js';
import type { Dialplan } from '../../src/dialog/dialplan.js';
import type { DialogEvent, TransferOutcome } from '../../src/dialog/event.js';
import { initialState, step } from '../../src/dialog/interpreter.js';
import type { RecognitionResult } from '../../src/speech/recognizer.js';

interface Line {
  readonly type: string;
  readonly atMs: number;
  readonly [field: string]: unknown;
}

/**
 * Feeds a journal to the pure cores: each turn must come to the answer that the journal has, each step to the nodes.
 * Returns the path; throws at the line where they part. A sensitive answer is not in a journal and ends the replay.
 */
export function replay(dialplan: Dialplan, lines: readonly Line[]): string[] {
  const call = lines.find(({ type }) => type === 'call');
  if (call === undefined) throw new Error('no call line');
  let state = initialState(dialplan, {
    callingNumber: String(call['callingNumber']),
    calledNumber: String(call['calledNumber']),
    ...(typeof call['dialect'] === 'string' && { dialect: call['dialect'] }),
  });
  const path: string[] = [];
  let turn: Turn | undefined;
  let answer: DialogEvent | undefined;
  for (const line of lines) {
    if (line.type === 'dialog') {
      const event = line['event'] as DialogEvent & { sensitive?: boolean };
      if (event.sensitive === true) return path;
      if (event.type !== 'start' && !isDeepStrictEqual(plain(answer), event)) {
        throw new Error(
          `at ${line.atMs}: the turn came to ${JSON.stringify(answer)}, not ${JSON.stringify(event)}`,
        );
      }
      const next = step(dialplan, state, event);
      state = next.state;
      if (!isDeepStrictEqual(next.entered, line['entered'])) throw new Error(`at ${line.atMs}: other nodes`);
      path.push(...next.entered);
      turn = turnOf(next.actions, line.atMs);
      answer = undefined;
      continue;
    }
    // How a transfer ended comes from the world, as keys do.
    if (line.type === 'transferred')
      answer = { type: 'transferred', outcome: line['outcome'] as TransferOutcome };
    const input = inputOf(line);
    if (turn === undefined || input === undefined) continue;
    // A tick says that the deadline has passed; the journal's times are rounded.
    const nowMs = input.type === 'tick' ? Math.max(line.atMs, turn.deadlineMs ?? 0) : line.atMs;
    answer = turn.handle(input, nowMs).find(isAnswer)?.event ?? answer;
  }
  return path;
}

function isAnswer(action: TurnAction): action is TurnAction & { type: 'answer' } {
  return action.type === 'answer';
}

function turnOf(actions: readonly DialogAction[], nowMs: number): Turn | undefined {
  const collect = actions.find((action): action is CollectAction => action.type === 'collect');
  if (collect === undefined) return undefined;
  const rank: readonly BargeIn[] = ['none', 'key', 'speech'];
  const says = actions.filter((action) => action.type === 'say');
  const strictest = Math.min(2, ...says.map(({ bargeIn }) => rank.indexOf(bargeIn)));
  return new Turn(collect, rank[strictest] ?? 'speech', says.length > 0, nowMs);
}

function inputOf(line: Line): TurnInput | undefined {
  switch (line.type) {
    case 'key':
      return { type: 'key', key: String(line['key']) };
    case 'recognized':
      return {
        type: 'recognized',
        result: { alternatives: line['alternatives'] as RecognitionResult['alternatives'] },
      };
    case 'speechStarted':
    case 'speechEnded':
    case 'recognizerFailed':
    case 'promptsEnded':
    case 'tick':
      return { type: line.type };
    default:
      return undefined;
  }
}

/** Without what JSON leaves out. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
