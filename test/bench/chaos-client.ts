/** The callers of `bench chaos`, a process of its own: places calls, answers questions, and takes the time of each silence. */
import { systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import { MediaTicker } from '../../src/embedded/rtp/media-ticker.js';
import { PortPool } from '../../src/embedded/rtp/port-pool.js';
import type { UserAgent } from '../../src/embedded/sip/user-agent.js';
import { after, benchTelephone, goFirst, placeCall } from './bench-call.js';
import { ChaosCaller } from './chaos-caller.js';
import type { ChaosCall, ChaosResult, ChaosTask } from './chaos-set.js';
import { measureLag } from './loop-lag.js';

const ANSWER_LIMIT_MS = 10_000;
/** Whatever happens: a call that goes on for longer is hung. */
const CALL_LIMIT_MS = 90_000;
/** Between two calls that begin, so that they are not all at the same place. */
const STAGGER_MS = 150;
const packetSamples = 160;
const nothing = { maxSilenceMs: 0, answers: 0, packets: 0, markedPackets: 0 };
const silence = new Int16Array(packetSamples);

async function main(task: ChaosTask): Promise<void> {
  const userAgent = await benchTelephone();
  const ports = new PortPool({ address: '127.0.0.1', minPort: 0, maxPort: 0 });
  const ticker = new MediaTicker({ clock: systemClock, logger: silentLogger });
  const lag = measureLag();
  const calls: ChaosCall[] = [];
  let next = 0;
  const worker = async (place: number): Promise<void> => {
    await after(place * STAGGER_MS);
    while (next < task.calls) {
      const number = `7${String(task.firstNumber + next++)}`;
      const outcome = await call(task, `sip:${number}@${task.host}`, userAgent, ports, ticker).catch(
        (error: unknown) => ({ ...nothing, hung: `client: ${String(error)}` }),
      );
      calls.push({ number, ...outcome });
    }
  };
  await Promise.all(Array.from({ length: Math.min(task.atOnce, task.calls) }, (_, place) => worker(place)));
  const lagMs = lag.stop();
  ticker.close();
  ports.close();
  await userAgent.close();
  const result: ChaosResult = { calls, lagP99Ms: lagMs[Math.floor(lagMs.length * 0.99)] ?? 0 };
  // A long result is cut off by a disconnect that does not wait for it.
  process.send?.(result, undefined, undefined, () => process.disconnect());
}

async function call(
  task: ChaosTask,
  uri: string,
  userAgent: UserAgent,
  ports: PortPool,
  ticker: MediaTicker,
): Promise<Omit<ChaosCall, 'number'>> {
  const answered = await placeCall(userAgent, uri, await ports.acquire(), ANSWER_LIMIT_MS);
  if (typeof answered === 'string') return { ...nothing, hung: answered };
  const { dialog, session } = answered;
  const caller = new ChaosCaller(performance.now());
  session.onAudio = (samples) => caller.heard(samples, performance.now());
  let saidSamples = task.speech.length;
  let hungUp = false;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      limit.cancel();
      ticker.remove(tick);
      resolve();
    };
    const tick = (): void => {
      if (saidSamples < task.speech.length) {
        session.send(task.speech.subarray(saidSamples, saidSamples + packetSamples));
        saidSamples += packetSamples;
        if (saidSamples >= task.speech.length) caller.acted(performance.now());
        return;
      }
      session.send(silence);
      const deed = caller.tick(performance.now());
      if (deed === 'speak') saidSamples = 0;
      else if (deed === 'press') void session.sendDtmf('1').then(() => caller.acted(performance.now()));
      if (caller.hung !== undefined) end();
    };
    const limit = systemClock.after(CALL_LIMIT_MS, () => {
      caller.hung ??= 'the call did not end';
      end();
    });
    dialog.on('bye', () => {
      hungUp = true;
      caller.ended(performance.now());
      end();
    });
    ticker.add(tick);
  });
  session.close();
  if (!hungUp) await dialog.bye();
  const { maxSilenceMs, answers, packets, markedPackets, hung } = caller;
  return { maxSilenceMs, answers, packets, markedPackets, hung };
}

goFirst();
process.once('message', (task) => void main(task as ChaosTask));
