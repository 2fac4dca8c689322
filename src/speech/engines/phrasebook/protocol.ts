import type { PhoneTiming } from '../../synthesizer.js';

/** What goes between {@link PhrasebookRecognizer} and its worker. */
export type PhrasebookRequest =
  | {
      readonly type: 'open';
      readonly stream: number;
      readonly sampleRateHz: number;
      readonly phrases: readonly PhraseReadings[];
    }
  | { readonly type: 'audio'; readonly stream: number; readonly samples: Int16Array }
  | { readonly type: 'finish'; readonly stream: number }
  | { readonly type: 'close'; readonly stream: number };

/** A phrase of a listening with the ways to say it. */
export interface PhraseReadings {
  readonly id: string;
  /** Name of the acoustic model that hears its dialect. */
  readonly model: string;
  readonly readings: readonly (readonly PhoneTiming[])[];
}

export interface Match {
  /** Index into the listening's phrases. */
  readonly phrase: number;
  readonly confidence: number;
}

export type PhrasebookReply =
  | { readonly type: 'ready' }
  | {
      readonly type: 'interim' | 'final';
      readonly stream: number;
      readonly matches: readonly Match[];
    }
  | { readonly type: 'failed'; readonly stream: number; readonly reason: string };

export interface PhrasebookWorkerData {
  /** Folder of the acoustic models. */
  readonly modelDir: string;
}
