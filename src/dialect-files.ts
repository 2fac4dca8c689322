import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PackProblem } from './dialect/pack-problem.js';
import { readTestSet, type TestLine } from './dialect/test-set.js';

/*
 * What is asked of the files of words by those who do not understand with them: apart from dialect-data.ts, which loads
 * every way to understand.
 */

/** The files of words in the project folder; the compiled program stands in dist/src. */
export const dialectDataDir = fileURLToPath(new URL('../../src/dialect/', import.meta.url));

/** The sets that Xiangyin comes with. What was never looked at while lexicons and examples were made is `held-out`. */
export type SplitName = 'tuned' | 'held-out' | 'held-out-2' | 'held-out-several';

export const shippedSplits: readonly SplitName[] = ['held-out', 'held-out-2', 'held-out-several', 'tuned'];

export interface TestSetFile {
  readonly file: string;
  readonly lines: readonly TestLine[];
  readonly problems: readonly PackProblem[];
}

/** Reads a test set; problems name their line. Rejects as `readFile` does if the file is not there. */
export async function readTestSetFile(file: string, intents: ReadonlySet<string>): Promise<TestSetFile> {
  return { file, ...readTestSet(await readFile(file, 'utf8'), file, intents) };
}

/** A shipped set; undefined if this installation came without it. */
export async function readShippedSet(
  split: SplitName,
  intents: ReadonlySet<string>,
  dir = join(dialectDataDir, 'sets'),
): Promise<TestSetFile | undefined> {
  const name = `${split}.jsonl`;
  const there = (await readdir(dir)).some((file) => basename(file) === name);
  return there ? readTestSetFile(join(dir, name), intents) : undefined;
}
