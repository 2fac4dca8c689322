import { fallbackChain, type Autonomy } from '../dialect/catalogue.js';
import type { DialogAction } from './action.js';
import type { Dialplan } from './dialplan.js';

/** What the dialplan knows of the call before it begins. */
export interface DialogCall {
  readonly callingNumber: string;
  readonly calledNumber: string;
  /** Dialect to begin in (number rule, caller memory); one that the dialplan does not speak is replaced by its nearest. */
  readonly dialect?: string;
  /** Speed at which an earlier call of the caller asked to be spoken to; 1 is the voice's own. */
  readonly voiceSpeed?: number;
  /** How far a caller of each of the dialplan's dialects is let speak. Default `closed`: phrases and keys. */
  readonly autonomies?: Readonly<Record<string, Autonomy>>;
}

/** Something that the caller wanted and that was not begun yet: a choice of a node. */
export interface Wish {
  readonly node: string;
  readonly choice: string;
}

/** What the caller was asked back, and has not answered yet. */
export type Pending =
  /** Whether he means this choice; `others` were said in the same breath. */
  | {
      readonly kind: 'wish';
      readonly choice: string;
      readonly others: readonly string[];
      readonly said: string;
    }
  /** Which of these he wants first. */
  | { readonly kind: 'which'; readonly choices: readonly string[]; readonly said: string }
  /** Whether this value is right; if not, it may be one of `others`. */
  | {
      readonly kind: 'value';
      readonly value: string;
      readonly others: readonly string[];
      readonly said: string;
    };

/** Where a dialog stands. Plain data, never changed in place: it can be journalled, and replayed from. */
export interface DialogState {
  readonly status: 'ready' | 'collecting' | 'transferring' | 'ended';
  /** Full name of the node it stands in; empty before the start. */
  readonly node: string;
  readonly dialect: string;
  readonly autonomy: Autonomy;
  /** Of the dialplan's dialects, for whom chooses another; none: all are as {@link autonomy} says. */
  readonly autonomies: Readonly<Record<string, Autonomy>>;
  readonly variables: Readonly<Record<string, string>>;
  /** Names of variables that hold a sensitive answer. */
  readonly sensitive: readonly string[];
  /** Names of variables that hold what the caller dialled, keyed in, said or claims to be. */
  readonly fromCaller: readonly string[];
  /** Failures since the node was entered. */
  readonly noInputs: number;
  readonly noMatches: number;
  readonly pending: Pending | null;
  /** Choices that he said he does not mean, since the node was entered. */
  readonly denied: readonly string[];
  /** In the order they were said. */
  readonly agenda: readonly Wish[];
}

export interface DialogStep {
  readonly state: DialogState;
  /** To be carried out in order; see {@link DialogAction} for how it ends. */
  readonly actions: readonly DialogAction[];
  /** Full names of the nodes entered, in order. */
  readonly entered: readonly string[];
}

export function initialState(dialplan: Dialplan, call: DialogCall): DialogState {
  const wanted = call.dialect === undefined ? [] : fallbackChain(call.dialect);
  const dialect = wanted.find((id) => dialplan.dialects.includes(id)) ?? dialplan.dialects[0] ?? '';
  const { callingNumber, calledNumber, voiceSpeed, autonomies = {} } = call;
  const spokenTo = voiceSpeed === undefined ? {} : { voiceSpeed: String(voiceSpeed) };
  const autonomy = autonomies[dialect] ?? 'closed';
  return {
    status: 'ready',
    node: '',
    dialect,
    autonomy,
    autonomies,
    variables: { ...dialplan.variables, callingNumber, calledNumber, dialect, autonomy, ...spokenTo },
    sensitive: [],
    fromCaller: ['callingNumber', 'calledNumber'],
    noInputs: 0,
    noMatches: 0,
    pending: null,
    denied: [],
    agenda: [],
  };
}

/** The same dialog, going on in another dialect: prompts, phrases and digits from the next question on. */
export function inDialect(
  state: DialogState,
  dialect: string,
  autonomy: Autonomy = state.autonomies[dialect] ?? state.autonomy,
): DialogState {
  return { ...state, dialect, autonomy, variables: { ...state.variables, dialect, autonomy } };
}
