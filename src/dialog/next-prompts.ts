import type { Prompt } from './action.js';
import type { DialogState } from './dialog-state.js';
import type { Dialplan } from './dialplan.js';
import type { DialogEvent } from './event.js';
import { step } from './interpreter.js';

/**
 * What a call may say next, whatever the caller answers now: after each choice of the question, after an answer that is
 * not understood, and after none; the likeliest first, each once. What depends on digits or open speech cannot be known.
 * Pure.
 */
export function nextPrompts(dialplan: Dialplan, state: DialogState): Prompt[] {
  if (state.status !== 'collecting') return [];
  const node = Object.hasOwn(dialplan.nodes, state.node) ? dialplan.nodes[state.node] : undefined;
  const choices = node !== undefined && 'choices' in node ? node.choices : [];
  const { dialect } = state;
  const events: DialogEvent[] = [
    ...choices.map(({ id }): DialogEvent => ({
      type: 'input',
      input: { kind: 'phrase', phraseId: id, text: '', dialect, confidence: 1 },
    })),
    { type: 'noMatch' },
    { type: 'noInput' },
  ];
  const found = new Map<string, Prompt>();
  for (const event of events) {
    for (const action of step(dialplan, state, event).actions) {
      if (action.type !== 'say') continue;
      for (const prompt of action.prompts) {
        const key = JSON.stringify([prompt.text, prompt.dialect, prompt.recorded, prompt.rate]);
        if (!found.has(key)) found.set(key, prompt);
      }
    }
  }
  return [...found.values()];
}
