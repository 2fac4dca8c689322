import type { IntentExamples } from './intent-examples.js';
import { IntentMatcher } from './intent-matcher.js';
import type { DialectPacks } from './packs.js';

export interface CrossValidation {
  readonly folds: number;
  readonly sentences: number;
  readonly accuracy: number;
  /** Of the sentences that were matched surely. */
  readonly accuracyWhenSure: number;
  readonly sureShare: number;
  /** By the dialect or language under which the sentence stands. */
  readonly perDialect: Readonly<Record<string, { readonly sentences: number; readonly accuracy: number }>>;
  readonly errors: readonly {
    readonly dialect: string;
    readonly text: string;
    readonly expected: string;
    readonly got: string;
  }[];
}

/**
 * How well intents are told of sentences that no model has seen: each fold of the examples is matched by a matcher built from the
 * others. Sentences beside each other in a file are often alike, so they are put into different folds, which flatters the
 * figure a little: a test set that somebody else wrote says more.
 */
export function crossValidate(
  examples: readonly IntentExamples[],
  packs: DialectPacks,
  folds = 5,
  /** How many of the folds are matched; each takes a training. */
  matched = folds,
): CrossValidation {
  const counts = new Map<string, { sentences: number; right: number }>();
  const errors: CrossValidation['errors'][number][] = [];
  let sure = 0;
  let sureAndRight = 0;
  for (let fold = 0; fold < matched; fold += 1) {
    const part = (held: boolean) => partOf(examples, folds, fold, held);
    const matcher = IntentMatcher.build(part(false), packs);
    for (const { examples: texts } of part(true)) {
      for (const { intent, dialect, texts: sentences } of texts) {
        for (const text of sentences) {
          const match = matcher.understand(text, dialect);
          const right = match.intent === intent;
          const count = counts.get(dialect) ?? { sentences: 0, right: 0 };
          counts.set(dialect, { sentences: count.sentences + 1, right: count.right + Number(right) });
          if (match.sure) sure += 1;
          if (match.sure && right) sureAndRight += 1;
          if (!right) errors.push({ dialect, text, expected: intent, got: match.intent ?? 'nothing' });
        }
      }
    }
  }
  const sentences = [...counts.values()].reduce((sum, count) => sum + count.sentences, 0);
  return {
    folds,
    sentences,
    accuracy: rounded(1 - errors.length / sentences),
    accuracyWhenSure: rounded(sureAndRight / sure),
    sureShare: rounded(sure / sentences),
    perDialect: Object.fromEntries(
      [...counts].map(([dialect, { sentences: all, right }]) => [
        dialect,
        { sentences: all, accuracy: rounded(right / all) },
      ]),
    ),
    errors,
  };
}

function partOf(
  examples: readonly IntentExamples[],
  folds: number,
  fold: number,
  held: boolean,
): IntentExamples[] {
  return examples.map((one) => ({
    ...one,
    examples: one.examples.map((texts) => ({
      ...texts,
      texts: texts.texts.filter((_, index) => ((index + texts.intent.length) % folds === fold) === held),
    })),
  }));
}

function rounded(share: number): number {
  return Math.round(share * 10_000) / 10_000;
}
