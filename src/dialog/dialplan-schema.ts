import { dialectIds } from '../dialect/catalogue.js';
import { slotTypes } from '../dialect/slots/slot-value.js';
import type { BargeIn } from './action.js';
import type { AskedSlot, ChoiceReply } from './spoken-answer.js';

/**
 * JSON Schema of a dialplan file. What a schema can say simply (keys, types, ranges) is said here; prompts, phrases and
 * conditions, which have several written forms, are described here for editors and read form by form by the compiler.
 *
 * `title` of a definition is what an admin is told that the value should be.
 */

/** A name of a flow, node, choice or prompt. */
export const namePattern = '^[A-Za-z][A-Za-z0-9_-]*$';

const text = { type: 'string', title: 'a text' };
const name = { type: 'string', pattern: namePattern, title: 'a name of letters, digits and -' };
const variable = {
  type: 'string',
  pattern: '^[A-Za-z][A-Za-z0-9_]*$',
  title: 'a variable name of letters and digits',
};
const target = {
  type: 'string',
  pattern: '^[A-Za-z][A-Za-z0-9_-]*([.][A-Za-z][A-Za-z0-9_-]*)?$',
  title: 'a target: node, flow, flow.node or hangup',
};
const dialect = { type: 'string', enum: dialectIds, title: 'a dialect id' };
const scalar = { type: ['string', 'number', 'boolean'], title: 'a text or number' };
const milliseconds = { type: 'integer', minimum: 200, maximum: 120_000, title: 'whole milliseconds' };
const retries = { type: 'integer', minimum: 0, maximum: 10, title: 'a whole number' };
const bargeIn = {
  type: 'string',
  enum: ['none', 'key', 'phrase', 'speech'],
  title: 'none, key, phrase or speech',
};
const flag = { type: 'boolean', title: 'true or false' };

const promptForms = {
  title: 'a prompt: the words, a prompt name, {cmn: ..., yue: ...}, {text: ..., dialect: ...} or {file: ...}',
  anyOf: [{ type: 'string' }, { type: 'object' }, { type: 'array', items: { type: ['string', 'object'] } }],
};
const phrases = {
  title: 'a phrase, a list of phrases, or {cmn: [...], yue: [...]}',
  anyOf: [
    { type: 'string' },
    { type: 'array', items: { type: 'string' } },
    {
      type: 'object',
      additionalProperties: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
    },
  ],
};
const condition = {
  title:
    'a condition: {variable: x, equals: y}, {variable: x, in: [...]}, {all: [...]}, {any: [...]} or {not: ...}',
  type: 'object',
};
const assignments = { type: 'object', title: 'a map of variable to value', additionalProperties: scalar };

function closed(
  title: string,
  properties: Record<string, unknown>,
  required: readonly string[] = [],
): object {
  return { type: 'object', title, properties, required, additionalProperties: false };
}

const retry = closed('noInput or noMatch', {
  retries,
  reprompts: { type: 'array', title: 'a list of prompts', minItems: 1, items: promptForms },
  repeatPrompt: flag,
  goto: target,
});

const key = { ...scalar, title: "a key, e.g. 1 or '*'" };
const replies: readonly ChoiceReply[] = [
  ...(['yes', 'no', 'dont-know', 'repeat', 'slower', 'louder'] as const),
  ...(['person', 'language', 'stop-calling'] as const),
];
const reply = { type: 'string', enum: replies, title: `an answer: ${replies.join(', ')}` };
const intent = { type: 'string', pattern: '^[a-z][a-z0-9-]*$', title: 'an intent of the set, e.g. pay-bill' };
const oneOrMore = (items: { readonly title: string }) => ({
  title: `${items.title}, or a list of them`,
  anyOf: [items, { type: 'array', items, minItems: 1 }],
});

const choice = closed(
  'a choice',
  {
    key,
    phrases,
    intent: oneOrMore(intent),
    reply: oneOrMore(reply),
    label: promptForms,
    set: assignments,
    goto: target,
  },
  ['goto'],
);
const answer = closed('an answer', { key, phrases });
const slots: readonly AskedSlot[] = [...slotTypes, 'text'];
const choices = { type: 'object', title: 'a map of choice name to choice', additionalProperties: choice };

const asking = {
  prompt: promptForms,
  openPrompt: promptForms,
  bargeIn,
  noInputMs: milliseconds,
  interDigitTimeoutMs: milliseconds,
  typeAhead: flag,
  sensitive: flag,
  listenIn: { type: 'array', title: 'a list of dialect ids', items: dialect, minItems: 1 },
  saveAs: variable,
  retries,
  noInput: retry,
  noMatch: retry,
};

function node(type: string, properties: Record<string, unknown>, required: readonly string[]): object {
  return closed(`a ${type} node`, { type: { const: type }, description: text, ...properties }, [
    'type',
    ...required,
  ]);
}

const nodes: Readonly<Record<string, object>> = {
  say: node('say', { prompt: promptForms, bargeIn, goto: target }, ['prompt', 'goto']),
  menu: node('menu', { ...asking, choices: { ...choices, minProperties: 1 }, everywhere: flag }, [
    'prompt',
    'choices',
  ]),
  digits: node(
    'digits',
    {
      ...asking,
      choices,
      everywhere: flag,
      minDigits: { type: 'integer', minimum: 1, maximum: 64, title: 'a whole number' },
      maxDigits: { type: 'integer', minimum: 1, maximum: 64, title: 'a whole number' },
      termChar: { type: 'string', enum: ['#', '*', ''], title: "'#', '*' or ''" },
      goto: target,
    },
    ['prompt', 'saveAs', 'maxDigits', 'goto'],
  ),
  ask: node(
    'ask',
    {
      ...asking,
      slot: { type: 'string', enum: slots, title: slots.join(', ') },
      choices,
      everywhere: flag,
      minDigits: { type: 'integer', minimum: 1, maximum: 64, title: 'a whole number' },
      maxDigits: { type: 'integer', minimum: 1, maximum: 64, title: 'a whole number' },
      min: { type: 'number', title: 'a number' },
      max: { type: 'number', title: 'a number' },
      termChar: { type: 'string', enum: ['#', '*', ''], title: "'#', '*' or ''" },
      confirm: { type: 'string', enum: ['always', 'unsure', 'never'], title: 'always, unsure or never' },
      confirmPrompt: promptForms,
      goto: target,
    },
    ['prompt', 'slot', 'saveAs', 'goto'],
  ),
  agenda: node('agenda', { else: target }, ['else']),
  set: node('set', { variables: { ...assignments, minProperties: 1 }, goto: target }, ['variables', 'goto']),
  branch: node(
    'branch',
    {
      cases: {
        type: 'array',
        title: 'a list of {if: ..., goto: ...}',
        minItems: 1,
        items: closed('a case', { if: condition, goto: target }, ['if', 'goto']),
      },
      else: target,
    },
    ['cases', 'else'],
  ),
  goto: node('goto', { goto: target }, ['goto']),
  transfer: node(
    'transfer',
    {
      prompt: promptForms,
      bargeIn,
      to: { ...scalar, title: "a number, a user, a 'sip:' URI, or a text with {{variables}}" },
      by: { type: 'string', enum: ['auto', 'refer', 'bridge'], title: 'auto, refer or bridge' },
      ringMs: { type: 'integer', minimum: 1000, maximum: 180_000, title: 'whole milliseconds' },
      goto: target,
      busy: target,
      refused: target,
      noAnswer: target,
      failed: target,
    },
    ['to'],
  ),
  hangup: node('hangup', { prompt: promptForms, bargeIn }, []),
};

export const dialplanSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  ...closed(
    'a dialplan',
    {
      name,
      title: text,
      description: text,
      dialects: {
        type: 'array',
        title: 'a list of dialect ids',
        items: dialect,
        minItems: 1,
        uniqueItems: true,
      },
      defaults: closed('defaults', {
        dialect,
        bargeIn,
        noInputMs: milliseconds,
        interDigitTimeoutMs: milliseconds,
        typeAhead: flag,
        retries,
        noInput: retry,
        noMatch: retry,
        wayOut: target,
      }),
      variables: assignments,
      prompts: { type: 'object', title: 'a map of prompt name to prompt', additionalProperties: promptForms },
      everywhere: choices,
      intents: {
        title: 'the name of a set of intents, or {set: ..., confirm: ..., whichFirst: ..., next: ...}',
        anyOf: [
          name,
          closed('intents', { set: name, confirm: promptForms, whichFirst: promptForms, next: promptForms }, [
            'set',
          ]),
        ],
      },
      answers: closed('answers', { yes: answer, no: answer }),
      start: target,
      flows: {
        type: 'object',
        title: 'a map of flow name to flow',
        minProperties: 1,
        additionalProperties: closed(
          'a flow',
          {
            description: text,
            start: name,
            nodes: {
              type: 'object',
              title: 'a map of node name to node',
              minProperties: 1,
              additionalProperties: {
                type: 'object',
                title: 'a node',
                discriminator: { propertyName: 'type' },
                oneOf: Object.values(nodes),
              },
            },
          },
          ['nodes'],
        ),
      },
    },
    ['name', 'flows'],
  ),
} as const;

/** What a file holds once the schema has passed. */
export interface DialplanSource {
  readonly name: string;
  readonly title?: string;
  readonly dialects?: readonly string[];
  readonly defaults?: DefaultsSource;
  readonly variables?: Readonly<Record<string, Scalar>>;
  readonly prompts?: Readonly<Record<string, unknown>>;
  readonly everywhere?: Readonly<Record<string, ChoiceSource>>;
  readonly intents?: string | IntentsSource;
  readonly answers?: Readonly<Partial<Record<'yes' | 'no', AnswerSource>>>;
  readonly start?: string;
  readonly flows: Readonly<Record<string, FlowSource>>;
}

export type Scalar = string | number | boolean;

export interface DefaultsSource {
  readonly dialect?: string;
  readonly bargeIn?: BargeIn;
  readonly noInputMs?: number;
  readonly interDigitTimeoutMs?: number;
  readonly typeAhead?: boolean;
  readonly retries?: number;
  readonly noInput?: RetrySource;
  readonly noMatch?: RetrySource;
  readonly wayOut?: string;
}

export interface RetrySource {
  readonly retries?: number;
  readonly reprompts?: readonly unknown[];
  readonly repeatPrompt?: boolean;
  readonly goto?: string;
}

export interface IntentsSource {
  readonly set: string;
  readonly confirm?: unknown;
  readonly whichFirst?: unknown;
  readonly next?: unknown;
}

export interface AnswerSource {
  readonly key?: Scalar;
  readonly phrases?: unknown;
}

export interface ChoiceSource {
  readonly key?: Scalar;
  readonly phrases?: unknown;
  readonly intent?: string | readonly string[];
  readonly reply?: ChoiceReply | readonly ChoiceReply[];
  readonly label?: unknown;
  readonly set?: Readonly<Record<string, Scalar>>;
  readonly goto: string;
}

export interface FlowSource {
  readonly start?: string;
  readonly nodes: Readonly<Record<string, NodeSource>>;
}

interface AskSource {
  readonly prompt: unknown;
  readonly openPrompt?: unknown;
  readonly bargeIn?: BargeIn;
  readonly noInputMs?: number;
  readonly interDigitTimeoutMs?: number;
  readonly typeAhead?: boolean;
  readonly sensitive?: boolean;
  readonly listenIn?: readonly string[];
  readonly saveAs?: string;
  readonly retries?: number;
  readonly noInput?: RetrySource;
  readonly noMatch?: RetrySource;
  readonly everywhere?: boolean;
  readonly choices?: Readonly<Record<string, ChoiceSource>>;
}

export interface MenuSource extends AskSource {
  readonly type: 'menu';
}

export interface DigitsSource extends AskSource {
  readonly type: 'digits';
  readonly saveAs: string;
  readonly minDigits?: number;
  readonly maxDigits: number;
  readonly termChar?: '#' | '*' | '';
  readonly goto: string;
}

export interface SlotSource extends AskSource {
  readonly type: 'ask';
  readonly slot: AskedSlot;
  readonly saveAs: string;
  readonly minDigits?: number;
  readonly maxDigits?: number;
  readonly min?: number;
  readonly max?: number;
  readonly termChar?: '#' | '*' | '';
  readonly confirm?: 'always' | 'unsure' | 'never';
  readonly confirmPrompt?: unknown;
  readonly goto: string;
}

/** What waits for an answer, as it is written. */
export type AskingSource = MenuSource | DigitsSource | SlotSource;

/** The node, if it waits for an answer. */
export function askingSource(node: NodeSource): AskingSource | undefined {
  return node.type === 'menu' || node.type === 'digits' || node.type === 'ask' ? node : undefined;
}

export interface TransferSource {
  readonly type: 'transfer';
  readonly prompt?: unknown;
  readonly bargeIn?: BargeIn;
  readonly to: Scalar;
  readonly by?: 'auto' | 'refer' | 'bridge';
  readonly ringMs?: number;
  readonly goto?: string;
  readonly busy?: string;
  readonly refused?: string;
  readonly noAnswer?: string;
  readonly failed?: string;
}

export type NodeSource =
  | AskingSource
  | TransferSource
  | { readonly type: 'agenda'; readonly else: string }
  | {
      readonly type: 'say';
      readonly prompt: unknown;
      readonly bargeIn?: BargeIn;
      readonly goto: string;
    }
  | { readonly type: 'set'; readonly variables: Readonly<Record<string, Scalar>>; readonly goto: string }
  | {
      readonly type: 'branch';
      readonly cases: readonly { readonly if: unknown; readonly goto: string }[];
      readonly else: string;
    }
  | { readonly type: 'goto'; readonly goto: string }
  | { readonly type: 'hangup'; readonly prompt?: unknown; readonly bargeIn?: BargeIn };
