import type { CrossValidation } from '../dialect/cross-validate.js';
import type { Evaluation, Figures } from '../dialect/evaluate.js';

/** One set's figures as a table, and what was understood wrongly. `file` stands before the line numbers. */
export function evaluationText(
  title: string,
  file: string,
  evaluation: Evaluation,
  withErrors: boolean,
): string {
  const dialects = Object.entries(evaluation.perDialect);
  const several =
    evaluation.severalIntentsLines === 0
      ? []
      : [
          `several intents in one sentence: all found in order in ${percent(evaluation.severalIntentsAccuracy)} of ${String(evaluation.severalIntentsLines)}; sentences of one intent wrongly parted: ${percent(evaluation.wronglyPartedShare)} of ${String(evaluation.intentLines - evaluation.severalIntentsLines)}`,
        ];
  const intents = Object.entries(evaluation.perIntent).map(
    ([intent, { lines, accuracy }]) => `  ${intent.padEnd(16)} ${percent(accuracy)} of ${String(lines)}`,
  );
  const errors = withErrors
    ? evaluation.errors.map(
        ({ line, dialect, kind, text, expected, got }) =>
          `${file === '' ? title : file}:${String(line)}: ${dialect} ${kind}: '${text}' is ${expected}, understood as ${got}`,
      )
    : [];
  return [
    title,
    `${''.padEnd(14)}  lines   intent  when sure  sure     slot   dialect when sure  sure    switched on neutral`,
    row('all', evaluation),
    ...dialects.map(([id, figures]) => row(id, figures)),
    ...several,
    ...intents,
    ...errors,
    '',
  ].join('\n');
}

function row(name: string, figures: Figures): string {
  return [
    name.padEnd(14),
    String(figures.lines).padStart(6),
    percent(figures.intentAccuracy).padStart(8),
    percent(figures.intentAccuracyWhenSure).padStart(9),
    percent(figures.intentSureShare).padStart(8),
    percent(figures.slotAccuracy).padStart(8),
    percent(figures.identificationAccuracyWhenSure).padStart(12),
    percent(figures.sureShare).padStart(11),
    `${String(figures.switchedOnNeutral)} of ${String(figures.neutralLines)}`.padStart(14),
  ].join(' ');
}

export function crossValidationText(validation: CrossValidation, withErrors: boolean): string {
  const { folds, sentences, accuracy, accuracyWhenSure, sureShare, perDialect, errors } = validation;
  return [
    `${String(sentences)} examples, each matched without its fold (${String(folds)} folds)`,
    `intents ${percent(accuracy)}, when sure ${percent(accuracyWhenSure)} (${percent(sureShare)} of them)`,
    ...Object.entries(perDialect).map(
      ([dialect, one]) => `  ${dialect.padEnd(14)} ${percent(one.accuracy)} of ${String(one.sentences)}`,
    ),
    ...(withErrors
      ? errors.map(({ dialect, text, expected, got }) => `${dialect}: '${text}' is ${expected}, not ${got}`)
      : []),
  ].join('\n');
}

function percent(share: number | null): string {
  return share === null || Number.isNaN(share) ? '-' : `${(share * 100).toFixed(1)}%`;
}
