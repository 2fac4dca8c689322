import { fallbackChain } from '../dialect/catalogue.js';
import type { BargeIn, DialogAction, Prompt } from './action.js';
import type { DialogState } from './dialog-state.js';
import type { Choice, DialplanPrompt } from './dialplan.js';
import { fillSpoken, variablesOf } from './template.js';

/** What `{{wish}}` and `{{otherWish}}` stand for in a prompt. */
export type Wishes = readonly Choice[];

/** Says prompts in the call's dialect; nothing if there is nothing to be said. */
export function say(
  state: DialogState,
  prompts: readonly DialplanPrompt[],
  bargeIn: BargeIn,
  wishes: Wishes = [],
): DialogAction[] {
  const spoken = prompts.flatMap((prompt) => wording(prompt, state, wishes) ?? []);
  return spoken.length === 0 ? [] : [{ type: 'say', node: state.node, prompts: spoken, bargeIn }];
}

/** The prompt in the call's dialect, or in the nearest that it has. */
function wording(prompt: DialplanPrompt, state: DialogState, wishes: Wishes): Prompt | undefined {
  const dialect = nearestOf(prompt, state.dialect);
  const chosen = dialect === undefined ? undefined : prompt.byDialect[dialect];
  if (dialect === undefined || chosen === undefined) return undefined;
  const variables = wishes.length === 0 ? state.variables : withWishes(state.variables, wishes, dialect);
  const text = fillSpoken(chosen.words, variables, dialect);
  if (text.trim() === '' && chosen.recorded === undefined) return undefined;
  const sensitive = variablesOf(chosen.words).some((name) => state.sensitive.includes(name));
  const rate = Number(state.variables['voiceSpeed'] ?? 1);
  const spoken: Prompt = { text, dialect, recorded: chosen.recorded, ...(rate !== 1 && { rate }) };
  if (!sensitive) return spoken;
  return { ...spoken, shownAs: fillSpoken(chosen.words, variables, dialect, state.sensitive) };
}

function nearestOf(prompt: DialplanPrompt, dialect: string): string | undefined {
  const there = Object.keys(prompt.byDialect);
  return fallbackChain(dialect).find((id) => there.includes(id)) ?? there[0];
}

function withWishes(
  variables: Readonly<Record<string, string>>,
  [first, second]: Wishes,
  dialect: string,
): Readonly<Record<string, string>> {
  return { ...variables, wish: labelIn(first, dialect), otherWish: labelIn(second, dialect) };
}

function labelIn(choice: Choice | undefined, dialect: string): string {
  const [label] = choice?.label ?? [];
  const own = label === undefined ? undefined : label.byDialect[nearestOf(label, dialect) ?? ''];
  return own === undefined ? '' : fillSpoken(own.words, {}, dialect);
}
