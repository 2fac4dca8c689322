import type { SpeechQuestion } from './call/understand.js';
import type { TaughtSentence } from './dialect/taught-sentences.js';

export interface DialectWorkerData {
  /** Folder of packs, intents and slots-data; undefined: the one that Xiangyin comes with. */
  readonly dir?: string;
}

export type DialectRequest =
  /** Reads sets of intents, and learns them for the families of these dialects. */
  | { readonly type: 'prepare'; readonly sets: readonly string[]; readonly dialects: readonly string[] }
  /** What was taught, in place of what was taught before. */
  | { readonly type: 'teach'; readonly sentences: readonly TaughtSentence[] }
  | { readonly type: 'identify'; readonly text: string }
  | { readonly type: 'understand'; readonly question: SpeechQuestion; readonly todayMs: number };

export interface DialectCall {
  readonly sequence: number;
  readonly request: DialectRequest;
}

export type FromDialectWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'problem'; readonly problem: string }
  /** A caller was understood by what was taught. */
  | { readonly type: 'taughtMatched'; readonly id: string }
  | {
      readonly type: 'answer';
      readonly sequence: number;
      readonly value: unknown;
      readonly failure?: string;
    };
