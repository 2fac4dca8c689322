/** What a synthesizer can do. Read it at each use, as that of a recognizer. */
export interface SynthesizerCapabilities {
  /** Sample rates it can give, preferred first. */
  readonly sampleRatesHz: readonly number[];
  /** Whether chunks come while the rest is still being made. */
  readonly streaming: boolean;
  /** Dialect ids it speaks. */
  readonly dialects: readonly string[];
  /** Its voices' own names, for {@link SynthesisRequest.voice}. Default: not known. */
  readonly voices?: readonly string[];
  /** Speaking rates it can do; others are brought within. Default: any. */
  readonly rate?: { readonly min: number; readonly max: number };
  /** Whether {@link SpokenAudio.words} is filled. Default false. */
  readonly wordTimes?: boolean;
  /** Longest text it takes at once, UTF-16 units. Default: no limit. */
  readonly maxTextLength?: number;
}

export interface SynthesisRequest {
  readonly text: string;
  /** Dialect id; the engine maps it to a voice of its own. */
  readonly dialect: string;
  /** Engine's own voice name; default: the engine's voice for the dialect. */
  readonly voice?: string;
  /** Speaking rate, 1 is the voice's normal. */
  readonly rate?: number;
  /** Nobody waits for it on the line: requests without this go first. */
  readonly background?: boolean;
}

/** Where a word of a sentence begins. */
export interface SpokenWord {
  readonly text: string;
  /** Since the first sample, ms. */
  readonly startMs: number;
}

/** A sentence of speech as it is made: mono s16 chunks, in order. */
export interface SpokenAudio extends AsyncIterable<Int16Array> {
  readonly sampleRateHz: number;
  /** The words whose begin is known so far, in order; grows while chunks come. Absent: this engine cannot tell. */
  readonly words?: readonly SpokenWord[];
}

export interface Synthesizer {
  readonly name: string;
  readonly capabilities: SynthesizerCapabilities;
  /**
   * Speaks one sentence at `sampleRateHz` (one of the capabilities'). Chunks are yielded as they are made; iteration
   * rejects if the engine fails, ends early when `signal` aborts.
   */
  synthesize(request: SynthesisRequest, sampleRateHz: number, signal?: AbortSignal): SpokenAudio;
  close(): Promise<void>;
}

/** One speech sound of a sentence, as long as the engine makes it. */
export interface PhoneTiming {
  /** The engine's own name of it; empty for a pause. */
  readonly phone: string;
  readonly durationMs: number;
}

/** A synthesizer that can tell how it would say something: what a recognizer of set phrases needs to know. */
export interface PhoneticSynthesizer extends Synthesizer {
  /** The sounds of a sentence in order. Rejects as {@link Synthesizer.synthesize} does. */
  phones(request: SynthesisRequest): Promise<readonly PhoneTiming[]>;
}
