import type { CollectAction } from './action.js';
import { choiceOf } from './answer.js';
import { collectOf } from './collecting.js';
import type { DialogState } from './dialog-state.js';
import { asking, type Dialplan } from './dialplan.js';
import type { DialogEvent } from './event.js';

/** What the node in which the dialog stands expects now that it goes on in another dialect; undefined: nothing. */
export function collectIn(dialplan: Dialplan, state: DialogState): CollectAction | undefined {
  const node = Object.hasOwn(dialplan.nodes, state.node) ? asking(dialplan.nodes[state.node]) : undefined;
  return node && collectOf(dialplan, node, state);
}

/** The dialect that a step set, if it did; one that was spoken already counts when the caller's choice names it. */
export function dialectSet(
  dialplan: Dialplan,
  before: DialogState,
  event: DialogEvent,
  after: DialogState,
): string | undefined {
  if (after.dialect !== before.dialect) return after.dialect;
  const node = Object.hasOwn(dialplan.nodes, before.node) ? asking(dialplan.nodes[before.node]) : undefined;
  if (event.type !== 'input' || node === undefined) return undefined;
  const { input } = event;
  if (input.kind === 'speech' && input.meaning.type === 'language') return after.dialect;
  const named = choiceOf(node, input)?.assignments.some(({ variable }) => variable === 'dialect');
  return named === true ? after.dialect : undefined;
}
