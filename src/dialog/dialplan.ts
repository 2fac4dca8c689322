import type { BargeIn, TransferMethod } from './action.js';
import type { TransferOutcome } from './event.js';
import type { ChoiceReply, SlotSpec } from './spoken-answer.js';

/** A text with places to fill in. Plain data, like everything below: a compiled dialplan can be stored as JSON. */
export type Template = readonly TemplatePart[];

export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'variable';
      readonly name: string;
      /**
       * `digits`: read out one by one; `plain`: as it is; `amount`, `date`, `time`: in the dialect's words; `auto`: digits if
       * the value is nothing else.
       */
      readonly format: 'auto' | 'digits' | 'plain' | 'amount' | 'date' | 'time';
      readonly groupSizes: readonly number[] | undefined;
    };

/** A prompt in one dialect. */
export interface Wording {
  readonly words: Template;
  readonly recorded: string | undefined;
}

export interface DialplanPrompt {
  readonly byDialect: Readonly<Record<string, Wording>>;
}

/** A node's full name (`flow.node`), `hangup`, or `again` (ask the same once more). */
export type Target = string;

export interface Assignment {
  readonly variable: string;
  readonly value: Template;
}

export type Condition =
  | { readonly kind: 'equals'; readonly variable: string; readonly value: Template }
  | { readonly kind: 'in'; readonly variable: string; readonly values: readonly Template[] }
  | { readonly kind: 'matches'; readonly variable: string; readonly patterns: readonly string[] }
  | { readonly kind: 'isSet'; readonly variable: string; readonly isSet: boolean }
  | { readonly kind: 'all' | 'any'; readonly conditions: readonly Condition[] }
  | { readonly kind: 'not'; readonly condition: Condition };

/** One thing a caller may choose. */
export interface Choice {
  readonly id: string;
  readonly key: string | undefined;
  /** Wordings by dialect. */
  readonly phrases: Readonly<Record<string, readonly string[]>>;
  /** What open speech that means this is matched as: intents of {@link Dialplan.intents}' set. */
  readonly intents: readonly string[];
  /** The answers that mean it, in whatever words of the caller's dialect. */
  readonly replies: readonly ChoiceReply[];
  /** What it is called when the caller is asked whether he means it; empty: he is not. */
  readonly label: readonly DialplanPrompt[];
  /** One of those that every menu has. */
  readonly common: boolean;
  readonly assignments: readonly Assignment[];
  readonly next: Target;
}

/** What happens when nothing, or nothing that fits, was given. */
export interface Retry {
  /** How often it is asked again before {@link next} is taken. */
  readonly retries: number;
  /** Said before asking again: the first at the first time, ... the last from then on. */
  readonly reprompts: readonly (readonly DialplanPrompt[])[];
  /** Whether the node's own prompt follows the reprompt. */
  readonly repeatPrompt: boolean;
  readonly next: Target;
}

interface AskNode {
  readonly prompts: readonly DialplanPrompt[];
  /** Asked instead at first of a caller who may say whatever he likes; empty: {@link prompts} are. */
  readonly openPrompts: readonly DialplanPrompt[];
  readonly bargeIn: BargeIn;
  readonly noInputMs: number;
  readonly interDigitTimeoutMs: number;
  readonly sensitive: boolean;
  /** False: keys pressed before the question is asked do not count for it. Default true. */
  readonly typeAhead?: boolean;
  readonly choices: readonly Choice[];
  /** Dialects whose phrases are listened for; undefined: the call's dialect. */
  readonly listenIn: readonly string[] | undefined;
  /** Variable that gets the choice's id or the digits. */
  readonly saveAs: string | undefined;
  readonly noInput: Retry;
  readonly noMatch: Retry;
}

export interface MenuNode extends AskNode {
  readonly type: 'menu';
}

export interface DigitsNode extends AskNode {
  readonly type: 'digits';
  readonly minDigits: number;
  readonly maxDigits: number;
  /** Empty: no key ends the digits. */
  readonly termChar: string;
  readonly next: Target;
}

/** Collects a value by speech or keys. */
export interface SlotNode extends AskNode {
  readonly type: 'ask';
  readonly slot: SlotSpec;
  /** Empty: no key ends it. */
  readonly termChar: string;
  /** Whether the value is read back before it counts. */
  readonly confirm: 'always' | 'unsure' | 'never';
  readonly confirmPrompts: readonly DialplanPrompt[];
  readonly saveAs: string;
  readonly next: Target;
}

/** Goes on with the next of several things that the caller wanted in one sentence. */
export interface AgendaNode {
  readonly type: 'agenda';
  /** Where nothing is left to be done. */
  readonly otherwise: Target;
  /** What may be left over: every choice by intent. */
  readonly wishes: readonly { readonly assignments: readonly Assignment[]; readonly next: Target }[];
}

export interface SayNode {
  readonly type: 'say';
  readonly prompts: readonly DialplanPrompt[];
  readonly bargeIn: BargeIn;
  readonly next: Target;
}

export interface SetNode {
  readonly type: 'set';
  readonly assignments: readonly Assignment[];
  readonly next: Target;
}

export interface BranchNode {
  readonly type: 'branch';
  readonly cases: readonly { readonly condition: Condition; readonly next: Target }[];
  readonly otherwise: Target;
}

export interface GotoNode {
  readonly type: 'goto';
  readonly next: Target;
}

export interface HangupNode {
  readonly type: 'hangup';
  readonly prompts: readonly DialplanPrompt[];
  readonly bargeIn: BargeIn;
}

export interface TransferNode {
  readonly type: 'transfer';
  /** Said before. */
  readonly prompts: readonly DialplanPrompt[];
  readonly bargeIn: BargeIn;
  readonly to: Template;
  readonly by: TransferMethod;
  readonly ringMs: number;
  /** Where each outcome leads. */
  readonly next: Readonly<Record<TransferOutcome, Target>>;
}

/** A node that waits for the caller's answer. */
export type AskingNode = MenuNode | DigitsNode | SlotNode;

export type DialplanNode =
  AskingNode | AgendaNode | SayNode | SetNode | BranchNode | GotoNode | TransferNode | HangupNode;

/** The node, if it waits for an answer. */
export function asking(node: DialplanNode | undefined): AskingNode | undefined {
  return node?.type === 'menu' || node?.type === 'digits' || node?.type === 'ask' ? node : undefined;
}

/** How the dialplan understands open speech. */
export interface DialplanIntents {
  /** Name of the set of examples. */
  readonly set: string;
  /** Asked when it is not sure: `{{wish}}` is the choice's label. Empty: it is taken as not understood. */
  readonly confirm: readonly DialplanPrompt[];
  /** Asked when the caller wants two things: `{{wish}}` and `{{otherWish}}`. Empty: they are done in the order said. */
  readonly whichFirst: readonly DialplanPrompt[];
  /** Said before what was left over is begun. */
  readonly next: readonly DialplanPrompt[];
}

/** How yes and no are given when something is read back, besides by whatever words mean it. */
export interface Answer {
  readonly key: string;
  readonly phrases: Readonly<Record<string, readonly string[]>>;
}

export interface Dialplan {
  readonly name: string;
  readonly title: string;
  /** First 12 characters of the SHA-256 of the file's text: what a call record names. */
  readonly version: string;
  readonly file: string;
  /** Dialects that a call in it can be in; the first is the default. */
  readonly dialects: readonly string[];
  readonly start: Target;
  /** Initial values. */
  readonly variables: Readonly<Record<string, string>>;
  readonly intents: DialplanIntents | undefined;
  readonly answers: Readonly<Record<'yes' | 'no', Answer>>;
  /** By full name, in the file's order. */
  readonly nodes: Readonly<Record<string, DialplanNode>>;
}

/**
 * Variables that every call has; only `dialect` may be set. `autonomy` is how far the caller is let speak (catalogue.ts),
 * `stopCalling` is `yes` once he asked not to be called, `voiceSpeed` is below 1 once he asked to be spoken to slower.
 */
export const builtInVariables = [
  'dialect',
  'callingNumber',
  'calledNumber',
  'autonomy',
  'stopCalling',
  'voiceSpeed',
] as const;

/** The variable beside `saveAs` that holds the caller's own words. */
export function saidVariable(saveAs: string): string {
  return `${saveAs}Said`;
}

/** Targets that are no nodes. */
export const reservedTargets = ['hangup', 'again'] as const;
