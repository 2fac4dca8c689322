import type { BargeIn, DialogAction, Prompt } from '../dialog/action.js';

/** A prompt of those that are said in one go, and by what the caller may interrupt at its time. */
export interface RowPrompt {
  readonly prompt: Prompt;
  readonly bargeIn: BargeIn;
}

const strictness: Record<BargeIn, number> = { none: 0, key: 1, phrase: 2, speech: 3 };

/**
 * What is said in one go, in order. Who interrupts hears nothing of what follows, so a prompt is as strict as the
 * strictest that comes after it: what must be heard cannot be skipped.
 */
export function promptRow(actions: readonly DialogAction[]): RowPrompt[] {
  const row = actions.flatMap((action) =>
    action.type === 'say' ? action.prompts.map((prompt) => ({ prompt, bargeIn: action.bargeIn })) : [],
  );
  let strictest: BargeIn = 'speech';
  return row
    .reverse()
    .map(({ prompt, bargeIn }) => {
      if (strictness[bargeIn] < strictness[strictest]) strictest = bargeIn;
      return { prompt, bargeIn: strictest };
    })
    .reverse();
}
