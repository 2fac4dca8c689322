import type { Hearing } from '../../src/speech/recognizer.js';

/** What a recognizer of one dialect heard; in Cantonese, in the grammar and surely unless told otherwise. */
export function hearing(changes: Partial<Hearing> = {}, text = '电费几多'): Hearing {
  const { dialect = 'yue' } = changes;
  return {
    dialect,
    by: { engine: dialect, openSpeech: true, dialectPreserving: true, confidence: true },
    probability: 0.9,
    inGrammar: true,
    alternatives: text === '' ? [] : [{ phraseId: undefined, text, dialect, confidence: 0.9 }],
    ...changes,
  };
}

/** Who knows the phrases, and heard none. */
export const nothing = (dialect: string): Hearing =>
  hearing({ dialect, probability: 0.1, inGrammar: false }, '');
