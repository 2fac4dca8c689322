import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { putTapInOne } from './tap-in-one.js';

/*
 * What `npm test` runs: every test file, or those whose path holds one of the words given, in a process of its own. Prints
 * a line per file, the whole of what failed, the names of what was skipped, and at last "N passed, N failed, N skipped":
 * promises, that is top-level tests.
 *
 * tap's own runner puts module hooks into every test process, every process that it starts and every thread of those:
 * opening a store or a server cost six times the processor time, and the tests of servers most of theirs.
 *
 * Source maps cost a tenth of the processor time, in each thread of each server. So failures are told in lines of dist/,
 * which read like the sources, and in lines of the sources when the file runs again.
 *
 * A file that fails runs once more at the end, alone. If it passes then, it is told as "unsteady", with what failed, and
 * does not fail the run: it is a fault to mend, but not one of the change that is being tested.
 *
 * With CI set, properties are tried on the same inputs every time (fixed-seed.ts).
 */

/** Folders whose files take longest begin first, so that none of them is left alone at the end. */
const longFirst = ['server/', 'store/', 'embedded/', 'sip/', 'speech/'];

/** Of these one at a time, and each counts for two: who speaks and wants to be understood needs the processor in time. */
const spoken = 'scenarios/';

/** Most files wait for timers and sound, so one more than there are cores; many would disturb those who measure time. */
const jobs = Math.min(4, availableParallelism() + 1);

/** After tap's own limit, which says more. A file may set itself another one, below this. */
const tapTimeoutS = 180;
const killAfterMs = 450_000;

interface Result {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly string[];
}

/** More failures than this are not chance. */
const unsteadyAtMost = 3;

const root = fileURLToPath(new URL('.', import.meta.url));
const fixedSeed = process.env['CI'] === undefined ? [] : ['--import', `${root}fixed-seed.js`];
const words = process.argv.slice(2);
const rank = (file: string): number => {
  const index = longFirst.findIndex((folder) => file.startsWith(folder));
  return index < 0 ? longFirst.length : index;
};
const files = (await readdir(root, { recursive: true }))
  .filter((file) => file.endsWith('.test.js') && (words.length === 0 || words.some((w) => file.includes(w))))
  .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));

const startedAtMs = performance.now();
await putTapInOne();
const results: Result[] = [];
const broken = new Map<string, Result>();
const waiting = files.filter((file) => !file.startsWith(spoken));
const allSpoken = (async (): Promise<void> => {
  for (const file of files.filter((file) => file.startsWith(spoken))) await first(file);
})();
await Promise.all(
  Array.from({ length: jobs }, async (_, nth) => {
    if (nth < 2) await allSpoken;
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) await first(file);
  }),
);
for (const [file, before] of broken) {
  const result = broken.size > unsteadyAtMost ? before : await run(file, ['--enable-source-maps']);
  if (result.failed === 0) print(`unsteady: ${file} failed beside others and passed alone`);
  results.push(result);
}
const skipped = results.flatMap((result) => result.skipped);
const passed = results.reduce((sum, result) => sum + result.passed, 0);
const failed = results.reduce((sum, result) => sum + result.failed, 0);
for (const name of skipped) print(`skipped: ${name}`);
print(`${files.length} files in ${seconds(startedAtMs)}`);
print(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
// A run of nothing is a mistake in the words.
process.exitCode = failed > 0 || files.length === 0 ? 1 : 0;

async function first(file: string): Promise<void> {
  const result = await run(file);
  if (result.failed > 0) broken.set(file, result);
  else results.push(result);
}

function run(file: string, flags: readonly string[] = []): Promise<Result> {
  const atMs = performance.now();
  const child = spawn(process.execPath, [...flags, ...fixedSeed, `${root}${file}`], {
    env: { TAP_TIMEOUT: String(tapTimeoutS), ...process.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => (text += part));
  }
  return new Promise((resolve) => {
    child.once('close', (code, signal) => {
      clearTimeout(kill);
      const lines = text.split('\n');
      const broken = lines.filter((line) => /^not ok /.test(line)).length;
      const skipped = lines.filter((line) => /^ {0,4}ok .*# SKIP/.test(line));
      // A file that ends before its plan has kept silent about the rest.
      const isWhole = code === 0 && broken === 0 && lines.some((line) => /^1\.\.\d/.test(line));
      const passed = lines.filter((line) => /^ok /.test(line) && !line.includes('# SKIP')).length;
      print(`${isWhole ? 'ok' : 'FAILED'} ${file} (${passed} passed, ${seconds(atMs)})`);
      if (!isWhole) {
        // What passed says nothing; the rest is the failures and what was written to the standard error.
        print(lines.filter((line) => !/^\s*(ok |# Subtest|$)/.test(line)).join('\n'));
        if (broken === 0) print(`it ended with ${signal ?? code}`);
      }
      resolve({
        passed,
        failed: isWhole ? 0 : Math.max(1, broken),
        skipped: skipped.map((line) => `${file}: ${line.trim().replace(/^ok \d+ - /, '')}`),
      });
    });
  });
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function seconds(sinceMs: number): string {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}
