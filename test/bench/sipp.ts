import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectDir } from '../scenarios/server-process.js';
import { cpuTime } from './cpu-time.js';

export interface SippLoad {
  /** `host:port`. */
  readonly target: string;
  readonly callsPerSecond: number;
  readonly calls: number;
}

/** What sipp counted. */
export interface SippResult {
  readonly completed: number;
  readonly failed: number;
  /** Requests that the client had to send again. */
  readonly retransmissions: number;
  readonly callsPerSecond: number;
}

/** Places calls by test/bench/sip-call.xml; resolves when all are over, at the latest 40 s after the last was due. */
export async function callWithSipp({ target, callsPerSecond, calls }: SippLoad): Promise<SippResult> {
  const folder = await mkdtemp(join(tmpdir(), 'xiangyin-sipp-'));
  const statistics = join(folder, 'statistics.csv');
  const args = [
    ...['-sf', join(projectDir, 'test/bench/sip-call.xml'), target],
    ...['-i', '127.0.0.1', '-p', String(await freePort())],
    ...['-r', String(callsPerSecond), '-m', String(calls), '-l', String(calls)],
    ...['-nostdin', '-trace_stat', '-stf', statistics, '-fd', '1'],
    ...['-timeout', `${Math.ceil(calls / callsPerSecond) + 40}s`],
  ];
  const child = spawn('sipp', args, { cwd: folder, stdio: 'ignore' });
  try {
    await once(child, 'exit');
    const [head = '', ...rows] = (await readFile(statistics, 'utf8')).trim().split('\n');
    const names = head.split(';');
    const last = rows.at(-1)?.split(';') ?? [];
    const figure = (name: string): number => Number(last[names.indexOf(name)] ?? Number.NaN);
    const created = figure('TotalCallCreated');
    return {
      completed: figure('SuccessfulCall(C)'),
      // Calls that sipp could not even begin in its time count too.
      failed: figure('FailedCall(C)') + Math.max(0, calls - created),
      retransmissions: figure('Retransmissions(C)'),
      callsPerSecond: figure('CallRate(C)'),
    };
  } finally {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
}

/** sipp's own UAS (it sends 180 and 200): the CPU it takes per call under the same load. */
export async function measureSippUas(load: Omit<SippLoad, 'target'>): Promise<{ cpuMsPerCall: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'xiangyin-sipp-'));
  const port = await freePort();
  const args = ['-sn', 'uas', '-i', '127.0.0.1', '-p', String(port), '-nostdin'];
  const child = spawn('sipp', args, { cwd: folder, stdio: 'ignore' });
  try {
    const target = `127.0.0.1:${port}`;
    // It tells nobody when it listens: the first calls are repeated until it does.
    await callWithSipp({ target, callsPerSecond: 10, calls: 10 });
    const before = await cpuTime(child.pid ?? 0);
    const { completed } = await callWithSipp({ ...load, target });
    const after = await cpuTime(child.pid ?? 0);
    return { cpuMsPerCall: (after.processMs - before.processMs) / completed };
  } finally {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}
