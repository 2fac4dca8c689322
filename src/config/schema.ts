import { speechSchema } from './speech-schema.js';

/**
 * The one source of every option: its type, default, unit and words. Types, defaults, the check of files and the names of
 * environment variables are all read from here.
 *
 * `format` is one of those that {@link file://./check.ts} knows; `path` marks a file or folder that is resolved against
 * the configuration file's folder; an option without `default` may be absent.
 */
export const schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Xiangyin configuration',
  type: 'object',
  additionalProperties: false,
  properties: {
    dataDir: {
      type: 'string',
      path: true,
      default: './data',
      description: 'Folder of everything the server writes: database, recordings, journals, caches.',
    },
    log: {
      type: 'object',
      additionalProperties: false,
      properties: {
        level: {
          type: 'string',
          enum: ['silent', 'error', 'warn', 'info', 'debug'],
          default: 'info',
          description: 'What is written to standard error, one JSON line per entry.',
        },
      },
    },
    sip: {
      type: 'object',
      additionalProperties: false,
      properties: {
        listen: {
          type: 'array',
          items: { type: 'string', format: 'sip-address' },
          minItems: 1,
          default: ['udp:127.0.0.1:5060', 'tcp:127.0.0.1:5060'],
          description:
            'Where the embedded SIP server takes calls. Use udp:0.0.0.0:5060 to open it to the network.',
        },
        tls: {
          type: 'object',
          additionalProperties: false,
          properties: {
            certificate: {
              type: 'string',
              path: true,
              description: 'PEM file of our certificate with its chain; needed to listen on tls: and wss:.',
            },
            key: { type: 'string', path: true, description: "PEM file of the certificate's key." },
            ca: {
              type: 'string',
              path: true,
              description: 'PEM file of the authorities that servers we call by TLS are checked against.',
            },
            verifyPeer: {
              type: 'boolean',
              default: true,
              description: 'Whether a server that we call by TLS must prove its name.',
            },
          },
        },
        externalAddress: {
          type: 'string',
          format: 'host',
          description: 'Address by which the world reaches this machine: what Contact, Via and SDP say.',
        },
        realm: {
          type: 'string',
          pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$',
          default: 'xiangyin',
          description:
            "Domain of the telephones' users, which their passwords are good for; users of another realm cannot register.",
        },
        digestAlgorithms: {
          type: 'array',
          items: { type: 'string', enum: ['SHA-256', 'MD5'] },
          minItems: 1,
          default: ['MD5'],
          description:
            'Digests that telephones are offered, the preferred first. Old telephones give up when SHA-256 is among them.',
        },
        requestHandlers: {
          type: 'array',
          items: { type: 'string', format: 'request-handler' },
          default: [],
          description:
            'Programs that the embedded SIP server asks by HTTP where new requests go, METHOD=URL; they send a call here by the tag xiangyin.',
        },
        traceBytes: {
          type: 'integer',
          minimum: 0,
          unit: 'bytes',
          default: 16_000_000,
          description:
            'Memory in which the embedded SIP server keeps the messages of the last calls for `xiangyin sip trace`; 0 keeps none.',
        },
      },
    },
    drachtio: {
      type: 'object',
      additionalProperties: false,
      properties: {
        url: {
          type: 'array',
          items: { type: 'string', format: 'drachtio-url' },
          default: [],
          description:
            'drachtio servers to use, drachtio://:secret@host:port. Empty: the embedded pair is started.',
        },
      },
    },
    freeswitch: {
      type: 'object',
      additionalProperties: false,
      properties: {
        url: {
          type: 'array',
          items: { type: 'string', format: 'esl-url' },
          default: [],
          description:
            'Event Sockets of FreeSWITCH to use, esl://:secret@host:port. Given together with drachtio.url.',
        },
      },
    },
    mediaServer: {
      type: 'object',
      additionalProperties: false,
      properties: {
        profile: {
          type: 'string',
          minLength: 1,
          default: 'drachtio_mrf',
          description: "FreeSWITCH's SIP profile that takes the media legs.",
        },
        eventSocketListen: {
          type: 'string',
          format: 'host-port',
          default: '127.0.0.1:0',
          description:
            'Where we wait for outbound Event Socket connections; port 0 takes a free one. With several daemons the next ports follow, one for each drachtio and FreeSWITCH.',
        },
        eventSocketAdvertise: {
          type: 'string',
          format: 'host-port',
          description: 'Address by which FreeSWITCH reaches eventSocketListen, when it differs.',
        },
        promptDelivery: {
          type: 'string',
          enum: ['path', 'url'],
          default: 'path',
          description:
            'How FreeSWITCH opens prompt files: by path (same machine or shared folder) or by URL from http.',
        },
        workers: {
          type: 'integer',
          minimum: 0,
          maximum: 64,
          unit: 'threads',
          default: 0,
          description:
            'Threads of the embedded media server; one that crashes ends its calls only and is replaced. 0: one for each core that the application and the SIP server leave, at least one.',
        },
        standby: {
          type: 'integer',
          minimum: 0,
          maximum: 100,
          unit: 'endpoints',
          default: 8,
          description:
            'Endpoints with open audio made ahead of calls, so that a call is answered sooner; for media servers that take and give stereo audio in one stream, as the embedded one. 0: none.',
        },
        codecs: {
          type: 'array',
          items: { type: 'string', enum: ['PCMU', 'PCMA', 'G722', 'opus', 'L16'] },
          minItems: 1,
          default: ['PCMU', 'PCMA', 'G722', 'opus', 'L16'],
          description:
            'What the embedded media server offers, in this order, and takes from callers, in their order. L16 is 8 and 16 kHz.',
        },
        rtpPorts: {
          type: 'string',
          format: 'port-range',
          default: '20000-29999',
          description: 'UDP ports of the embedded media server, first-last; a call takes two.',
        },
        rtpAddress: {
          type: 'string',
          format: 'host',
          description:
            'Local address of the embedded media server. Absent: that of sip.listen, so that opening SIP opens RTP.',
        },
        soundsDir: {
          type: 'string',
          path: true,
          description: 'Folder against which the embedded media server resolves relative file names.',
        },
      },
    },
    audioStream: {
      type: 'object',
      additionalProperties: false,
      properties: {
        listen: {
          type: 'string',
          format: 'host-port',
          default: '127.0.0.1:0',
          description:
            'Where the media server brings the audio of calls (WebSocket); port 0 takes a free one.',
        },
        advertise: {
          type: 'string',
          format: 'ws-url',
          description:
            'Base URL by which the media server reaches audioStream.listen, e.g. ws://10.0.0.5:7000.',
        },
      },
    },
    http: {
      type: 'object',
      additionalProperties: false,
      properties: {
        listen: {
          type: 'string',
          format: 'host-port',
          default: '127.0.0.1:8080',
          description: 'Health, metrics, prompt files and control of the running server.',
        },
        advertise: {
          type: 'string',
          format: 'http-url',
          description: 'Base URL by which the media server reaches http.listen, e.g. http://10.0.0.5:8080.',
        },
      },
    },
    calls: {
      type: 'object',
      additionalProperties: false,
      properties: {
        maxDurationMs: {
          type: 'integer',
          minimum: 1000,
          unit: 'ms',
          default: 3_600_000,
          description: 'A call that lasts longer is ended.',
        },
        drainMs: {
          type: 'integer',
          minimum: 0,
          unit: 'ms',
          default: 30_000,
          description: 'How long live calls may go on after SIGTERM.',
        },
        maxConcurrent: {
          type: 'integer',
          minimum: 1,
          unit: 'calls',
          default: 400,
          description: 'More calls at once are refused with 503.',
        },
        reservedForFavoured: {
          type: 'integer',
          minimum: 0,
          unit: 'calls',
          default: 0,
          description: 'How many of them are kept for callers whom callers.yaml favours.',
        },
        recording: {
          type: 'boolean',
          default: true,
          description:
            'Whether calls are recorded (stereo WAV: left the caller, right what the caller heard).',
        },
      },
    },
    admission: {
      type: 'object',
      additionalProperties: false,
      properties: {
        invitesPerSecond: {
          type: 'integer',
          minimum: 0,
          unit: 'INVITEs per second',
          default: 300,
          description: 'More new calls, favoured ones not counted, are refused with 503. 0: no limit.',
        },
        invitesPerSecondPerAddress: {
          type: 'integer',
          minimum: 0,
          unit: 'INVITEs per second',
          default: 100,
          description:
            'The same for each source address that is neither a trunk nor a registered user. 0: no limit.',
        },
      },
    },
    retention: {
      type: 'object',
      additionalProperties: false,
      properties: {
        refusedMs: {
          type: 'integer',
          minimum: 0,
          unit: 'ms',
          default: 604_800_000,
          description: 'How long the record of a refused INVITE is kept, for `xiangyin why`.',
        },
        maxRefused: {
          type: 'integer',
          minimum: 0,
          unit: 'records',
          default: 10_000,
          description: 'How many of them are kept at most, the newest; 0 keeps none.',
        },
        refusedPerSecond: {
          type: 'integer',
          minimum: 1,
          unit: 'records per second',
          default: 10,
          description: 'In a flood no more than so many a second are kept; the rest are only counted.',
        },
      },
    },
    callerMemory: {
      type: 'object',
      additionalProperties: false,
      properties: {
        enabled: {
          type: 'boolean',
          default: true,
          description:
            'Whether the dialect that a caller spoke is remembered for his next call, by a keyed hash of his number; anonymous callers never are.',
        },
        consent: {
          type: 'string',
          enum: ['notice', 'given'],
          default: 'notice',
          description:
            'notice: callers are told of it elsewhere. given: only who agreed in a call (the dialplan sets rememberMe to yes) is remembered. Who said no never is.',
        },
        retentionDays: {
          type: 'integer',
          minimum: 1,
          maximum: 3650,
          unit: 'days',
          default: 180,
          description: 'A caller who did not call for so long is forgotten.',
        },
        halfLifeDays: {
          type: 'integer',
          minimum: 1,
          maximum: 3650,
          unit: 'days',
          default: 180,
          description: 'After so long what earlier calls told counts for half.',
        },
      },
    },
    dialplans: {
      type: 'object',
      additionalProperties: false,
      properties: {
        dir: {
          type: 'string',
          path: true,
          default: './dialplans',
          description: 'Folder of the dialplans (*.yaml).',
        },
        watch: {
          type: 'boolean',
          default: false,
          description: 'Whether each save that passes the check is published at once.',
        },
      },
    },
    numbers: {
      type: 'string',
      path: true,
      default: './sip-config/numbers.yaml',
      description: 'File that says which called number runs which dialplan.',
    },
    trunks: {
      type: 'string',
      path: true,
      default: './sip-config/trunks.yaml',
      description: 'File of the carriers: where calls out go, which calls in are theirs. It may be absent.',
    },
    callers: {
      type: 'string',
      path: true,
      default: './sip-config/callers.yaml',
      description: 'File of the callers who are blocked or favoured. It may be absent.',
    },
    audioPrompts: {
      type: 'string',
      path: true,
      default: './audio-prompts',
      description: 'Folder of recorded prompts, <dialect>/<name>.wav.',
    },
    speech: speechSchema,
  },
} as const;

type Schema = typeof schema;

type ValueOf<F> = F extends { required: readonly (infer R)[]; properties: infer P }
  ? EntryOf<P, R>
  : F extends { properties: infer P }
    ? SectionOf<P>
    : F extends { type: 'object'; additionalProperties: { type: 'string' } }
      ? Readonly<Record<string, string>>
      : F extends { enum: readonly (infer E)[] }
        ? E
        : F extends { type: 'string' }
          ? string
          : F extends { type: 'integer' | 'number' }
            ? number
            : F extends { type: 'boolean' }
              ? boolean
              : F extends { type: 'array'; items: infer I }
                ? readonly ValueOf<I>[]
                : never;

/** An entry of a list: what is not required may be absent. */
type EntryOf<P, R> = {
  readonly [K in keyof P as K extends R ? K : never]: ValueOf<P[K]>;
} & {
  readonly [K in keyof P as K extends R ? never : K]?: ValueOf<P[K]>;
};

type AlwaysThere = { default: unknown } | { properties: unknown };

type SectionOf<P> = {
  readonly [K in keyof P as P[K] extends AlwaysThere ? K : never]: ValueOf<P[K]>;
} & {
  readonly [K in keyof P as P[K] extends AlwaysThere ? never : K]?: ValueOf<P[K]>;
};

/** The whole configuration, frozen. Paths are absolute; what an option means is said in {@link schema}. */
export type Config = SectionOf<Schema['properties']>;

/** One of `speech.engines`, with the secret that its tokenVariable holds. */
export type EngineConfig = Config['speech']['engines'][number] & { readonly token?: string };
