import { isDeepStrictEqual } from 'node:util';
import { patienceOf, patiently } from '../../src/call/manner.js';
import { promptRow } from '../../src/call/prompt-row.js';
import { Turn, type TurnAction, type TurnInput } from '../../src/call/turn.js';
import type { BargeIn, CollectAction } from '../../src/dialog/action.js';
import type { Dialplan } from '../../src/dialog/dialplan.js';
import type { DialogEvent, Meaning, TransferOutcome } from '../../src/dialog/event.js';
import { inDialect, initialState, type DialogState, type DialogStep } from '../../src/dialog/dialog-state.js';
import { step } from '../../src/dialog/interpreter.js';
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
  const { voiceSpeed } = (call['remembered'] ?? {}) as { readonly voiceSpeed?: number | null };
  let state = initialState(dialplan, {
    callingNumber: String(call['callingNumber']),
    calledNumber: String(call['calledNumber']),
    ...(typeof call['dialect'] === 'string' && { dialect: call['dialect'] }),
    ...(call['autonomies'] !== undefined && { autonomies: call['autonomies'] as DialogState['autonomies'] }),
    ...(typeof voiceSpeed === 'number' && { voiceSpeed }),
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
      turn = turnOf(next, line.atMs);
      answer = undefined;
      continue;
    }
    // What was heard told another dialect: the next step speaks it.
    if (line.type === 'dialect')
      state = inDialect(state, String(line['spoken']), line['autonomy'] as DialogState['autonomy']);
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

function turnOf({ actions, state }: DialogStep, nowMs: number): Turn | undefined {
  const collect = actions.find((action): action is CollectAction => action.type === 'collect');
  if (collect === undefined) return undefined;
  const row = promptRow(actions);
  const asked = patiently(collect, patienceOf(state.variables));
  return new Turn(asked, row[0]?.bargeIn ?? 'speech', row.length > 0, nowMs, state.noMatches > 0);
}

function inputOf(line: Line): TurnInput | undefined {
  const result = { alternatives: line['alternatives'] as RecognitionResult['alternatives'] };
  switch (line.type) {
    case 'key':
      return { type: 'key', key: String(line['key']) };
    case 'interim':
      return { type: 'interim', result: line['result'] as RecognitionResult };
    case 'recognized':
      return {
        type: 'recognized',
        result,
        ...(line['meaning'] !== undefined && { meaning: line['meaning'] as Meaning }),
      };
    case 'speechStarted':
      return {
        type: 'speechStarted',
        carried: line['carried'] === true,
        doubtful: line['doubtful'] === true,
      };
    case 'speechEnded':
      return {
        type: 'speechEnded',
        voicedMs: Number(line['voicedMs']),
        ...(line['echoMs'] !== undefined && { echoMs: Number(line['echoMs']) }),
      };
    case 'promptStarted':
      return { type: 'promptStarted', bargeIn: line['bargeIn'] as BargeIn };
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
