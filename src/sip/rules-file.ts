import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { errorCode } from '../core/errors.js';
import { renderProblem, type Problem } from '../dialog/problem.js';

/** What reading a file of rules brought; with an error nothing of it is to be taken. */
export interface RulesReport {
  /** Rendered with file, line and the line itself. */
  readonly problems: readonly string[];
  readonly errors: number;
}

export interface RulesFile<Result> {
  readonly report: RulesReport;
  /** What the compiler made of it; undefined when the file cannot be read, or is not there. */
  readonly result: Result | undefined;
  readonly isAbsent: boolean;
}

/**
 * Reads a file of rules that may be absent, and compiles it; never rejects. `file`, as the compiler gets it, is as short as it
 * can be and still be opened from where the user stands. `isSecret` tells which lines are not shown with what is wrong.
 */
export async function readRulesFile<Result extends { readonly problems: readonly Problem[] }>(
  path: string,
  compile: (text: string, file: string) => Result,
  isSecret: (problem: Problem) => boolean = () => false,
): Promise<RulesFile<Result>> {
  const file = shownPath(path);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const isAbsent = errorCode(error) === 'ENOENT';
    const problems = isAbsent ? [] : [`${file}: error: the file cannot be read (${errorCode(error)})`];
    return { report: { problems, errors: problems.length }, result: undefined, isAbsent };
  }
  const result = compile(text, file);
  const problems = result.problems.map((one) => renderProblem(one, isSecret(one) ? undefined : text));
  const errors = result.problems.filter(({ severity }) => severity === 'error').length;
  return { report: { problems, errors }, result, isAbsent: false };
}

/** As short as it can be and still be opened from where the user stands. */
export function shownPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}
