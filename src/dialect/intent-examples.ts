import type { SentenceWords } from './clauses.js';

/** Words that say the same thing for the matter at hand: 停电 断电 没电. `power*` is any word that begins so. */
export interface Concept {
  readonly name: string;
  readonly words: readonly string[];
}

/** What callers say who want one thing, in one dialect or, where that is a language, in the wording all share. */
export interface IntentTexts {
  readonly intent: string;
  /** A catalogue id, or a language (`en`) whose dialects all say it so. */
  readonly dialect: string;
  readonly texts: readonly string[];
}

/** The examples of one file. */
export interface IntentExamples {
  readonly language: string;
  readonly concepts: readonly Concept[];
  readonly sentenceWords: SentenceWords;
  readonly examples: readonly IntentTexts[];
}

/** The intent of what belongs to no other: weather, wrong numbers, a greeting. */
export const noIntent = 'none';
