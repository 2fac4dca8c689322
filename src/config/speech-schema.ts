/** One entry of `speech.engines`: a speech engine that is reached over the network. */
const engineSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'url'],
  properties: {
    name: {
      type: 'string',
      pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
      description: 'What it is called in speech.recognizers, speech.synthesizers, logs and metrics.',
    },
    type: {
      type: 'string',
      enum: ['xiangyin'],
      description: 'What it speaks: xiangyin, our own engine protocol. Absent: xiangyin.',
    },
    url: {
      type: 'string',
      format: 'ws-url',
      description: 'Where it is: ws://host:port/path, or wss: over a network that others use.',
    },
    tokenFile: {
      type: 'string',
      path: true,
      description: 'File that holds the token by which it lets us in.',
    },
    tokenVariable: {
      type: 'string',
      pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
      description: 'Environment variable that holds the token, instead of tokenFile.',
    },
    caFile: {
      type: 'string',
      path: true,
      description:
        'Of wss:, a PEM file: the authorities that may have signed its certificate, or that itself. Absent: those Node trusts.',
    },
    roles: {
      type: 'array',
      items: { type: 'string', enum: ['recognizer', 'synthesizer'] },
      minItems: 1,
      description: 'What it is used as, where speech.recognizers or synthesizers name nobody. Absent: both.',
    },
    dialects: {
      type: 'object',
      additionalProperties: { type: 'string', minLength: 1 },
      description:
        "The engine's own code of each dialect (yue: zh-HK); others are not asked of it. Absent: it uses our ids.",
    },
    voices: {
      type: 'object',
      additionalProperties: { type: 'string', minLength: 1 },
      description: "The engine's voice for each dialect. Absent: the engine chooses.",
    },
    connectLimitMs: {
      type: 'integer',
      minimum: 50,
      maximum: 60_000,
      unit: 'ms',
      description: 'How long a connection may take. Absent: 2000.',
    },
    maxConnections: {
      type: 'integer',
      minimum: 1,
      maximum: 10_000,
      unit: 'connections',
      description: 'How many connections are made to it at most. Absent: 64.',
    },
  },
} as const;

/** Engines that are always there and need no entry. */
export const embeddedEngines = { recognizer: 'phrasebook', synthesizer: 'espeak-ng' } as const;

/** One entry of `speech.parallel.calibration`. */
const calibrationSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['engine', 'slope', 'offset'],
  properties: {
    engine: { type: 'string', description: 'Name of the engine.' },
    dialect: { type: 'string', description: 'Id of the dialect. Absent: every one without its own entry.' },
    slope: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 10,
      description: '1: as sure as it says; less: it exaggerates both ways.',
    },
    offset: {
      type: 'number',
      minimum: -10,
      maximum: 10,
      unit: 'log-odds',
      description: 'Below 0: it is surer than it should be.',
    },
  },
} as const;

/** The section `speech.parallel`: recognizers that hear the first turns of a call together. */
const parallelSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    turns: {
      type: 'integer',
      minimum: 0,
      maximum: 20,
      unit: 'turns',
      default: 2,
      description:
        "In so many first turns of a call of whose caller no dialect is known, recognizers of the dialplan's other dialects hear him too; 0: never.",
    },
    recognizers: {
      type: 'integer',
      minimum: 1,
      maximum: 4,
      unit: 'recognizers',
      default: 2,
      description: 'How many hear such a turn at most.',
    },
    waitMs: {
      type: 'integer',
      minimum: 0,
      maximum: 2000,
      unit: 'ms',
      default: 200,
      description: 'How long a result that is not sure waits for the others; one that is sure never does.',
    },
    calibration: {
      type: 'array',
      items: calibrationSchema,
      default: [],
      description:
        'What confidence c of an engine is worth: 1 / (1 + exp(-(slope * ln(c / (1 - c)) + offset))). Without an entry by its published error rate; as a variable a list in JSON.',
    },
  },
} as const;

/** The section `speech`; see schema.ts. */
export const speechSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    cacheBytes: {
      type: 'integer',
      minimum: 0,
      unit: 'bytes',
      default: 500_000_000,
      description: 'Disk space that synthesised sentences may keep under dataDir; 0 keeps none.',
    },
    engines: {
      type: 'array',
      items: engineSchema,
      default: [],
      description: 'Speech engines over the network; as a variable a list in JSON.',
    },
    recognizers: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description:
        'Recognizers by name, the preferred first; the next is for when those before fail. Empty: engines in their order, then phrasebook.',
    },
    synthesizers: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description: 'Synthesizers in the same way. Empty: engines in their order, then espeak-ng.',
    },
    parallel: parallelSchema,
    failover: {
      type: 'object',
      additionalProperties: false,
      properties: {
        connectMs: {
          type: 'integer',
          minimum: 0,
          unit: 'ms',
          default: 800,
          description:
            'How long a recognizer over the network may take to say that it hears; 0 here and below: for ever.',
        },
        firstResultMs: {
          type: 'integer',
          minimum: 0,
          unit: 'ms',
          default: 1500,
          description: 'How long it may say nothing while the caller speaks, if it gives interim results.',
        },
        finalMs: {
          type: 'integer',
          minimum: 0,
          unit: 'ms',
          default: 600,
          description:
            'How long it may take for its result when the caller has finished; then the next is asked.',
        },
        firstAudioMs: {
          type: 'integer',
          minimum: 0,
          unit: 'ms',
          default: 400,
          description: 'How long a synthesizer over the network may take to begin to speak.',
        },
        betweenChunksMs: {
          type: 'integer',
          minimum: 0,
          unit: 'ms',
          default: 400,
          description: 'How long it may pause in a sentence.',
        },
        failuresToOpen: {
          type: 'integer',
          minimum: 1,
          unit: 'failures',
          default: 3,
          description: 'An engine that failed so often in a row is left alone.',
        },
        openMs: {
          type: 'integer',
          minimum: 1,
          unit: 'ms',
          default: 5000,
          description:
            'For how long; then one call tries it. Twice as long after each try that failed, at most a minute.',
        },
      },
    },
  },
} as const;
