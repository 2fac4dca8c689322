/**
 * `npm run bench -- flood [--short] [--rate 5000] [--calls 50] [--seconds 30] [--settle 35]`: junk packets to the SIP
 * port of the whole shipped server beside live calls: how many of them are disturbed, whether strangers can still call,
 * what the server dropped and why, and what its memory does.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { projectDir, ServerProcess } from '../scenarios/server-process.js';
import { benchOptions } from './bench-options.js';
import type { FloodClientResult, FloodClientTask } from './flood-client.js';
import type { SenderResult, SenderTask } from './flood-sender.js';
import { idleCounts, NUMBER } from './setup.js';

const PACKETS_PER_SECOND = 5_000;
/** A refused INVITE that nobody acknowledges is kept for 32 s (RFC 3261 timer H). */
const SETTLE_SECONDS = 35;
/** Beyond this the client measured itself (DESIGN.md §5). */
const LAG_LIMIT_MS = 5;

export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const {
    calls,
    seconds,
    rate: packetsPerSecond,
    settle,
  } = benchOptions(args, {
    calls: [50, 10],
    seconds: [30, 6],
    rate: [PACKETS_PER_SECOND],
    settle: [SETTLE_SECONDS],
  });
  const callMs = 1000 * seconds;
  const server = await ServerProcess.start();
  const children: ChildProcess[] = [];
  const start = (file: string, task: FloodClientTask | SenderTask) => {
    const child = new BenchProcess(file, task);
    children.push(child.process);
    return child;
  };
  try {
    const before = await idleCounts(server);
    // The calls stand before the junk begins: callers and junk share an address here, and so its limit of new calls.
    const client = start('flood-client.js', { uri: `sip:${NUMBER}@${server.sip}`, calls, callMs });
    await client.line('up');
    const rssMbBefore = await rssMb(server.pid);
    const port = Number(server.sip.split(':').at(-1));
    const sender = start('flood-sender.js', { port, packetsPerSecond, seed: 1 });
    await sleep(Math.min(5_000, callMs - 500));
    const rssMb5s = await rssMb(server.pid);
    const heard = await client.result<FloodClientResult>();
    sender.process.stdin?.end();
    const junk = await sender.result<SenderResult>();
    const rssMbAfter = await rssMb(server.pid);
    const { heapMb, dropped } = await serverFigures(server);
    const left = await settled(server, before, 1000 * settle);
    const { code, stderr } = await server.stop();
    if (code !== 0) console.error(`the server ended with ${code}\n${stderr}`);
    console.error('disturbed:', heard.disturbed, 'strangers refused:', heard.newRefused, 'left:', left);
    const isVoid = heard.lagP99Ms >= LAG_LIMIT_MS;
    return {
      calls,
      disturbed: sum(heard.disturbed),
      junkSent: junk.sent,
      junkPerSecond: Math.round(junk.sent / junk.seconds),
      rssMbBefore,
      rssMb5s,
      rssMbAfter,
      heapMb,
      dropped,
      newCalls: heard.newCalls,
      newRefused: sum(heard.newRefused),
      newMaxAnswerMs: Math.round(heard.newMaxAnswerMs),
      left: sum(left),
      rtpMaxGapMs: Math.round(heard.maxGapMs),
      rtpMaxGapAtMs: Math.round(heard.maxGapAtMs),
      rtpLost: heard.lost,
      serverExitCode: code,
      clientLagP99Ms: Math.round(heard.lagP99Ms * 100) / 100,
      clientLagMaxMs: Math.round(heard.lagMaxMs * 100) / 100,
      ...(isVoid ? { void: true } : {}),
    };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await server.kill();
  }
}

/** A part of the bench that reports by lines of its standard output, the last one JSON. */
class BenchProcess {
  readonly process: ChildProcess;
  readonly #lines: string[] = [];
  readonly #ended: Promise<unknown>;
  #heard: () => void = () => undefined;

  constructor(file: string, task: object) {
    this.process = spawn(
      process.execPath,
      [join(projectDir, 'dist/test/bench', file), JSON.stringify(task)],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    this.#ended = once(this.process, 'close');
    if (this.process.stdout === null) throw new Error('no standard output');
    createInterface(this.process.stdout).on('line', (line) => {
      this.#lines.push(line);
      this.#heard();
    });
  }

  /** Resolves when the line is there; rejects if the process ends without it. */
  async line(text: string): Promise<void> {
    const heard = new Promise<void>((resolve) => {
      this.#heard = () => {
        if (this.#lines.includes(text)) resolve();
      };
      this.#heard();
    });
    await Promise.race([heard, this.#ended]);
    if (!this.#lines.includes(text)) throw new Error(`the process ended before '${text}'`);
  }

  async result<T>(): Promise<T> {
    await this.#ended;
    return JSON.parse(this.#lines.at(-1) ?? '') as T;
  }
}

function leftBy(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after)
      // Finished transactions that RFC 3261 keeps for 32 s to absorb repetitions are not leaks.
      .filter(([kind]) => !/lingering/i.test(kind))
      .map(([kind, count]) => [kind, count - (before[kind] ?? 0)] as const)
      .filter(([, more]) => more > 0),
  );
}

/** What is there beyond `before` as soon as that is nothing, or after a time. */
async function settled(
  server: ServerProcess,
  before: Readonly<Record<string, number>>,
  settleMs: number,
): Promise<Record<string, number>> {
  const endMs = performance.now() + settleMs;
  for (;;) {
    await sleep(1_000);
    const left = leftBy(before, await server.counts());
    if (sum(left) === 0 || performance.now() > endMs) return left;
  }
}

/** The main thread's JavaScript heap, and the packets dropped by reason, as /metrics says. */
async function serverFigures(
  server: ServerProcess,
): Promise<{ heapMb: number; dropped: Record<string, number> }> {
  const text = await read(`${server.http}/metrics`);
  const heap = Number(/^nodejs_heap_size_used_bytes (\S+)/m.exec(text)?.[1] ?? Number.NaN);
  const dropped: Record<string, number> = {};
  for (const [, reason = '', count] of text.matchAll(
    /^xiangyin_sip_dropped_total\{reason="(\w+)".* (\d+)$/gm,
  )) {
    dropped[reason] = (dropped[reason] ?? 0) + Number(count);
  }
  return { heapMb: Math.round(heap / 2 ** 20), dropped };
}

/** Over a connection that is closed again: one that is kept would be found among what is left. */
async function read(url: string): Promise<string> {
  const [response] = (await once(get(url, { agent: false }), 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return text;
}

/** Resident memory of a process. */
async function rssMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024);
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
