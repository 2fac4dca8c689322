/**
 * The loading half of `bench setup`, a process of its own: places calls at an even rate, listens to each, hangs up, and
 * prints one line of JSON. It measures its own event loop, because a late client measures itself.
 */
import { systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import { MediaTicker } from '../../src/embedded/rtp/media-ticker.js';
import { PortPool, type RtpSocket } from '../../src/embedded/rtp/port-pool.js';
import type { UserAgent } from '../../src/embedded/sip/user-agent.js';
import { AUDIBLE_PEAK } from '../../src/caller/speech-meter.js';
import { after, benchTelephone, goFirst, placeCall, type AnsweredCall } from './bench-call.js';
import { measureLag } from './loop-lag.js';

export interface ClientTask {
  readonly uri: string;
  readonly callsPerSecond: number;
  readonly seconds: number;
  /** From the answer to our BYE. */
  readonly callMs: number;
  /** How much audible sound a call must have received to count. */
  readonly promptMs: number;
}

export interface ClientResult {
  /** INVITE sent to 200 received, of the calls that were answered. */
  readonly setupMs: readonly number[];
  /** Reason to count. */
  readonly failures: Readonly<Record<string, number>>;
  readonly calls: number;
  readonly lagP99Ms: number;
  readonly lagMaxMs: number;
  readonly packetsReceived: number;
  /** Of one core, over the run. */
  readonly cpuPercent: number;
}

/** Why a call does not count; undefined: it does. */
type Verdict = string | undefined;

const ANSWER_LIMIT_MS = 10_000;
const silence = new Int16Array(160);

async function main(task: ClientTask): Promise<ClientResult> {
  const userAgent = await benchTelephone();
  const ports = new PortPool({ address: '127.0.0.1', minPort: 0, maxPort: 0 });
  const ticker = new MediaTicker({ clock: systemClock, logger: silentLogger });
  const lag = measureLag();
  const setupMs: number[] = [];
  const failures: Record<string, number> = {};
  let packetsReceived = 0;
  const total = Math.round(task.callsPerSecond * task.seconds);
  const calls: Promise<void>[] = [];
  const startMs = systemClock.nowMs();
  const cpu = process.cpuUsage();
  for (let index = 0; index < total; index++) {
    // A steady grid, each call a little off it: 50 ms steps would always meet the 20 ms tick at the same phases.
    const jitterMs = (Math.random() * 1000) / task.callsPerSecond / 2;
    const dueMs = startMs + (index * 1000) / task.callsPerSecond + jitterMs;
    calls.push(
      after(dueMs - systemClock.nowMs())
        .then(() => ports.acquire())
        .then((socket) => call(task, userAgent, ticker, socket))
        .catch((error: unknown) => ({
          verdict: `client: ${String(error)}`,
          answeredMs: undefined,
          packets: 0,
        }))
        .then(({ verdict, answeredMs, packets }) => {
          if (answeredMs !== undefined) setupMs.push(answeredMs);
          if (verdict !== undefined) failures[verdict] = (failures[verdict] ?? 0) + 1;
          packetsReceived += packets;
        }),
    );
  }
  await Promise.all(calls);
  const { user, system } = process.cpuUsage(cpu);
  const cpuPercent = (user + system) / 10 / (systemClock.nowMs() - startMs);
  const lagMs = lag.stop();
  ticker.close();
  ports.close();
  await userAgent.close();
  return {
    setupMs,
    failures,
    calls: total,
    lagP99Ms: lagMs[Math.floor(lagMs.length * 0.99)] ?? 0,
    lagMaxMs: lagMs.at(-1) ?? 0,
    packetsReceived,
    cpuPercent,
  };
}

interface Outcome {
  readonly verdict: Verdict;
  readonly answeredMs: number | undefined;
  readonly packets: number;
}

async function call(
  task: ClientTask,
  userAgent: UserAgent,
  ticker: MediaTicker,
  socket: RtpSocket,
): Promise<Outcome> {
  const answered = await placeCall(userAgent, task.uri, socket, ANSWER_LIMIT_MS);
  if (typeof answered === 'string') return { verdict: answered, answeredMs: undefined, packets: 0 };
  return { answeredMs: answered.answeredMs, ...(await listen(task, answered, ticker)) };
}

/** Sends silence and counts what is audible until it is time to hang up. */
async function listen(
  task: ClientTask,
  { dialog, session }: AnsweredCall,
  ticker: MediaTicker,
): Promise<{ verdict: Verdict; packets: number }> {
  let audibleSamples = 0;
  let hungUp = false;
  session.onAudio = (samples) => {
    for (const sample of samples) {
      if (sample >= AUDIBLE_PEAK || sample <= -AUDIBLE_PEAK) {
        audibleSamples += samples.length;
        return;
      }
    }
  };
  dialog.on('bye', () => (hungUp = true));
  const tick = () => void session.send(silence);
  ticker.add(tick);
  await after(task.callMs);
  ticker.remove(tick);
  const packets = session.stats.packetsReceived;
  session.close();
  if (hungUp) return { verdict: 'hung up by the server', packets };
  await dialog.bye();
  const heardMs = audibleSamples / 8;
  return { verdict: heardMs < task.promptMs ? 'prompt not heard' : undefined, packets };
}

goFirst();
console.log(JSON.stringify(await main(JSON.parse(process.argv[2] ?? '{}') as ClientTask)));
