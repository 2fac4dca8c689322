/**
 * `npm run bench -- sip [--cps 100] [--seconds 20] [--short] [--prof FOLDER]`: INVITE, 200, ACK, BYE, without media. The
 * SIP server, the application (drachtio-srf) and the client (sipp) are a process each; CPU is what the operating system
 * counted for the SIP server's thread.
 *
 * `--drachtio host:port --secret S [--sip host:port] [--pid P]` measures a drachtio-server that runs already in the same
 * run, beside ours; its CPU is that of the whole process P.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { projectDir } from '../scenarios/server-process.js';
import { benchOptions } from './bench-options.js';
import { cpuTime, type CpuTime } from './cpu-time.js';
import { callWithSipp, measureSippUas, type SippResult } from './sipp.js';

/** The search for the highest clean rate begins here, doubles, then halves the gap. */
const FIRST_RATE = 200;
const HIGHEST_RATE = 6400;
const SEARCH_SECONDS = 4;
/** The gap is small enough below this part of the rate. */
const SEARCH_PRECISION = 0.1;

interface Subject {
  /** `host:port` for SIP over UDP. */
  readonly sip: string;
  readonly serverPid: number | undefined;
  readonly appPid: number;
}

export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const options = benchOptions(args, { cps: [100], seconds: [20, 5], search: [SEARCH_SECONDS, 2] }, [
    'prof',
    'drachtio',
    'secret',
    'sip',
    'pid',
  ]);
  const { cps: callsPerSecond, seconds } = options;
  const load = { callsPerSecond, calls: Math.round(callsPerSecond * seconds) };
  const children: ChildProcess[] = [];
  try {
    const ours = await startOurs(children, options.prof);
    const fixed = await measure(ours, load);
    const uas = await measureSippUas(load);
    const real =
      options.drachtio === undefined
        ? undefined
        : await measure(await startReal(children, options.drachtio, options), load);
    const highest = await highestCleanRate(ours, options.search);
    return {
      cpuMsPerCall: round(fixed.serverMainMs),
      callsPerSecond: highest,
      sippUasCpuMsPerCall: round(uas.cpuMsPerCall),
      processCpuMsPerCall: round(fixed.serverMs),
      appCpuMsPerCall: round(fixed.appMs),
      ...(real === undefined
        ? {}
        : {
            drachtioCpuMsPerCall: round(real.serverMs),
            drachtioFailed: real.sipp.failed,
            drachtioRetransmissions: real.sipp.retransmissions,
          }),
      calls: load.calls,
      failed: fixed.sipp.failed,
      retransmissions: fixed.sipp.retransmissions,
    };
  } finally {
    for (const child of children) await stop(child);
  }
}

interface Measured {
  readonly sipp: SippResult;
  readonly serverMainMs: number;
  readonly serverMs: number;
  readonly appMs: number;
}

/** CPU per completed call of server and application at an even rate, after a warm-up. */
async function measure(subject: Subject, load: { callsPerSecond: number; calls: number }): Promise<Measured> {
  const times = async (pid: number | undefined): Promise<CpuTime> =>
    pid === undefined ? { mainThreadMs: Number.NaN, processMs: Number.NaN } : await cpuTime(pid);
  console.error(`${load.calls} calls to ${subject.sip}, ${load.callsPerSecond} per second`);
  await callWithSipp({
    target: subject.sip,
    callsPerSecond: load.callsPerSecond,
    calls: 3 * load.callsPerSecond,
  });
  const [server, app] = [await times(subject.serverPid), await times(subject.appPid)];
  const sipp = await callWithSipp({ ...load, target: subject.sip });
  const [serverAfter, appAfter] = [await times(subject.serverPid), await times(subject.appPid)];
  const perCall = (after: number, before: number): number => (after - before) / sipp.completed;
  return {
    sipp,
    serverMainMs: perCall(serverAfter.mainThreadMs, server.mainThreadMs),
    serverMs: perCall(serverAfter.processMs, server.processMs),
    appMs: perCall(appAfter.processMs, app.processMs),
  };
}

/** The highest rate at which no call fails and nothing has to be sent again, for a few seconds each. */
async function highestCleanRate(subject: Subject, seconds: number): Promise<number> {
  const isClean = async (callsPerSecond: number): Promise<boolean> => {
    const calls = callsPerSecond * seconds;
    const { failed, retransmissions, completed } = await callWithSipp({
      target: subject.sip,
      callsPerSecond,
      calls,
    });
    console.error(`${callsPerSecond} per second: ${failed} failed, ${retransmissions} retransmissions`);
    return failed === 0 && retransmissions === 0 && completed === calls;
  };
  let clean = 0;
  let dirty = FIRST_RATE;
  while (dirty <= HIGHEST_RATE && (await isClean(dirty))) {
    clean = dirty;
    dirty *= 2;
  }
  if (dirty > HIGHEST_RATE) return clean;
  while (dirty - clean > Math.max(10, SEARCH_PRECISION * clean)) {
    const middle = Math.round((clean + dirty) / 2);
    if (await isClean(middle)) clean = middle;
    else dirty = middle;
  }
  return clean;
}

async function startOurs(children: ChildProcess[], profFolder: string | undefined): Promise<Subject> {
  const secret = randomUUID();
  const flags = profFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profFolder}`];
  const server = start('sip-server', [secret], children, flags);
  const { admin, sip } = (await firstLine(server)) as {
    admin: { host: string; port: number };
    sip: readonly { protocol: string; host: string; port: number }[];
  };
  const app = start('sip-app', [JSON.stringify({ ...admin, secret })], children);
  await firstLine(app);
  const udp = sip.find(({ protocol }) => protocol === 'udp');
  return { sip: `${udp?.host}:${udp?.port}`, serverPid: server.pid, appPid: app.pid ?? 0 };
}

async function startReal(
  children: ChildProcess[],
  drachtio: string,
  { secret = 'cymru', sip, pid }: { readonly secret?: string; readonly sip?: string; readonly pid?: string },
): Promise<Subject> {
  const [host, port] = drachtio.split(':');
  const connection = { host, port: Number(port), secret };
  const app = start('sip-app', [JSON.stringify(connection)], children);
  const { hostport } = (await firstLine(app)) as { hostport: string };
  const udp = hostport.split(',').find((address) => address.startsWith('udp/'));
  return {
    sip: sip ?? udp?.slice('udp/'.length) ?? '',
    serverPid: pid === undefined ? undefined : Number(pid),
    appPid: app.pid ?? 0,
  };
}

function start(
  name: string,
  args: readonly string[],
  children: ChildProcess[],
  flags: readonly string[] = [],
): ChildProcess {
  const file = join(projectDir, `dist/test/bench/${name}.js`);
  const child = spawn(process.execPath, [...flags, file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const orphan = (): void => void child.kill('SIGKILL');
  process.once('exit', orphan);
  child.once('exit', () => process.off('exit', orphan));
  return child;
}

/** Ends it; the hard way when it does not within two seconds. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const limit = setTimeout(() => child.kill('SIGKILL'), 2000);
  await gone;
  clearTimeout(limit);
}

/** The first line that a child prints, read as JSON. */
async function firstLine(child: ChildProcess): Promise<unknown> {
  if (child.stdout === null) throw new Error('no standard output');
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line) as unknown;
  throw new Error('a process of the bench ended before it was ready');
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
