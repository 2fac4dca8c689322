/**
 * `npm run bench -- media [--calls 100] [--seconds 60] [--workers 1] [--short] [--drachtio URL --freeswitch URL [--profile NAME]]`: what
 * a call costs that has a stereo fork, voice activity, endless playback and a recording, and how long sound takes on its
 * way; the callers are a process of their own, what they call is another one, whose CPU is counted whole.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { benchOptions } from './bench-options.js';
import { startChild } from './child-result.js';
import { cpuTime } from './cpu-time.js';
import {
  figures,
  type AppResult,
  type AppTask,
  type ClientResult,
  type ClientTask,
  type MediaFigures,
} from './media-figures.js';

/** Beyond this the client measured itself (DESIGN.md §5). */
const LAG_LIMIT_MS = 5;

export interface MediaRun extends MediaFigures {
  readonly calls: number;
  readonly failed: number;
  /** All processes and threads of ours, by the operating system's accounting. */
  readonly cpuMsPerCallMinute: number;
  readonly coresUsed: number;
  readonly clientLagP99Ms: number;
  readonly clientCpuPercent: number;
}

export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const options = benchOptions(args, { calls: [100, 20], seconds: [60, 10], workers: [1] }, [
    'drachtio',
    'freeswitch',
    'profile',
  ]);
  const result = await measure(options);
  if (result.clientLagP99Ms >= LAG_LIMIT_MS) {
    console.error(`void: the client's own event loop was late (p99 ${result.clientLagP99Ms} ms)`);
    process.exitCode = 1;
  }
  if (result.failed > 0) process.exitCode = 1;
  return { ...result };
}

/** One run of so many calls at once. */
export async function measure(
  options: AppTask & { readonly calls: number; readonly seconds: number },
): Promise<MediaRun> {
  const { calls, seconds, ...task } = options;
  const app = start('media-app.js', task);
  try {
    const { sip } = (await message(app)) as { sip: string };
    console.error(`calling ${sip}: ${calls} calls at once for ${seconds} s`);
    const client = start('media-client.js', {
      uri: `sip:NUMBER@${sip}`,
      calls,
      seconds,
    } satisfies ClientTask);
    try {
      return await figuresOf(app, client, calls, seconds);
    } finally {
      client.kill('SIGKILL');
    }
  } finally {
    app.kill('SIGKILL');
  }
}

async function figuresOf(
  app: ChildProcess,
  client: ChildProcess,
  calls: number,
  seconds: number,
): Promise<MediaRun> {
  await message(client);
  const before = await cpuTime(app.pid ?? 0);
  await message(client);
  const after = await cpuTime(app.pid ?? 0);
  const result = (await message(client)) as ClientResult;
  const answered = message(app);
  app.send('end');
  const found = figures(result, (await answered) as AppResult);
  for (const reason of new Set(result.failures)) console.error(`a call failed: ${reason}`);
  const cpuMs = after.processMs - before.processMs;
  return {
    calls,
    cpuMsPerCallMinute: round(cpuMs / result.calls.length / (seconds / 60)),
    rtpInToAppMsP50: round(found.rtpInToAppMsP50),
    rtpInToAppMsP95: round(found.rtpInToAppMsP95),
    playStartMsP95: round(found.playStartMsP95),
    stopMsP95: round(found.stopMsP95),
    lateShare: Math.round(found.lateShare * 1e5) / 1e5,
    lost: found.lost,
    missed: found.missed,
    samples: found.samples,
    failed: result.failures.length,
    coresUsed: round(cpuMs / 1000 / seconds),
    clientLagP99Ms: round(result.lagP99Ms),
    clientCpuPercent: Math.round(result.cpuPercent),
  };
}

function start(file: string, task: object): ChildProcess {
  const child = startChild(file, [JSON.stringify(task)]);
  // Two may come while the first is still being looked at.
  const sent: unknown[] = [];
  waiting.set(child, sent);
  child.on('message', (data) => sent.push(data));
  return child;
}

/** What each child has sent and nobody has asked for yet. */
const waiting = new WeakMap<ChildProcess, unknown[]>();

/** The child's next message; rejects when it ends instead. */
async function message(child: ChildProcess): Promise<unknown> {
  const sent = waiting.get(child) ?? [];
  if (sent.length > 0) return sent.shift();
  const heard = new AbortController();
  const exit = once(child, 'exit', { signal: heard.signal }).then(([code]) => {
    throw new Error(`a process of the bench ended with ${String(code)}`);
  });
  try {
    await Promise.race([once(child, 'message', { signal: heard.signal }), exit]);
    return sent.shift();
  } finally {
    heard.abort();
    exit.catch(() => undefined);
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
