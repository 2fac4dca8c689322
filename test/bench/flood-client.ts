/**
 * The callers of `bench flood`, a process of its own: places calls, prints `up` when all are answered or refused, listens
 * to each without a gap, hangs up, and prints one line of JSON. Meanwhile strangers call, each from a port of its own.
 */
import { AUDIBLE_PEAK } from '../../src/caller/speech-meter.js';
import { systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import { MediaTicker } from '../../src/embedded/rtp/media-ticker.js';
import { PortPool, type RtpSocket } from '../../src/embedded/rtp/port-pool.js';
import type { RtpSession } from '../../src/embedded/rtp/rtp-session.js';
import type { Dialog } from '../../src/embedded/sip/dialog.js';
import type { UserAgent } from '../../src/embedded/sip/user-agent.js';
import { after, benchTelephone, goFirst, placeCall } from './bench-call.js';
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
  /** When that gap ended, after `up`; gaps before it are not counted. */
  readonly maxGapAtMs: number;
  readonly lost: number;
  readonly lagP99Ms: number;
  /** The longest that this process was late by itself. */
  readonly lagMaxMs: number;
  /** Calls placed during the flood, each by a telephone that the server has not heard of before. */
  readonly newCalls: number;
  /** Why they were not answered, how many. */
  readonly newRefused: Readonly<Record<string, number>>;
  /** From the INVITE to the 200 of the slowest. */
  readonly newMaxAnswerMs: number;
}

const CALLS_PER_SECOND = 10;
const ANSWER_LIMIT_MS = 10_000;
const GAP_LIMIT_MS = 60;
/** From `up`, when the flood begins, to the first call of a stranger, and from each to the next. */
const NEW_CALL_EVERY_MS = 2_000;
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
  maxGapEndMs: number;
  hungUp: boolean;
}

async function main(task: FloodClientTask): Promise<FloodClientResult> {
  const userAgent = await benchTelephone();
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
  const upMs = systemClock.nowMs();
  // What setting up so many calls at once did to them is not the flood's doing.
  for (const call of calls) if (typeof call !== 'string') call.maxGapMs = 0;
  const strangers = callAnew(task, ports, ticker);
  await after(task.callMs);
  const lagMs = lag.stop();
  // The silence up to now counts as well; for all of them before the first BYE takes its time.
  const nowMs = systemClock.nowMs();
  for (const call of calls) {
    if (typeof call !== 'string') heard(call, nowMs);
  }
  const disturbed: Record<string, number> = {};
  let maxGapMs = 0;
  let maxGapEndMs = upMs;
  let lost = 0;
  await Promise.all(
    calls.map(async (call) => {
      const why = typeof call === 'string' ? call : await finish(call, ticker);
      if (why !== undefined) disturbed[why] = (disturbed[why] ?? 0) + 1;
      if (typeof call === 'string') return;
      if (call.maxGapMs > maxGapMs) ({ maxGapMs, maxGapEndMs } = call);
      lost += call.session.stats.lost;
    }),
  );
  const anew = await strangers;
  ticker.close();
  ports.close();
  await userAgent.close();
  return {
    disturbed,
    maxGapMs,
    maxGapAtMs: maxGapEndMs - upMs,
    lost,
    lagP99Ms: lagMs[Math.floor(lagMs.length * 0.99)] ?? 0,
    lagMaxMs: lagMs.at(-1) ?? 0,
    ...anew,
  };
}

/** Calls of strangers while the flood lasts, one after the other. */
async function callAnew(
  { uri, callMs }: FloodClientTask,
  ports: PortPool,
  ticker: MediaTicker,
): Promise<Pick<FloodClientResult, 'newCalls' | 'newRefused' | 'newMaxAnswerMs'>> {
  const newRefused: Record<string, number> = {};
  let newCalls = 0;
  let newMaxAnswerMs = 0;
  for (let leftMs = callMs; leftMs > NEW_CALL_EVERY_MS; leftMs -= NEW_CALL_EVERY_MS) {
    await after(NEW_CALL_EVERY_MS);
    const stranger = await benchTelephone();
    const startMs = systemClock.nowMs();
    const call = await place(uri, stranger, ticker, await ports.acquire());
    newCalls++;
    if (typeof call === 'string') newRefused[call] = (newRefused[call] ?? 0) + 1;
    else {
      newMaxAnswerMs = Math.max(newMaxAnswerMs, systemClock.nowMs() - startMs);
      ticker.remove(call.tick);
      call.session.close();
      await call.dialog.request('BYE');
    }
    await stranger.close();
  }
  return { newCalls, newRefused, newMaxAnswerMs };
}

/** Resolves with the answered call, or with why there is none. Sends silence and watches what comes. */
async function place(
  uri: string,
  userAgent: UserAgent,
  ticker: MediaTicker,
  socket: RtpSocket,
): Promise<Call | string> {
  const answered = await placeCall(userAgent, uri, socket, ANSWER_LIMIT_MS);
  if (typeof answered === 'string') return answered;
  const { dialog, session } = answered;
  const tick = () => void session.send(silence);
  const call: Call = {
    dialog,
    session,
    tick,
    audibleSamples: 0,
    lastMs: 0,
    maxGapMs: 0,
    maxGapEndMs: 0,
    hungUp: false,
  };
  session.onAudio = (samples, _position, { arrivalMs }) => {
    if (call.lastMs > 0) heard(call, arrivalMs);
    call.lastMs = arrivalMs;
    if (samples.some((sample) => Math.abs(sample) >= AUDIBLE_PEAK)) call.audibleSamples += samples.length;
  };
  dialog.on('bye', () => (call.hungUp = true));
  ticker.add(tick);
  return call;
}

/** Something came, or the end of listening. */
function heard(call: Call, nowMs: number): void {
  const gapMs = nowMs - call.lastMs;
  if (gapMs <= call.maxGapMs) return;
  call.maxGapMs = gapMs;
  call.maxGapEndMs = nowMs;
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

goFirst();
console.log(JSON.stringify(await main(JSON.parse(process.argv[2] ?? '{}') as FloodClientTask)));
