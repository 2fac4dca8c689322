/**
 * The callers of `bench flood`, a process of its own: places calls, prints `up` when all are answered or refused, listens
 * to each without a gap, hangs up, and prints one line of JSON.
 */
import { setPriority } from 'node:os';
import { AUDIBLE_PEAK } from '../../src/caller/speech-meter.js';
import { systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import { MediaTicker } from '../../src/embedded/rtp/media-ticker.js';
import { PortPool, type RtpSocket } from '../../src/embedded/rtp/port-pool.js';
import { RtpSession } from '../../src/embedded/rtp/rtp-session.js';
import { offerSdp, readRemoteMedia } from '../../src/embedded/rtp/sdp.js';
import type { Dialog } from '../../src/embedded/sip/dialog.js';
import { UserAgent } from '../../src/embedded/sip/user-agent.js';
import { measureLag } from './loop-lag.js';

export interface FloodClientTask {
  readonly uri: string;
  readonly calls: number;
  /** From `up` to our BYE. */
  readonly callMs: number;
}

export interface FloodClientResult {
  /** What disturbed a call (the first thing found) to how many calls. */
  readonly disturbed: Readonly<Record<string, number>>;
  readonly maxGapMs: number;
  readonly lost: number;
  readonly lagP99Ms: number;
}

const CALLS_PER_SECOND = 10;
const ANSWER_LIMIT_MS = 10_000;
const GAP_LIMIT_MS = 60;
/** Sound that must be heard of the prompt. */
const PROMPT_MS = 1_000;
const silence = new Int16Array(160);

interface Call {
  readonly dialog: Dialog;
  readonly session: RtpSession;
  readonly tick: () => void;
  audibleSamples: number;
  lastMs: number;
  maxGapMs: number;
  hungUp: boolean;
}

async function main(task: FloodClientTask): Promise<FloodClientResult> {
  const userAgent = await UserAgent.listen({
    listen: ['udp:127.0.0.1:0'],
    name: 'xiangyin-bench',
    clock: systemClock,
    logger: silentLogger,
  });
  const ports = new PortPool({ address: '127.0.0.1', minPort: 0, maxPort: 0 });
  const ticker = new MediaTicker({ clock: systemClock, logger: silentLogger });
  const placed: Promise<Call | string>[] = [];
  for (let index = 0; index < task.calls; index++) {
    placed.push(ports.acquire().then((socket) => place(task.uri, userAgent, ticker, socket)));
    await after(1000 / CALLS_PER_SECOND);
  }
  const calls = await Promise.all(placed);
  const lag = measureLag();
  console.log('up');
  await after(task.callMs);
  const lagMs = lag.stop();
  // The silence up to now counts as well; for all of them before the first BYE takes its time.
  const nowMs = systemClock.nowMs();
  for (const call of calls) {
    if (typeof call !== 'string') call.maxGapMs = Math.max(call.maxGapMs, nowMs - call.lastMs);
  }
  const disturbed: Record<string, number> = {};
  let maxGapMs = 0;
  let lost = 0;
  await Promise.all(
    calls.map(async (call) => {
      const why = typeof call === 'string' ? call : await finish(call, ticker);
      if (why !== undefined) disturbed[why] = (disturbed[why] ?? 0) + 1;
      if (typeof call === 'string') return;
      maxGapMs = Math.max(maxGapMs, call.maxGapMs);
      lost += call.session.stats.lost;
    }),
  );
  ticker.close();
  ports.close();
  await userAgent.close();
  return { disturbed, maxGapMs, lost, lagP99Ms: lagMs[Math.floor(lagMs.length * 0.99)] ?? 0 };
}

/** Resolves with the answered call, or with why there is none. */
function place(
  uri: string,
  userAgent: UserAgent,
  ticker: MediaTicker,
  socket: RtpSocket,
): Promise<Call | string> {
  return new Promise((resolve) => {
    const outgoing = userAgent.invite(uri, { body: offerSdp({ address: '127.0.0.1', port: socket.port }) });
    const limit = systemClock.after(ANSWER_LIMIT_MS, () => {
      outgoing.cancel();
      socket.close();
      resolve('no answer');
    });
    outgoing.on('failed', (status) => {
      limit.cancel();
      socket.close();
      resolve(`refused with ${status}`);
    });
    outgoing.on('accepted', (response, dialog) => {
      limit.cancel();
      outgoing.ack();
      resolve(listen(dialog, socket, ticker, response.body) ?? 'an answer that fits nothing');
    });
  });
}

/** Sends silence and watches what comes. */
function listen(dialog: Dialog, socket: RtpSocket, ticker: MediaTicker, answer: string): Call | undefined {
  const remote = readRemoteMedia(answer);
  if (remote === undefined) {
    socket.close();
    void dialog.bye();
    return undefined;
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
  const tick = () => void session.send(silence);
  const call: Call = { dialog, session, tick, audibleSamples: 0, lastMs: 0, maxGapMs: 0, hungUp: false };
  session.onAudio = (samples, _position, { arrivalMs }) => {
    if (call.lastMs > 0) call.maxGapMs = Math.max(call.maxGapMs, arrivalMs - call.lastMs);
    call.lastMs = arrivalMs;
    if (samples.some((sample) => Math.abs(sample) >= AUDIBLE_PEAK)) call.audibleSamples += samples.length;
  };
  dialog.on('bye', () => (call.hungUp = true));
  ticker.add(tick);
  return call;
}

/** Hangs up; resolves with what disturbed the call. */
async function finish(call: Call, ticker: MediaTicker): Promise<string | undefined> {
  const { dialog, session } = call;
  ticker.remove(call.tick);
  session.close();
  if (call.hungUp) return 'hung up by the server';
  // Not dialog.bye(), which does not tell the answer; 408 is that none came.
  const { status } = await dialog.request('BYE');
  if (status !== 200) return `BYE answered with ${status}`;
  if (session.stats.lost > 0) return 'RTP lost';
  if (call.maxGapMs > GAP_LIMIT_MS) return 'gap in RTP';
  return call.audibleSamples / 8 < PROMPT_MS ? 'prompt not heard' : undefined;
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
console.log(JSON.stringify(await main(JSON.parse(process.argv[2] ?? '{}') as FloodClientTask)));
