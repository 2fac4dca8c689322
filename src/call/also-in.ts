import { sameLanguageChain } from '../dialect/catalogue.js';
import type { DialectPacks } from '../dialect/packs.js';
import { collectIn } from '../dialog/dialect-switch.js';
import { inDialect, type DialogState } from '../dialog/dialog-state.js';
import type { Dialplan } from '../dialog/dialplan.js';
import type { AlsoIn } from '../speech/recognizer.js';
import { turnPhrases } from './turn-phrases.js';

/** What the question at which the dialog stands expects in other dialects that the caller may speak; in their order. */
export function alsoIn(
  dialplan: Dialplan,
  state: DialogState,
  dialects: readonly string[],
  packs: DialectPacks | undefined,
): readonly AlsoIn[] {
  return dialects.flatMap((dialect) => {
    const collect = collectIn(dialplan, inDialect(state, dialect));
    if (collect === undefined) return [];
    const own = sameLanguageChain(dialect);
    const phrases = [...collect.phrases, ...turnPhrases(collect, dialect, packs)].filter((phrase) =>
      own.includes(phrase.dialect),
    );
    return [{ dialect, phrases }];
  });
}
