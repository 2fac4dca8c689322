/**
 * `npm run bench -- setup [--cps 20] [--seconds 30] [--short]`: call set-up of the whole shipped server under load, with
 * record, journal and stereo recording on, from a client process; and whether anything is left behind.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectDir, ServerProcess } from '../scenarios/server-process.js';
import { benchOptions } from './bench-options.js';
import type { ClientResult, ClientTask } from './setup-client.js';

/** The clinic, in sip-config/numbers.yaml. */
export const NUMBER = '1001';
export const CALL_MS = 2_000;
export const PROMPT_MS = 1_000;
/** When what a call held must be gone. */
const LEFT_AFTER_MS = 5_000;
/** A fresh data folder costs some ten seconds of synthesis, more on a machine that is busy. */
const READY_WITHIN_MS = 120_000;
/** Beyond this the client measured itself (DESIGN.md §5). */
const LAG_LIMIT_MS = 5;

export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { cps: callsPerSecond, seconds } = benchOptions(args, { cps: [20], seconds: [30, 5] });
  const server = await ServerProcess.start();
  try {
    const before = await idleCounts(server);
    console.error(`calling sip:${NUMBER}@${server.sip}, ${callsPerSecond} per second for ${seconds} s`);
    const client = await load({
      uri: `sip:${NUMBER}@${server.sip}`,
      callsPerSecond,
      seconds,
      callMs: CALL_MS,
      promptMs: PROMPT_MS,
    });
    await sleep(LEFT_AFTER_MS);
    const after = await server.counts();
    const recordings = (await server.files('.wav')).filter((file) => /\/calls\//.test(file)).length;
    const { code, stderr } = await server.stop();
    return verdict(client, { before, after, recordings, exitCode: code, stderr });
  } finally {
    await server.kill();
  }
}

interface Aftermath {
  readonly before: Readonly<Record<string, number>>;
  readonly after: Readonly<Record<string, number>>;
  readonly recordings: number;
  readonly exitCode: number | null;
  readonly stderr: string;
}

function verdict(client: ClientResult, aftermath: Aftermath): Record<string, unknown> {
  const { before, after, recordings, exitCode, stderr } = aftermath;
  const leftBy: Record<string, number> = {};
  for (const [kind, count] of Object.entries(after)) {
    // Finished transactions that RFC 3261 keeps for 32 s to absorb repetitions are not leaks; shown apart.
    if (/lingering/i.test(kind)) continue;
    const more = count - (before[kind] ?? 0);
    if (more > 0) leftBy[kind] = more;
  }
  const failed = Object.values(client.failures).reduce((sum, count) => sum + count, 0);
  const setupMs = [...client.setupMs].sort((a, b) => a - b);
  const void_ = client.lagP99Ms >= LAG_LIMIT_MS;
  if (void_) {
    console.error(`void: the client's own event loop was late (p99 ${client.lagP99Ms.toFixed(1)} ms)`);
    process.exitCode = 1;
  }
  if (failed > 0) console.error('failures:', client.failures);
  if (Object.keys(leftBy).length > 0) console.error('left:', leftBy);
  if (exitCode !== 0) console.error(`the server ended with ${exitCode}\n${stderr}`);
  return {
    setupMsP50: round(quantile(setupMs, 0.5)),
    setupMsP95: round(quantile(setupMs, 0.95)),
    setupMsMax: round(setupMs.at(-1) ?? Number.NaN),
    failed,
    left: Object.values(leftBy).reduce((sum, count) => sum + count, 0),
    calls: client.calls,
    recordings,
    clientLagP99Ms: round(client.lagP99Ms),
    clientLagMaxMs: round(client.lagMaxMs),
    clientCpuPercent: Math.round(client.cpuPercent),
    serverExitCode: exitCode,
    ...(void_ ? { void: true } : {}),
  };
}

export async function load(task: ClientTask): Promise<ClientResult> {
  const client = join(projectDir, 'dist/test/bench/setup-client.js');
  const { stdout } = await promisify(execFile)(process.execPath, [client, JSON.stringify(task)], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as ClientResult;
}

/** Waits until the server has made its prompts ready, at most two minutes, and then until it has held the same for two seconds. */
export async function idleCounts(server: ServerProcess): Promise<Readonly<Record<string, number>>> {
  const endMs = performance.now() + READY_WITHIN_MS;
  let last = await server.counts();
  let same = 0;
  while (same < 2) {
    if (performance.now() > endMs) {
      console.error(`the server is not at rest after ${READY_WITHIN_MS / 1000} s:`, last);
      break;
    }
    await sleep(1_000);
    const now = await server.counts();
    const isReady = (now['preparing'] ?? 0) === 0;
    same = isReady && JSON.stringify(now) === JSON.stringify(last) ? same + 1 : 0;
    last = now;
  }
  return last;
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
