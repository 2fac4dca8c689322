/**
 * `npm run bench -- profile [--cps 20] [--seconds 10] [--warm 10] [--top 0]`: what a call of `bench setup` costs each thread of the
 * shipped server, in milliseconds of CPU; with `--top n` also the n functions that cost most, by thread (slower: profiled).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { projectDir, ServerProcess } from '../scenarios/server-process.js';
import { benchOptions } from './bench-options.js';
import { CALL_MS, idleCounts, load, NUMBER, PROMPT_MS } from './setup.js';

/** What a call leaves to be done after its end: the record, transactions that time out. */
const SETTLE_MS = 2_000;

export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const {
    cps: callsPerSecond,
    seconds,
    warm: warmSeconds,
    top,
  } = benchOptions(args, { cps: [20], seconds: [10], warm: [10], top: [0] });
  const dir = await mkdtemp(join(tmpdir(), 'xiangyin-profile-'));
  const server = await ServerProcess.start({
    env: {
      NODE_OPTIONS: `--import=${join(projectDir, 'dist/test/bench/thread-probe.js')}`,
      THREAD_PROBE_DIR: dir,
    },
  });
  try {
    await idleCounts(server);
    const task = {
      uri: `sip:${NUMBER}@${server.sip}`,
      callsPerSecond,
      seconds,
      callMs: CALL_MS,
      promptMs: PROMPT_MS,
    };
    // What the first calls compile is no call's price.
    await load({ ...task, seconds: warmSeconds });
    await sleep(SETTLE_MS);
    const names = await threadNames(dir);
    if (top > 0) server.signal('SIGUSR2');
    const before = cpuByThread(server.pid, names);
    const client = await load(task);
    await sleep(SETTLE_MS);
    const after = cpuByThread(server.pid, names);
    if (top > 0) {
      server.signal('SIGUSR2');
      await sleep(3_000);
    }
    const threads: Record<string, number> = {};
    let totalMs = 0;
    for (const [name, ms] of after) {
      const spentMs = (ms - (before.get(name) ?? 0)) / client.calls;
      threads[name] = round(spentMs);
      totalMs += spentMs;
    }
    const failed = Object.values(client.failures).reduce((sum, count) => sum + count, 0);
    return {
      cpuMsPerCall: round(totalMs),
      threads,
      calls: client.calls,
      failed,
      ...(top > 0 && { functions: costliest(dir, top, client.calls) }),
    };
  } finally {
    await server.stop();
    await server.kill();
    await rm(dir, { recursive: true, force: true });
  }
}

async function threadNames(dir: string): Promise<ReadonlyMap<number, string>> {
  const lines = (await readFile(join(dir, 'threads.jsonl'), 'utf8')).trim().split('\n');
  return new Map(
    lines.map((line) => {
      const { tid, name } = JSON.parse(line) as { tid: number; name: string };
      return [tid, name];
    }),
  );
}

/** Milliseconds so far. Threads without JavaScript (V8's: garbage, compilation; libuv's: files) under one name. */
function cpuByThread(pid: number, names: ReadonlyMap<number, string>): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const tid of readdirSync(`/proc/${pid}/task`)) {
    // Nanoseconds on a CPU come first; /proc/PID/stat counts in steps of 10 ms.
    const [runNs] = readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'utf8').split(' ');
    const name = names.get(Number(tid)) ?? 'helpers';
    sums.set(name, (sums.get(name) ?? 0) + Number(runNs) / 1e6);
  }
  return sums;
}

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Per thread: `function file:line` to its own milliseconds per call. */
function costliest(dir: string, top: number, calls: number): Record<string, Record<string, number>> {
  const threads: Record<string, Record<string, number>> = {};
  for (const file of readdirSync(dir).filter((name) => name.endsWith('.cpuprofile'))) {
    const profile = JSON.parse(readFileSync(join(dir, file), 'utf8')) as CpuProfile;
    const names = new Map(
      profile.nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => [
        id,
        `${functionName || '(anonymous)'} ${basename(url)}:${lineNumber + 1}`,
      ]),
    );
    const ownUs = new Map<string, number>();
    for (const [index, id] of profile.samples.entries()) {
      const name = names.get(id) ?? '?';
      if (name.startsWith('(idle)')) continue;
      ownUs.set(name, (ownUs.get(name) ?? 0) + (profile.timeDeltas[index] ?? 0));
    }
    const sorted = [...ownUs].sort(([, a], [, b]) => b - a).slice(0, top);
    threads[file.replace('.cpuprofile', '')] = Object.fromEntries(
      sorted.map(([name, us]) => [name, round(us / 1000 / calls)]),
    );
  }
  return threads;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
