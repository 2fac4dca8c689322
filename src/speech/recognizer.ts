import type { TypedEmitter } from '../core/typed-emitter.js';

/** One phrase of a closed set, as the dialplan's node expects it. */
export interface Phrase {
  /** What the recognizer answers with; several phrases may share one id (wordings of one choice). */
  readonly id: string;
  readonly text: string;
  /** Dialect id (`cmn`, `yue`, `en-gb`, ...) in which the text is read. */
  readonly dialect: string;
}

/** A word or name that open speech is likely to hold: a street, a product. */
export interface Hint {
  readonly text: string;
  /** How much likelier than without it, 0 (not) to 1 (strongly); each engine maps it to its own scale. Default 0.5. */
  readonly weight?: number;
}

/**
 * What form an answer has, for engines that can use it; the words of VoiceXML's built-in grammars. Others ignore it:
 * what was heard is understood by `dialect`, never by the engine.
 */
export type Grammar =
  /** Nothing but {@link RecognizeOptions.phrases}: an engine that can tell answers noMatch to the rest. */
  | { readonly kind: 'phrases' }
  | { readonly kind: 'digits'; readonly minLength?: number; readonly maxLength?: number }
  | { readonly kind: 'boolean' | 'date' | 'time' | 'number' | 'currency' | 'address' | 'name' }
  | { readonly kind: 'open' };

/**
 * What a recognizer can do. Read it at each use and keep no copy: an engine that is reached over the network may learn
 * its own only when it answers, and has no dialects before.
 */
export interface RecognizerCapabilities {
  /** Sample rates it takes, preferred first. */
  readonly sampleRatesHz: readonly number[];
  /** Whether it works while the audio comes. Not (whole recordings by HTTP): only finish() begins its work. Default true. */
  readonly streaming?: boolean;
  /** Whether interim results come while the caller speaks. */
  readonly interim: boolean;
  /** Whether it hears open speech, or only the phrases of {@link RecognizeOptions.phrases}. */
  readonly openSpeech: boolean;
  /** Dialect ids it hears. */
  readonly dialects: readonly string[];
  /** Whether it keeps the dialect's own words or writes standard language. */
  readonly dialectPreserving: boolean;
  /** Whether {@link RecognizeOptions.phrases} helps it (always true of a closed-set recognizer). */
  readonly phraseHints: boolean;
  /** Whether its confidences say something. An engine that gives none puts 1, and nothing may be decided by it. Default true. */
  readonly confidence?: boolean;
  /** Whether results tell when each word was said. Default false. */
  readonly wordTimes?: boolean;
  /** How many dialects it can tell apart in one listening; 1: the likeliest of {@link RecognizeOptions.dialects} is used. Default 1. */
  readonly maxDialects?: number;
  /** Whether a listening connects first and tells `ready`; then a failover chain counts how long that takes. Default false. */
  readonly connects?: boolean;
  /** How much it takes in one listening, ms (streaming limits of the clouds); the rest is not heard. Default: no limit. */
  readonly maxAudioMs?: number;
  /** It listens in several dialects at once if {@link RecognizeOptions.alsoIn} names others. Default: it does not. */
  readonly parallel?: ParallelCapability;
}

export interface ParallelCapability {
  /** Recognizers that hear one turn, the main one too. */
  readonly recognizers: number;
  /** Turns of a call in which that is worth its cost; the call counts them. */
  readonly turns: number;
}

/** A dialect that the caller may speak besides those of the question. */
export interface AlsoIn {
  readonly dialect: string;
  /** What the question expects to hear in it. */
  readonly phrases: readonly Phrase[];
}

export interface RecognizeOptions {
  /** Rate of the samples that {@link RecognizerStream.write} will get; one of the capabilities'. */
  readonly sampleRateHz: number;
  /** What the node expects to hear: a closed set, or hints. */
  readonly phrases: readonly Phrase[];
  /** Dialects in question, likeliest first. */
  readonly dialects: readonly string[];
  /** Words to expect in open speech. Default none. */
  readonly hints?: readonly Hint[];
  /** Form of the answer. Default: `phrases` if there are any, else `open`. */
  readonly grammar?: Grammar;
  /** Alternatives wanted at most. Default 1. */
  readonly maxAlternatives?: number;
  /** Likeliest first; see {@link RecognizerCapabilities.parallel}, others ignore it. Default none. */
  readonly alsoIn?: readonly AlsoIn[];
  /** Whether nothing but the phrases answers the question: other words are worth little. Default false. */
  readonly onlyPhrases?: boolean;
  /** Of a chain: whether an engine that knows only a relative of the dialect is asked when no other is there. Default true. */
  readonly relatives?: boolean;
}

/** One word of an alternative; times count from the first sample written to the stream, ms. */
export interface WordTiming {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
  /** 0 to 1. */
  readonly confidence?: number;
}

export interface Alternative {
  /** The phrase's id for a closed set; undefined for open speech. */
  readonly phraseId: string | undefined;
  /** The words heard: the phrase's text, or the transcript. */
  readonly text: string;
  readonly dialect: string | undefined;
  /** 0 to 1. */
  readonly confidence: number;
  /** In order; may be only some of them. */
  readonly words?: readonly WordTiming[];
  /** Id of what was taught, if it was understood by that: see `store/taught.ts`. */
  readonly taught?: string;
}

/** How likely the sound is of one dialect, whatever was said. */
export interface DialectScore {
  readonly dialect: string;
  /** 0 to 1; the scores of one result need not add up to 1. */
  readonly score: number;
}

/** Which engine of several a result is of, and what that engine can do. */
export type HeardBy = {
  readonly engine: string;
  /** The likeliest of the dialects asked for that it knows; undefined: none. */
  readonly dialect?: string;
} & Pick<RecognizerCapabilities, 'openSpeech' | 'dialectPreserving' | 'confidence'>;

/** What one of several recognizers heard that listened to the same sound, each in its dialect. */
export interface Hearing {
  /** In which it listened, or which it found. */
  readonly dialect: string;
  readonly by: HeardBy;
  /** How likely it got the words, 0 to 1: comparable between engines and dialects, as confidences are not. */
  readonly probability: number;
  /** Whether they are what the question expects in that dialect. */
  readonly inGrammar: boolean;
  /** Empty: noMatch. */
  readonly alternatives: readonly Alternative[];
  /** What the engine tells of the dialect by sound. */
  readonly dialects?: readonly DialectScore[];
}

export interface RecognitionResult {
  /** Best first; empty means noMatch: something was said that fits nothing. */
  readonly alternatives: readonly Alternative[];
  /** Identification of the dialect by sound, best first, by engines that can. */
  readonly dialects?: readonly DialectScore[];
  /** Of an interim: how likely its words are to stay, 0 to 1. */
  readonly stability?: number;
  /** How much of the stream's audio this result rests on, ms. */
  readonly audioMs?: number;
  /** Told by chains. */
  readonly by?: HeardBy;
  /** Of recognizers that heard it in parallel and have answered, first the one whose alternatives these are. */
  readonly hearings?: readonly Hearing[];
  /** Of an interim: another recognizer may know better, however much this one covers. Default false. */
  readonly undecided?: boolean;
}

/** RFC 6787's words. After `final` or `error` nothing follows. */
export type RecognizerStreamEvents = {
  /** The engine hears; at most once, before any result. Only from engines whose capabilities say `connects`. */
  ready: [];
  interim: [result: RecognitionResult];
  final: [result: RecognitionResult];
  error: [error: Error];
};

/**
 * One listening: opened when the caller may speak, written to frame by frame, ended by {@link finish} (the endpoint was
 * found: give the final result) or {@link close} (nobody wants it any more). The call finds begin and end of speech
 * itself; the stream gets the audio from a little before the first voiced frame to the endpoint. Each interim replaces
 * the one before and covers the whole stream: an engine that ends sentences itself joins them, and its `final` comes
 * after finish().
 */
export interface RecognizerStream extends Pick<TypedEmitter<RecognizerStreamEvents>, 'on' | 'once' | 'off'> {
  /** Mono s16 samples at the option's rate; the array is copied before return and may be reused. Never throws. */
  write(samples: Int16Array): void;
  /** No more audio: exactly one `final` or `error` follows. */
  finish(): void;
  /** Drops the listening; nothing is emitted any more. Safe to call twice and after `final`. */
  close(): void;
}

export interface Recognizer {
  readonly name: string;
  readonly capabilities: RecognizerCapabilities;
  /** Makes ready for these phrases (templates, grammars), so that a later open() has no wait. Rejects if it cannot. */
  prepare(phrases: readonly Phrase[]): Promise<void>;
  /** Whether a listening in one of these dialects has a chance now: not where every engine is left alone. Absent: always. */
  hears?(dialects: readonly string[]): boolean;
  /** Opens a listening at once; what goes wrong, now or later, is the stream's `error`, never before open() returned. */
  open(options: RecognizeOptions): RecognizerStream;
  close(): Promise<void>;
}
