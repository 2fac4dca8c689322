import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePortPair } from '../scenarios/outside-tool.js';
import { projectDir } from '../scenarios/server-process.js';
import { SippProcess } from '../scenarios/sipp-process.js';
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
  const sipp = await SippProcess.start([
    ...['-sf', join(projectDir, 'test/bench/sip-call.xml'), target, '-p', String(await freePortPair())],
    ...['-r', String(callsPerSecond), '-m', String(calls), '-l', String(calls)],
    ...['-trace_stat', '-stf', 'statistics.csv', '-fd', '1'],
    ...['-timeout', `${Math.ceil(calls / callsPerSecond) + 40}s`],
  ]);
  try {
    await sipp.exit;
    const statistics = await readFile(join(sipp.folder, 'statistics.csv'), 'utf8');
    const [head = '', ...rows] = statistics.trim().split('\n');
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
    await sipp.close();
  }
}

/** sipp's own UAS (it sends 180 and 200): the CPU it takes per call under the same load. */
export async function measureSippUas(load: Omit<SippLoad, 'target'>): Promise<{ cpuMsPerCall: number }> {
  const port = await freePortPair();
  const sipp = await SippProcess.start(['-sn', 'uas', '-p', String(port)]);
  try {
    const target = `127.0.0.1:${port}`;
    // It tells nobody when it listens: the first calls are repeated until it does.
    await callWithSipp({ target, callsPerSecond: 10, calls: 10 });
    const before = await cpuTime(sipp.pid);
    const { completed } = await callWithSipp({ ...load, target });
    const after = await cpuTime(sipp.pid);
    return { cpuMsPerCall: (after.processMs - before.processMs) / completed };
  } finally {
    await sipp.close();
  }
}
