/**
 * `npm run bench -- capacity [--from 50] [--step 50] [--seconds 15] [--short]`: the calls of `bench media`, more in each
 * run, until the bar breaks (more than 1 % of packets late, or one lost) or the callers themselves cannot keep up.
 */
import { availableParallelism } from 'node:os';
import { benchOptions } from './bench-options.js';
import { measure, type MediaRun } from './media.js';

/** A hundredth of the packets more than 10 ms off: heard as a crackle. */
const LATE_LIMIT = 0.01;
/** Beyond this the callers measured themselves (DESIGN.md §5). */
const LAG_LIMIT_MS = 5;

/** What ended the raising, or undefined: more calls can be tried. */
export function limitOf(run: MediaRun): string | undefined {
  if (run.clientLagP99Ms >= LAG_LIMIT_MS) return 'client';
  if (run.failed > 0) return 'refused calls';
  if (run.lost > 0) return 'lost packets';
  if (run.lateShare > LATE_LIMIT) return 'late packets';
  return undefined;
}

export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { from, step, seconds, isShort } = benchOptions(args, { from: [50], step: [50], seconds: [15, 5] });
  // The short form shows that it works; how far it goes is for the long one.
  const most = isShort ? 50 : 2000;
  let carried: MediaRun | undefined;
  let limitedBy = 'the end of the short form';
  for (let calls = from; calls <= most; calls += step) {
    const found = await measure({ calls, seconds });
    const limit = limitOf(found);
    console.error(
      `${calls} calls: ${found.lateShare} late, ${found.lost} lost, ${found.coresUsed} cores, client lag ${found.clientLagP99Ms} ms`,
    );
    if (limit !== undefined) {
      limitedBy = limit;
      break;
    }
    carried = found;
  }
  const cores = availableParallelism();
  return {
    calls: carried?.calls ?? 0,
    coresUsed: carried?.coresUsed ?? 0,
    limitedBy,
    lateShare: carried?.lateShare,
    cpuMsPerCallMinute: carried?.cpuMsPerCallMinute,
    // No measurement: what the CPU alone would carry, were nothing else in the way and the callers elsewhere.
    extrapolatedCpuLimitedCalls:
      carried === undefined ? 0 : Math.floor((carried.calls * cores) / carried.coresUsed),
    cores,
  };
}
