import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { TaughtSentence } from './dialect/taught-sentences.js';
import { IntentMatcher } from './dialect/intent-matcher.js';
import { readDialectPacks, readIntentData } from './dialect-data.js';
import { readShippedSet } from './dialect-files.js';
import { checkSentence, type WordsReport } from './quality/words-check.js';

/** What the thread is started with; it answers once and ends. */
export interface SentenceCheck {
  readonly set: string;
  readonly taught: readonly TaughtSentence[];
  readonly candidate: TaughtSentence;
}

// On Linux this lowers the thread alone: calls go before.
if (process.platform === 'linux') setPriority(0, 10);

const { set, taught, candidate } = workerData as SentenceCheck;
const [{ packs }, { intents, examples, learned }] = await Promise.all([
  readDialectPacks(),
  readIntentData(set),
]);
const known = new Set(intents.keys());
const regression = await readShippedSet('tuned', known);
const matcher = IntentMatcher.build(examples, packs, learned);
const report: WordsReport = checkSentence(matcher, regression?.lines ?? [], taught, candidate);
parentPort?.postMessage(report);
