import { asking, type Dialplan } from '../dialog/dialplan.js';
import { phraseSets } from '../dialog/phrase-sets.js';
import type { Phrase } from '../speech/recognizer.js';
import type { TaughtPhrase } from '../store/taught.js';

/** Every set of phrases that a dialplan listens for at once, and in which one of `phrases` stands; each set once. */
export function menusWith(
  dialplans: readonly Dialplan[],
  phrases: readonly TaughtPhrase[],
): readonly (readonly Phrase[])[] {
  const menus = new Map<string, readonly Phrase[]>();
  for (const dialplan of dialplans) {
    for (const node of Object.values(dialplan.nodes)) {
      const asked = asking(node);
      for (const menu of asked === undefined ? [] : phraseSets(dialplan, asked)) {
        const isIn = phrases.some((one) =>
          menu.some(({ text, dialect }) => text === one.text && dialect === one.dialect),
        );
        if (isIn) menus.set(JSON.stringify(menu), menu);
      }
    }
  }
  return [...menus.values()];
}
