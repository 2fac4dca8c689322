import { createHash } from 'node:crypto';
import type { Phrase } from '../../recognizer.js';
import type { Recipe } from './protocol.js';

/** Raise when features or their file format change: stored templates of another version are made anew. */
export const featureVersion = 1;

/** Voices in which a phrase is read to make its templates: [engine's voice variant, rate]. */
export const defaultReadings: readonly (readonly [voice: string, rate: number])[] = [
  ['', 1],
  ['+m3', 1.2],
  ['+f3', 1],
  ['+f5', 0.85],
];

/** The recipes of one phrase. English is read in both accents, since its callers are not sorted by them. */
export function recipesOf(phrase: Phrase, engine: string): Recipe[] {
  const dialects = accents[phrase.dialect] ?? [phrase.dialect];
  return dialects.flatMap((dialect) =>
    defaultReadings.map(([voice, rate]) => {
      const recipe = { text: phrase.text, dialect, voice, rate };
      const hash = createHash('sha256').update(JSON.stringify([featureVersion, engine, recipe]));
      return { key: hash.digest('hex').slice(0, 40), ...recipe };
    }),
  );
}

const accents: Readonly<Record<string, readonly string[]>> = {
  en: ['en-us', 'en-gb'],
  'en-us': ['en-us', 'en-gb'],
  'en-gb': ['en-gb', 'en-us'],
};
