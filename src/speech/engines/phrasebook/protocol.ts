/** What goes between {@link PhrasebookRecognizer} and its worker. */

/** One way to say a phrase, which the host has synthesised when the worker has no stored features of it. */
export interface Recipe {
  /** Name of the file of features: a hash of everything below and of the feature's version. */
  readonly key: string;
  readonly text: string;
  readonly dialect: string;
  readonly voice: string;
  readonly rate: number;
}

export type PhrasebookRequest =
  | { readonly type: 'load'; readonly id: number; readonly recipes: readonly Recipe[] }
  | { readonly type: 'template'; readonly key: string; readonly samples: Int16Array }
  | {
      readonly type: 'open';
      readonly stream: number;
      readonly sampleRateHz: number;
      readonly phrases: readonly PhraseTemplates[];
    }
  | { readonly type: 'audio'; readonly stream: number; readonly samples: Int16Array }
  | { readonly type: 'finish'; readonly stream: number }
  | { readonly type: 'close'; readonly stream: number };

/** A phrase of a listening, and the keys of its templates. */
export interface PhraseTemplates {
  readonly id: string;
  readonly text: string;
  readonly dialect: string;
  readonly keys: readonly string[];
}

export interface Match {
  readonly phrase: number;
  readonly confidence: number;
}

export type PhrasebookReply =
  | { readonly type: 'ready' }
  /** Which recipes of a `load` have no stored features. */
  | { readonly type: 'missing'; readonly id: number; readonly keys: readonly string[] }
  | { readonly type: 'final'; readonly stream: number; readonly matches: readonly Match[] }
  | { readonly type: 'failed'; readonly stream: number; readonly reason: string };

export interface PhrasebookWorkerData {
  readonly templateDir: string;
}
