import { readdir, readFile } from 'node:fs/promises';

/** CPU that a process has used, by the operating system's accounting, in milliseconds. Linux only. */
export interface CpuTime {
  /** The thread that the process began with: in Node the one that runs its JavaScript. */
  readonly mainThreadMs: number;
  /** All its threads that still run: garbage collection and the compiler are in here. */
  readonly processMs: number;
}

export async function cpuTime(pid: number): Promise<CpuTime> {
  const threads = await threadTimes(pid);
  return {
    mainThreadMs: threads.get(pid) ?? 0,
    processMs: [...threads.values()].reduce((sum, ms) => sum + ms, 0),
  };
}

/** Per thread id; /proc/PID/task/TID/schedstat counts nanoseconds, the better known `stat` only hundredths. */
export async function threadTimes(pid: number): Promise<Map<number, number>> {
  const times = new Map<number, number>();
  for (const tid of await readdir(`/proc/${pid}/task`)) {
    try {
      const text = await readFile(`/proc/${pid}/task/${tid}/schedstat`, 'utf8');
      times.set(Number(tid), Number.parseInt(text, 10) / 1e6);
    } catch {
      // a thread that ended meanwhile
    }
  }
  return times;
}
