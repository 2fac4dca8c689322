import type { PhoneTiming } from '../../synthesizer.js';

/** What goes between {@link EspeakSynthesizer} and its worker. */
export interface SpeakMessage {
  readonly id: number;
  readonly text: string;
  readonly voice: string;
  readonly wordsPerMinute: number;
  readonly sampleRateHz: number;
  /** The sentence's phones are wanted, not its sound. */
  readonly phonesOnly: boolean;
  /** One 32-bit flag: 1 asks the worker, which is blocked in the synthesis, to stop. */
  readonly stop: Int32Array;
}

export type EspeakReply =
  | { readonly type: 'ready' }
  | { readonly type: 'chunk'; readonly id: number; readonly samples: Int16Array }
  | { readonly type: 'phones'; readonly id: number; readonly phones: readonly PhoneTiming[] }
  | { readonly type: 'end'; readonly id: number }
  | { readonly type: 'noVoice'; readonly id: number }
  | { readonly type: 'failed'; readonly id: number; readonly reason: string };

export interface EspeakWorkerData {
  /** File URL of the package's module. */
  readonly packageUrl: string;
}
