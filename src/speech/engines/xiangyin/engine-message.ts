import type {
  EngineMessage,
  WireAlternative,
  WireErrorCode,
  WireRecognizer,
  WireSynthesizer,
} from './protocol.js';

/** What a text frame of an engine turned out to be. */
export type ReadMessage =
  | { readonly kind: 'message'; readonly message: EngineMessage }
  /** A type of a later version. */
  | { readonly kind: 'unknown' }
  /** Against the protocol; `stream` says whose fault it is, if that much could be read. */
  | { readonly kind: 'breach'; readonly rule: string; readonly stream: number | undefined };

/** More of each than any engine has or anybody looks at. */
const maxAlternatives = 50;
const maxWords = 5000;
const maxTextLength = 20_000;
const maxListed = 2000;

const errorCodes: readonly string[] = [
  'bad-request',
  'unsupported',
  'too-large',
  'busy',
  'rate-limited',
  'unauthorized',
  'failed',
] satisfies WireErrorCode[];

type Fields = Readonly<Record<string, unknown>>;

/** Thrown and caught in this file only: the first field that is wrong ends the reading. */
class Breach extends Error {}

/** Reads what an engine sent. Never throws: the engine is not trusted. What was said is never part of a rule. */
export function readEngineMessage(text: string): ReadMessage {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return { kind: 'breach', rule: 'a text frame is a JSON object', stream: undefined };
  }
  if (!isFields(fields) || typeof fields['type'] !== 'string') {
    return { kind: 'breach', rule: "a text frame is a JSON object with a 'type'", stream: undefined };
  }
  try {
    const message = readFields(fields['type'], fields);
    return message === undefined ? { kind: 'unknown' } : { kind: 'message', message };
  } catch (error) {
    const rule = error instanceof Breach ? error.message : 'a message can be read';
    return { kind: 'breach', rule, stream: isStream(fields['stream']) ? fields['stream'] : undefined };
  }
}

function readFields(type: string, fields: Fields): EngineMessage | undefined {
  switch (type) {
    case 'hello':
      return readHello(fields);
    case 'interim':
    case 'final':
      return {
        type,
        stream: stream(fields),
        alternatives: list(fields, 'alternatives', maxAlternatives).map(alternative),
        ...(fields['dialects'] !== undefined && {
          dialects: list(fields, 'dialects', maxListed).map((one) => ({
            dialect: text(one, 'dialect'),
            score: number(one, 'score', 0, 1),
          })),
        }),
        ...(fields['stability'] !== undefined && { stability: number(fields, 'stability', 0, 1) }),
        ...(fields['audioMs'] !== undefined && { audioMs: number(fields, 'audioMs', 0, 1e9) }),
      };
    case 'begin':
      return { type, stream: stream(fields), sampleRateHz: number(fields, 'sampleRateHz', 1, 1e6) };
    case 'words':
      return {
        type,
        stream: stream(fields),
        words: list(fields, 'words', maxWords).map((one) => ({
          text: text(one, 'text'),
          startMs: number(one, 'startMs', 0, 1e9),
        })),
      };
    case 'ready':
    case 'end':
      return { type, stream: stream(fields) };
    case 'error':
      return {
        type,
        ...(fields['stream'] !== undefined && fields['stream'] !== null && { stream: stream(fields) }),
        code: errorCodes.includes(text(fields, 'code')) ? (fields['code'] as WireErrorCode) : 'failed',
        ...(typeof fields['message'] === 'string' && { message: fields['message'] }),
        ...(typeof fields['retryable'] === 'boolean' && { retryable: fields['retryable'] }),
      };
    case 'goaway':
      return { type };
    default:
      return undefined;
  }
}

function readHello(fields: Fields): EngineMessage {
  const { recognizer, synthesizer, maxStreams } = fields;
  if (recognizer === undefined && synthesizer === undefined) {
    throw new Breach("'hello' has a 'recognizer', a 'synthesizer', or both");
  }
  return {
    type: 'hello',
    version: number(fields, 'version', 1, 1000),
    name: text(fields, 'name'),
    ...(maxStreams !== undefined && { maxStreams: integer(fields, 'maxStreams', 1, 100_000) }),
    ...(recognizer !== undefined && { recognizer: readRecognizer(section(fields, 'recognizer')) }),
    ...(synthesizer !== undefined && { synthesizer: readSynthesizer(section(fields, 'synthesizer')) }),
  };
}

function readRecognizer(fields: Fields): WireRecognizer {
  const { maxDialects, maxAudioMs } = fields;
  return {
    sampleRatesHz: rates(fields),
    dialects: texts(fields, 'dialects'),
    streaming: flag(fields, 'streaming', true),
    interim: flag(fields, 'interim', false),
    openSpeech: flag(fields, 'openSpeech', true),
    dialectPreserving: flag(fields, 'dialectPreserving', false),
    phraseHints: flag(fields, 'phraseHints', false),
    confidence: flag(fields, 'confidence', true),
    wordTimes: flag(fields, 'wordTimes', false),
    prepares: flag(fields, 'prepares', false),
    ...(maxDialects !== undefined && { maxDialects: integer(fields, 'maxDialects', 1, maxListed) }),
    ...(maxAudioMs !== undefined && { maxAudioMs: number(fields, 'maxAudioMs', 1, 1e9) }),
  };
}

function readSynthesizer(fields: Fields): WireSynthesizer {
  const { voices, rate, maxTextLength: longest } = fields;
  return {
    sampleRatesHz: rates(fields),
    dialects: texts(fields, 'dialects'),
    streaming: flag(fields, 'streaming', true),
    wordTimes: flag(fields, 'wordTimes', false),
    ...(voices !== undefined && { voices: texts(fields, 'voices') }),
    ...(rate !== undefined && {
      rate: {
        min: number(section(fields, 'rate'), 'min', 0.01, 100),
        max: number(section(fields, 'rate'), 'max', 0.01, 100),
      },
    }),
    ...(longest !== undefined && { maxTextLength: integer(fields, 'maxTextLength', 1, 1e9) }),
  };
}

function alternative(fields: Fields): WireAlternative {
  const { phraseId, dialect, confidence, words } = fields;
  return {
    text: text(fields, 'text'),
    // Engines write null for what they do not have.
    ...(phraseId !== undefined && phraseId !== null && { phraseId: text(fields, 'phraseId') }),
    ...(dialect !== undefined && dialect !== null && { dialect: text(fields, 'dialect') }),
    ...(confidence !== undefined &&
      confidence !== null && { confidence: number(fields, 'confidence', 0, 1) }),
    ...(words !== undefined &&
      words !== null && {
        words: list(fields, 'words', maxWords).map((one) => ({
          text: text(one, 'text'),
          startMs: number(one, 'startMs', 0, 1e9),
          endMs: number(one, 'endMs', 0, 1e9),
          ...(one['confidence'] !== undefined && { confidence: number(one, 'confidence', 0, 1) }),
        })),
      }),
  };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isStream(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 0xffff_ffff;
}

function stream(fields: Fields): number {
  const value = fields['stream'];
  if (!isStream(value)) throw new Breach("'stream' is the number of a stream");
  return value;
}

function number(fields: Fields, key: string, min: number, max: number): number {
  const value = fields[key];
  if (typeof value !== 'number' || !(value >= min && value <= max)) {
    throw new Breach(`'${key}' is a number from ${String(min)} to ${String(max)}`);
  }
  return value;
}

function integer(fields: Fields, key: string, min: number, max: number): number {
  const value = number(fields, key, min, max);
  if (!Number.isInteger(value)) throw new Breach(`'${key}' is a whole number`);
  return value;
}

function flag(fields: Fields, key: string, otherwise: boolean): boolean {
  const value = fields[key];
  if (value === undefined) return otherwise;
  if (typeof value !== 'boolean') throw new Breach(`'${key}' is true or false`);
  return value;
}

function text(fields: Fields, key: string): string {
  const value = fields[key];
  if (typeof value !== 'string' || value.length > maxTextLength) throw new Breach(`'${key}' is a text`);
  return value;
}

function texts(fields: Fields, key: string): string[] {
  const value = fields[key];
  if (!Array.isArray(value) || value.length > maxListed) throw new Breach(`'${key}' is a list of texts`);
  if (!value.every((one): one is string => typeof one === 'string' && one.length < 200)) {
    throw new Breach(`'${key}' is a list of texts`);
  }
  return value;
}

function rates(fields: Fields): number[] {
  const value = fields['sampleRatesHz'];
  const isRate = (one: unknown): one is number =>
    typeof one === 'number' && Number.isInteger(one) && one >= 4000 && one <= 192_000;
  if (!Array.isArray(value) || value.length === 0 || value.length > 20 || !value.every(isRate)) {
    throw new Breach("'sampleRatesHz' is a list of sample rates, e.g. [8000, 16000]");
  }
  return value;
}

function list(fields: Fields, key: string, most: number): Fields[] {
  const value = fields[key];
  if (!Array.isArray(value) || value.length > most || !value.every(isFields)) {
    throw new Breach(`'${key}' is a list of at most ${String(most)} objects`);
  }
  return value;
}

function section(fields: Fields, key: string): Fields {
  const value = fields[key];
  if (!isFields(value)) throw new Breach(`'${key}' is an object`);
  return value;
}
