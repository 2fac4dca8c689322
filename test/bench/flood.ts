/**
 * `npm run bench -- flood [--short]`: 5,000 junk packets per second to the SIP port of the whole shipped server beside 50
 * live calls of 30 s: how many calls are disturbed, and what the server's memory does.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { projectDir, ServerProcess } from '../scenarios/server-process.js';
import type { FloodClientResult, FloodClientTask } from './flood-client.js';
import type { SenderResult, SenderTask } from './flood-sender.js';
import { idleCounts, NUMBER } from './setup.js';

const PACKETS_PER_SECOND = 5_000;
/** A refused INVITE that nobody acknowledges is kept for 32 s (RFC 3261 timer H). */
const LEFT_AFTER_MS = 35_000;
/** Beyond this the client measured itself (DESIGN.md §5). */
const LAG_LIMIT_MS = 5;

export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    strict: false,
    options: { short: { type: 'boolean' }, rate: { type: 'string' } },
  });
  const short = values.short === true;
  const calls = short ? 10 : 50;
  const callMs = short ? 5_000 : 30_000;
  const packetsPerSecond = Number(values.rate ?? PACKETS_PER_SECOND);
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
    await sleep(LEFT_AFTER_MS);
    const left = leftBy(before, await server.counts());
    const { code, stderr } = await server.stop();
    if (code !== 0) console.error(`the server ended with ${code}\n${stderr}`);
    console.error('disturbed:', heard.disturbed, 'left:', left);
    const isVoid = heard.lagP99Ms >= LAG_LIMIT_MS;
    return {
      calls,
      disturbed: sum(heard.disturbed),
      junkSent: junk.sent,
      junkPerSecond: Math.round(junk.sent / junk.seconds),
      rssMbBefore,
      rssMb5s,
      rssMbAfter,
      left: sum(left),
      rtpMaxGapMs: Math.round(heard.maxGapMs),
      rtpLost: heard.lost,
      serverExitCode: code,
      clientLagP99Ms: Math.round(heard.lagP99Ms * 100) / 100,
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
