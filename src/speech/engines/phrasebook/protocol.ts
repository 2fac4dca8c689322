import type { PhoneTiming } from '../../synthesizer.js';

/** A recording of words that are another wording of some phrases. */
export interface TaughtSound {
  readonly id: string;
  /** Catalogue id of what was spoken; any, also one that no phrase can be heard in. */
  readonly dialect: string;
  readonly phrases: readonly { readonly text: string; readonly dialect: string }[];
  /** Mono s16 at 8 kHz. */
  readonly samples: Int16Array;
}

/** Why a recording cannot be taught: hardly a sound in it, or a story. */
export type SoundRefusal = 'short' | 'long';

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
  | { readonly type: 'close'; readonly stream: number }
  /** From now on a listening may name it. */
  | { readonly type: 'teach'; readonly id: string; readonly model: string; readonly samples: Int16Array }
  | { readonly type: 'unteach'; readonly id: string }
  /** Phrases of one model that is going to be used: nobody waits for what it does with them. */
  | { readonly type: 'warm'; readonly phrases: readonly PhraseReadings[] };

/** A phrase of a listening with the ways to say it. */
export interface PhraseReadings {
  readonly id: string;
  /** Name of the acoustic model that hears its dialect, and the ways to say it; undefined: only what was taught is heard. */
  readonly said:
    { readonly model: string; readonly readings: readonly (readonly PhoneTiming[])[] } | undefined;
  /** Ids of taught sounds that mean the same. */
  readonly taught: readonly string[];
}

export interface Match {
  /** Index into the listening's phrases. */
  readonly phrase: number;
  readonly confidence: number;
  /** The taught sound by which it was told; undefined: by the phrase's own words. */
  readonly taught?: string;
}

export type PhrasebookReply =
  | { readonly type: 'ready' }
  | {
      readonly type: 'interim' | 'final';
      readonly stream: number;
      readonly matches: readonly Match[];
      /** How much of the stream's audio they rest on. */
      readonly audioMs: number;
    }
  | { readonly type: 'failed'; readonly stream: number; readonly reason: string }
  /** The answer to `teach`. */
  | {
      readonly type: 'taught';
      readonly id: string;
      readonly refusal?: SoundRefusal;
      readonly failure?: string;
    };

export interface PhrasebookWorkerData {
  /** Folder of the acoustic models. */
  readonly modelDir: string;
}
