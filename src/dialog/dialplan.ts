import type { BargeIn, TransferMethod } from './action.js';
import type { TransferOutcome } from './event.js';

/** A text with places to fill in. Plain data, like everything below: a compiled dialplan can be stored as JSON. */
export type Template = readonly TemplatePart[];

export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'variable';
      readonly name: string;
      /** `digits`: read out one by one; `plain`: as it is; `auto`: digits if the value is nothing else. */
      readonly format: 'auto' | 'digits' | 'plain';
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
  readonly bargeIn: BargeIn;
  readonly noInputMs: number;
  readonly interDigitTimeoutMs: number;
  readonly sensitive: boolean;
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

export type DialplanNode =
  SayNode | MenuNode | DigitsNode | SetNode | BranchNode | GotoNode | TransferNode | HangupNode;

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
  /** By full name, in the file's order. */
  readonly nodes: Readonly<Record<string, DialplanNode>>;
}

/** Variables that every call has; only `dialect` may be set. */
export const builtInVariables = ['dialect', 'callingNumber', 'calledNumber'] as const;

/** Targets that are no nodes. */
export const reservedTargets = ['hangup', 'again'] as const;
