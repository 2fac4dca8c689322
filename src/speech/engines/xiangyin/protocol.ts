/*
 * Xiangyin's engine protocol, version 1, as it is on the wire; README.md beside this file tells it to who writes an
 * engine. Text frames are JSON objects with a `type`, binary frames audio: the stream's number as u32 little-endian,
 * then mono s16le samples. Whoever gets a type or a field that he does not know ignores it.
 */

export const protocolVersion = 1;

/** Largest text frame either side sends, bytes: a menu of 1000 phrases fits. */
export const maxTextBytes = 256 * 1024;

/** Largest binary frame either side sends, bytes: 4 s at 8 kHz. Smaller ones are heard sooner. */
export const maxAudioFrameBytes = 64 * 1024;

/** Bytes of the stream's number before the samples. */
const audioHeaderBytes = 4;

/** What an engine can do as a recognizer; what is left out has the default. Dialects are the engine's own codes. */
export interface WireRecognizer {
  readonly sampleRatesHz: readonly number[];
  readonly dialects: readonly string[];
  /** Default true. */
  readonly streaming?: boolean;
  /** Default false, as all that follow, unless said otherwise. */
  readonly interim?: boolean;
  /** Default true. */
  readonly openSpeech?: boolean;
  readonly dialectPreserving?: boolean;
  readonly phraseHints?: boolean;
  /** Default true. */
  readonly confidence?: boolean;
  readonly wordTimes?: boolean;
  /** Whether it answers `prepare`. */
  readonly prepares?: boolean;
  /** Default 1. */
  readonly maxDialects?: number;
  /** Default: no limit. */
  readonly maxAudioMs?: number;
}

/** What an engine can do as a synthesizer. */
export interface WireSynthesizer {
  readonly sampleRatesHz: readonly number[];
  readonly dialects: readonly string[];
  /** Default true. */
  readonly streaming?: boolean;
  readonly voices?: readonly string[];
  readonly rate?: { readonly min: number; readonly max: number };
  /** Default false. */
  readonly wordTimes?: boolean;
  readonly maxTextLength?: number;
}

export interface WirePhrase {
  readonly id: string;
  readonly text: string;
  readonly dialect: string;
}

export interface WireAlternative {
  readonly text: string;
  /** The id of one of the phrases asked for. */
  readonly phraseId?: string;
  readonly dialect?: string;
  /** 0 to 1. Default 1. */
  readonly confidence?: number;
  readonly words?: readonly {
    readonly text: string;
    readonly startMs: number;
    readonly endMs: number;
    readonly confidence?: number;
  }[];
}

export interface WireResult {
  readonly stream: number;
  readonly alternatives: readonly WireAlternative[];
  readonly dialects?: readonly { readonly dialect: string; readonly score: number }[];
  readonly stability?: number;
  readonly audioMs?: number;
}

/** Why an engine did not do what it was asked. Any other code is taken for `failed`. */
export type WireErrorCode =
  /** The message was wrong: a field is missing, JSON that is none. */
  | 'bad-request'
  /** It cannot: rate, dialect, voice. */
  | 'unsupported'
  /** More than it takes: text, audio, phrases. */
  | 'too-large'
  /** All streams are taken. */
  | 'busy'
  /** HTTP's 429. */
  | 'rate-limited'
  | 'unauthorized'
  /** Something broke inside. */
  | 'failed';

export type EngineMessage =
  | {
      readonly type: 'hello';
      readonly version: number;
      readonly name: string;
      /** Streams that one connection carries at once. Default 1. */
      readonly maxStreams?: number;
      readonly recognizer?: WireRecognizer;
      readonly synthesizer?: WireSynthesizer;
    }
  | ({ readonly type: 'interim' } & WireResult)
  | ({ readonly type: 'final' } & WireResult)
  /** It hears: the answer to `listen`, at once; and to `prepare`, when that is done. */
  | { readonly type: 'ready'; readonly stream: number }
  | { readonly type: 'begin'; readonly stream: number; readonly sampleRateHz: number }
  | {
      readonly type: 'words';
      readonly stream: number;
      readonly words: readonly { readonly text: string; readonly startMs: number }[];
    }
  | { readonly type: 'end'; readonly stream: number }
  | {
      readonly type: 'error';
      /** Absent: the whole connection, which the engine closes then. */
      readonly stream?: number | undefined;
      readonly code: WireErrorCode;
      /** For who runs the engine; never logged by us, it may hold what was said. */
      readonly message?: string;
      readonly retryable?: boolean;
    }
  /** No new streams on this connection; those that run go on to their end. */
  | { readonly type: 'goaway' };

export type ClientMessage =
  | {
      readonly type: 'listen';
      readonly stream: number;
      readonly sampleRateHz: number;
      readonly dialects: readonly string[];
      readonly phrases: readonly WirePhrase[];
      readonly grammar: { readonly kind: string; readonly minLength?: number; readonly maxLength?: number };
      readonly hints: readonly { readonly text: string; readonly weight?: number }[];
      readonly maxAlternatives: number;
    }
  | { readonly type: 'finish'; readonly stream: number }
  | { readonly type: 'prepare'; readonly stream: number; readonly phrases: readonly WirePhrase[] }
  | {
      readonly type: 'say';
      readonly stream: number;
      readonly text: string;
      readonly dialect: string;
      readonly sampleRateHz: number;
      readonly voice?: string;
      readonly rate?: number;
      readonly background?: boolean;
    }
  | { readonly type: 'cancel'; readonly stream: number };

/** Hot. A binary frame of the stream with a copy of the samples. */
export function encodeAudio(stream: number, samples: Int16Array): Uint8Array {
  const frame = new Uint8Array(audioHeaderBytes + samples.byteLength);
  new DataView(frame.buffer).setUint32(0, stream, true);
  // Every processor that Node runs on is little-endian, as the wire is.
  frame.set(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength), audioHeaderBytes);
  return frame;
}

export interface AudioFrame {
  readonly stream: number;
  /** A copy: the frame's memory belongs to the socket. */
  readonly samples: Int16Array;
}

/** Reads a binary frame; undefined if it has no header, no sample, or half a sample. */
export function decodeAudio(frame: Uint8Array): AudioFrame | undefined {
  const bytes = frame.byteLength - audioHeaderBytes;
  if (bytes < 2 || bytes % 2 !== 0) return undefined;
  const stream = new DataView(frame.buffer, frame.byteOffset).getUint32(0, true);
  const samples = new Int16Array(bytes / 2);
  new Uint8Array(samples.buffer).set(frame.subarray(audioHeaderBytes));
  return { stream, samples };
}
