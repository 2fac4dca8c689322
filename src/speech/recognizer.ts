import type { TypedEmitter } from '../core/typed-emitter.js';

/** One phrase of a closed set, as the dialplan's node expects it. */
export interface Phrase {
  /** What the recognizer answers with; several phrases may share one id (wordings of one choice). */
  readonly id: string;
  readonly text: string;
  /** Dialect id (`cmn`, `yue`, `en-gb`, ...) in which the text is read. */
  readonly dialect: string;
}

export interface RecognizerCapabilities {
  /** Sample rates it takes, preferred first. */
  readonly sampleRatesHz: readonly number[];
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
}

export interface RecognizeOptions {
  /** Rate of the samples that {@link RecognizerStream.write} will get; one of the capabilities'. */
  readonly sampleRateHz: number;
  /** What the node expects to hear: a closed set, or hints. */
  readonly phrases: readonly Phrase[];
  /** Dialects in question, likeliest first. */
  readonly dialects: readonly string[];
}

export interface Alternative {
  /** The phrase's id for a closed set; undefined for open speech. */
  readonly phraseId: string | undefined;
  /** The words heard: the phrase's text, or the transcript. */
  readonly text: string;
  readonly dialect: string | undefined;
  /** 0 to 1. */
  readonly confidence: number;
}

export interface RecognitionResult {
  /** Best first; empty means noMatch: something was said that fits nothing. */
  readonly alternatives: readonly Alternative[];
}

/** RFC 6787's words. After `final` or `error` nothing follows. */
export type RecognizerStreamEvents = {
  interim: [result: RecognitionResult];
  final: [result: RecognitionResult];
  error: [error: Error];
};

/**
 * One listening: opened when the caller may speak, written to frame by frame, ended by {@link finish} (the endpoint was
 * found: give the final result) or {@link close} (nobody wants it any more). The call finds begin and end of speech
 * itself; the stream gets the audio from a little before the first voiced frame to the endpoint.
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
  /** Opens a listening at once; what goes wrong later is the stream's `error`. */
  open(options: RecognizeOptions): RecognizerStream;
  close(): Promise<void>;
}
