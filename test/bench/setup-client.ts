/**
 * The loading half of `bench setup`, a process of its own: places calls at an even rate, listens to each, hangs up, and
 * prints one line of JSON. It measures its own event loop, because a late client measures itself.
 */
import { setPriority } from 'node:os';
import { systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import { MediaTicker } from '../../src/embedded/rtp/media-ticker.js';
import { PortPool, type RtpSocket } from '../../src/embedded/rtp/port-pool.js';
import { RtpSession } from '../../src/embedded/rtp/rtp-session.js';
import { offerSdp, readRemoteMedia } from '../../src/embedded/rtp/sdp.js';
import type { Dialog } from '../../src/embedded/sip/dialog.js';
import { UserAgent } from '../../src/embedded/sip/user-agent.js';
import { AUDIBLE_PEAK } from '../../src/caller/speech-meter.js';
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
  const userAgent = await UserAgent.listen({
    listen: ['udp:127.0.0.1:0'],
    name: 'xiangyin-bench',
    clock: systemClock,
    logger: silentLogger,
  });
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
        .then((socket) => placeCall(task, userAgent, ticker, socket))
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

function placeCall(
  task: ClientTask,
  userAgent: UserAgent,
  ticker: MediaTicker,
  socket: RtpSocket,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const body = offerSdp({ address: '127.0.0.1', port: socket.port });
    const sentNs = process.hrtime.bigint();
    const outgoing = userAgent.invite(task.uri, { body });
    let done = false;
    const end = (outcome: Outcome) => {
      if (done) return;
      done = true;
      limit.cancel();
      resolve(outcome);
    };
    const limit = systemClock.after(ANSWER_LIMIT_MS, () => {
      outgoing.cancel();
      socket.close();
      end({ verdict: 'no answer', answeredMs: undefined, packets: 0 });
    });
    outgoing.on('failed', (status) => {
      socket.close();
      end({ verdict: `refused with ${status}`, answeredMs: undefined, packets: 0 });
    });
    outgoing.on('accepted', (response, dialog) => {
      const answeredMs = Number(process.hrtime.bigint() - sentNs) / 1e6;
      limit.cancel();
      outgoing.ack();
      void listen(task, dialog, socket, ticker, response.body).then(({ verdict, packets }) =>
        end({ verdict, answeredMs, packets }),
      );
    });
  });
}

/** Sends silence and counts what is audible until it is time to hang up. */
async function listen(
  task: ClientTask,
  dialog: Dialog,
  socket: RtpSocket,
  ticker: MediaTicker,
  answer: string,
): Promise<{ verdict: Verdict; packets: number }> {
  const remote = readRemoteMedia(answer);
  if (remote === undefined) {
    socket.close();
    await dialog.bye();
    return { verdict: 'an answer that fits nothing', packets: 0 };
  }
  const session = new RtpSession({
    socket,
    clock: systemClock,
    logger: silentLogger,
    codec: remote.codec,
    payloadType: remote.payloadType,
    telephoneEventType: remote.telephoneEventType,
    remote: remote.remote,
    ptimeMs: 20,
  });
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

function after(delayMs: number): Promise<void> {
  return new Promise((resolve) => void systemClock.after(Math.max(0, delayMs), resolve));
}

try {
  // Where it may (root, CAP_SYS_NICE): on a machine shared with the server, a starved client would measure itself.
  setPriority(-10);
} catch {
  // Otherwise the lag that is measured decides whether the run counts.
}
console.log(JSON.stringify(await main(JSON.parse(process.argv[2] ?? '{}') as ClientTask)));
