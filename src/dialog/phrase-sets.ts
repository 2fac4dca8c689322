import { sameLanguageChain } from '../dialect/catalogue.js';
import type { PhraseChoice } from './action.js';
import type { AskingNode, Choice, Dialplan } from './dialplan.js';

/** The wordings of choices in these dialects, in the choices' order. */
export function phrasesIn(
  choices: readonly Pick<Choice, 'id' | 'phrases'>[],
  dialects: readonly string[],
): PhraseChoice[] {
  return choices.flatMap(({ id, phrases }) =>
    dialects.flatMap((dialect) => (phrases[dialect] ?? []).map((text) => ({ id, text, dialect }))),
  );
}

/** In which dialects a node listens at once in a call of this dialect. */
export function listenedIn({ listenIn }: AskingNode, dialect: string): readonly string[] {
  return listenIn ?? sameLanguageChain(dialect);
}

/** Every set of a node's phrases that is listened for at once in some call; those without a phrase are left out. */
export function phraseSets({ dialects }: Dialplan, node: AskingNode): PhraseChoice[][] {
  const together = node.listenIn === undefined ? dialects.map((id) => listenedIn(node, id)) : [node.listenIn];
  return together.map((ids) => phrasesIn(node.choices, ids)).filter((set) => set.length > 0);
}
