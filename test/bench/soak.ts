/**
 * `npm run bench -- soak [--calls 10000] [--cps 40] [--settleMs 5000] [--short]`: many short calls against the whole shipped server, and what
 * each of its threads still holds after every tenth of them, garbage collected: flat, or something is kept for ever.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectDir, ServerProcess } from '../scenarios/server-process.js';
import { benchOptions } from './bench-options.js';
import { idleCounts, load, NUMBER } from './setup.js';

const CALL_MS = 400;
/** For all threads to collect and write. */
const PROBE_LIMIT_MS = 10_000;
/** The last tenth may hold so much more than the second (the first one still fills caches). */
const GROWTH_LIMIT = 0.05;
/** Fewer calls than this are lost in what compiled code and caches still grow by: then the growth is shown and not judged. */
const JUDGED_CALLS = 2_000;

interface Held {
  readonly heapBytes: number;
  readonly externalBytes: number;
  readonly residentBytes: number;
}

/** By thread, after each tenth. */
type History = readonly ReadonlyMap<string, Held>[];

export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { calls, cps, settleMs, parts } = benchOptions(args, {
    parts: [10, 5],
    calls: [10_000, 100],
    cps: [40, 20],
    // What a call leaves to be done after its end; the last tenth's transactions stay for 32 s, as many as the tenth's before.
    settleMs: [5_000, 500],
  });
  const dir = await mkdtemp(join(tmpdir(), 'xiangyin-soak-'));
  const server = await ServerProcess.start({
    env: {
      NODE_OPTIONS: `--import=${join(projectDir, 'dist/test/bench/heap-probe.js')}`,
      HEAP_PROBE_DIR: dir,
      // So that the traces of calls, which are kept up to a limit, have filled their room within the first tenth.
      XIANGYIN_SIP_TRACE_BYTES: '2000000',
    },
  });
  try {
    const before = await idleCounts(server);
    const history: ReadonlyMap<string, Held>[] = [];
    let failed = 0;
    for (let part = 1; part <= parts; part++) {
      const perPart = Math.ceil(calls / parts);
      const client = await load({
        uri: `sip:${NUMBER}@${server.sip}`,
        callsPerSecond: cps,
        seconds: perPart / cps,
        callMs: CALL_MS,
        promptMs: 0,
      });
      failed += Object.values(client.failures).reduce((sum, count) => sum + count, 0);
      await sleep(settleMs);
      history.push(await held(server, dir, part));
      console.error(`${part * perPart} calls, ${failed} failed: ${shown(history)}`);
    }
    const after = await server.counts();
    const left = Object.entries(after).reduce(
      (sum, [kind, count]) =>
        /lingering/i.test(kind) ? sum : sum + Math.max(0, count - (before[kind] ?? 0)),
      0,
    );
    const growth = growthByThread(history);
    const worst = Math.max(...Object.values(growth));
    if ((worst > GROWTH_LIMIT && calls >= JUDGED_CALLS) || left > 0 || failed > 0) process.exitCode = 1;
    return {
      calls,
      failed,
      left,
      growthByThread: growth,
      worstGrowth: worst,
      residentMb: history.map((threads) => Math.round((threads.get('main')?.residentBytes ?? 0) / 1e6)),
      residentKbPerCall: round(residentSlope(history, calls / parts) / 1000),
    };
  } finally {
    await server.stop();
    await server.kill();
    await rm(dir, { recursive: true, force: true });
  }
}

/** Heap and external memory of each thread: the last tenth against the second, as a share of the second. */
function growthByThread(history: History): Record<string, number> {
  const growth: Record<string, number> = {};
  for (const [thread, second] of history[1] ?? []) {
    const last = history.at(-1)?.get(thread);
    if (last === undefined) continue;
    growth[thread] = round(bytesOf(last) / bytesOf(second) - 1);
  }
  return growth;
}

const bytesOf = ({ heapBytes, externalBytes }: Held): number => heapBytes + externalBytes;

/** Bytes per call that the process grew by, from the second tenth on: least squares. */
function residentSlope(history: History, callsPerTenth: number): number {
  const points = history
    .slice(1)
    .map((threads, index) => [index * callsPerTenth, threads.get('main')?.residentBytes ?? 0] as const);
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const over = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return over / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}

async function held(server: ServerProcess, dir: string, part: number): Promise<ReadonlyMap<string, Held>> {
  server.signal('SIGUSR2');
  const limitMs = Date.now() + PROBE_LIMIT_MS;
  let threads = 0;
  for (;;) {
    await sleep(200);
    const text = await readFile(join(dir, 'heaps.jsonl'), 'utf8').catch(() => '');
    const lines = text.split('\n').filter((line) => line !== '');
    const parsed = lines.map((line) => JSON.parse(line) as Held & { thread: string });
    const perThread = new Map<string, Held>();
    for (const line of parsed) perThread.set(line.thread, line);
    // Every thread once more than after the last part, and no new one since the last look.
    if (threads > 0 && lines.length === part * perThread.size && perThread.size === threads) return perThread;
    threads = perThread.size;
    if (Date.now() > limitMs) throw new Error('not every thread told what it holds');
  }
}

function shown(history: History): string {
  return [...(history.at(-1) ?? [])]
    .map(([thread, found]) => `${thread} ${(bytesOf(found) / 1e6).toFixed(1)} MB`)
    .join(', ');
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
