export interface SynthesizerCapabilities {
  /** Sample rates it can give, preferred first. */
  readonly sampleRatesHz: readonly number[];
  /** Whether chunks come while the rest is still being made. */
  readonly streaming: boolean;
  /** Dialect ids it speaks. */
  readonly dialects: readonly string[];
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

/** A sentence of speech as it is made: mono s16 chunks, in order. */
export interface SpokenAudio extends AsyncIterable<Int16Array> {
  readonly sampleRateHz: number;
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
