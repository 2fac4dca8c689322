import type { Choice } from '../dialog/dialplan.js';
import { samePhrase } from '../dialog/read-choice.js';
import type { TaughtPhrase } from '../store/taught.js';

/** What somebody said that an utterance means. */
export interface TaughtMeaning {
  readonly intent: string | null;
  /** Every wording of the choice that it is, in every dialect of the dialplan. */
  readonly phrases: readonly TaughtPhrase[];
}

/**
 * Reads `means`: an intent, a choice of the question that was asked, or one of its phrases. Undefined if it is none of
 * them. An intent stands for the choices that the dialplan gives it as well.
 */
export function meaningOf(
  means: string,
  choices: readonly Choice[],
  intents: ReadonlySet<string>,
): TaughtMeaning | undefined {
  const wanted = samePhrase(means);
  const named =
    choices.find(({ id }) => id === means) ??
    choices.find(({ phrases }) =>
      Object.values(phrases)
        .flat()
        .some((text) => samePhrase(text) === wanted),
    );
  if (named !== undefined) {
    const [only, ...others] = named.intents;
    const own = intents.has(means) ? means : others.length === 0 ? only : undefined;
    return { intent: own !== undefined && intents.has(own) ? own : null, phrases: phrasesOf(named) };
  }
  if (!intents.has(means)) return undefined;
  const bound = choices.filter((choice) => choice.intents.includes(means));
  return { intent: means, phrases: bound.flatMap(phrasesOf) };
}

function phrasesOf({ phrases }: Choice): TaughtPhrase[] {
  return Object.entries(phrases).flatMap(([dialect, texts]) => texts.map((text) => ({ text, dialect })));
}
