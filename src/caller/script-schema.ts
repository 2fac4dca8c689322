/** Defaults of a script's optional fields. */
export const SCRIPT_DEFAULTS = {
  dialect: 'en-gb',
  keys: 'rfc4733',
  offer: 'sdp',
  /** Longer than any smoke test should take, shorter than a forgotten call should last. */
  limitMs: 120_000,
  /** For expectAnswer, and for the answer that other steps wait for by themselves. */
  answerWithinMs: 10_000,
  /** For every other expectation. */
  withinMs: 10_000,
  /** 100 ms is what phones send; RFC 4733 §2.5.1.2 asks for at least 40 ms. */
  toneMs: 100,
  silenceForMs: 1_000,
} as const;

const KEYS = '^[0-9A-D*#]+$';

const within = { type: 'integer', minimum: 1, maximum: 3_600_000 } as const;

const sentence = {
  type: ['string', 'object'],
  minLength: 1,
  properties: {
    text: { type: 'string', minLength: 1 },
    dialect: { type: 'string', minLength: 1 },
    voice: { type: 'string', minLength: 1 },
    rate: { type: 'number', minimum: 0.5, maximum: 2 },
  },
  required: ['text'],
  additionalProperties: false,
} as const;

const expectedSentence = {
  ...sentence,
  properties: { ...sentence.properties, audio: { type: 'string', minLength: 1 } },
} as const;

const press = {
  type: ['string', 'object'],
  pattern: KEYS,
  properties: {
    keys: { type: 'string', pattern: KEYS },
    via: { enum: ['rfc4733', 'info'] },
    toneMs: { type: 'integer', minimum: 40, maximum: 5000 },
  },
  required: ['keys'],
  additionalProperties: false,
} as const;

const play = { type: 'string', minLength: 1 } as const;

const withinOnly = {
  type: ['object', 'null'],
  properties: { withinMs: within },
  additionalProperties: false,
} as const;

/** JSON Schema (2019-09 and draft-07 alike) of a caller script. A step is one word, or one word with its settings. */
export const SCRIPT_SCHEMA = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1 },
    dialect: { type: 'string', minLength: 1 },
    keys: { enum: ['rfc4733', 'info'] },
    offer: { enum: ['sdp', 'none'] },
    limitMs: within,
    steps: {
      type: 'array',
      minItems: 1,
      items: {
        type: ['object', 'string'],
        enumWhenString: ['expectAnswer', 'expectHangup', 'expectRefusal', 'hangup', 'hold', 'resume'],
        minProperties: 1,
        maxProperties: 1,
        properties: {
          expectAnswer: withinOnly,
          expectHangup: withinOnly,
          expectRefusal: {
            type: ['object', 'null'],
            properties: { withinMs: within, status: { type: 'integer', minimum: 300, maximum: 699 } },
            additionalProperties: false,
          },
          expect: {
            type: ['object', 'string'],
            enumWhenString: ['speech', 'silence'],
            properties: {
              phrases: { type: 'array', minItems: 1, items: expectedSentence },
              speech: { const: true },
              silence: {
                type: 'object',
                properties: { forMs: within },
                required: ['forMs'],
                additionalProperties: false,
              },
              withinMs: within,
            },
            exactlyOneOf: ['phrases', 'speech', 'silence'],
            additionalProperties: false,
          },
          press,
          say: sentence,
          play,
          bargeIn: {
            type: 'object',
            properties: {
              afterMs: { type: 'integer', minimum: 0, maximum: 600_000 },
              withinMs: within,
              press,
              say: sentence,
              play,
            },
            required: ['afterMs'],
            exactlyOneOf: ['press', 'say', 'play'],
            additionalProperties: false,
          },
          wait: { type: 'integer', minimum: 0, maximum: 3_600_000 },
          hold: { type: 'null' },
          resume: { type: 'null' },
          hangup: { type: 'null' },
          record: { type: 'string', minLength: 1 },
        },
        additionalProperties: false,
      },
    },
  },
  required: ['steps'],
  additionalProperties: false,
} as const;
