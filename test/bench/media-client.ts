/**
 * The callers of `bench media`, a process of its own: places the calls, sends silence with marks in it, and notes when
 * what packet came. Decodes nothing and keeps figures only.
 */
import { peak } from '../../src/audio/pcm.js';
import { PortPool } from '../../src/embedded/rtp/port-pool.js';
import type { RtpSession } from '../../src/embedded/rtp/rtp-session.js';
import type { Dialog } from '../../src/embedded/sip/dialog.js';
import { after, benchTelephone, goFirst, placeCall } from './bench-call.js';
import { measureLag } from './loop-lag.js';
import {
  latePackets,
  MARK_PEAK,
  SILENCE_MS,
  VOICE_PEAK,
  type ClientCall,
  type ClientResult,
  type ClientTask,
} from './media-figures.js';

const RAMP_PER_SECOND = 10;
const ANSWER_LIMIT_MS = 20_000;
/** Ticks between two marks of a caller: one to two seconds. */
const MARK_TICKS = { least: 50, more: 50 };
/** The stream's first packets show how it began, not how it goes on. */
const SETTLE_MS = 1000;

const silence = new Int16Array(160);
const mark = new Int16Array(160).map((_, i) => (i % 2 === 0 ? MARK_PEAK : -MARK_PEAK));
const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** One caller: its RTP in both directions. */
class MediaCaller {
  readonly markMs: number[] = [];
  readonly voiceBeganMs: number[] = [];
  readonly voiceEndedMs: number[] = [];
  readonly #offsetsMs: number[] = [];
  readonly #phaseMs = Math.random() * 20;
  #counting = false;
  #ticksToMark = 0;
  #lastVoiceMs: number | undefined;
  #sequence: number | undefined;
  #lost = 0;
  #timer: NodeJS.Timeout | undefined;
  #nextMs = 0;

  constructor(
    readonly number: string,
    readonly dialog: Dialog,
    private readonly session: RtpSession,
  ) {
    session.onAudio = (samples, _position, packet) =>
      this.#received(samples, packet.timestamp, packet.sequenceStep);
    this.#ticksToMark = MARK_TICKS.least + Math.floor(Math.random() * MARK_TICKS.more);
    this.#nextMs = performance.now() + this.#phaseMs;
    this.#aim();
  }

  count(): void {
    this.#counting = true;
  }

  async end(): Promise<void> {
    clearTimeout(this.#timer);
    this.session.close();
    await this.dialog.bye();
  }

  get result(): ClientCall {
    return {
      number: this.number,
      markMs: this.markMs,
      voiceBeganMs: this.voiceBeganMs,
      voiceEndedMs: this.voiceEndedMs,
      packets: this.#offsetsMs.length,
      latePackets: latePackets(this.#offsetsMs),
      lostPackets: this.#lost,
    };
  }

  /** A grid of its own, so that the callers come at every phase of the server's ticks. */
  #aim(): void {
    this.#timer = setTimeout(
      () => {
        this.#tick();
        this.#nextMs += 20;
        this.#aim();
      },
      Math.max(0, this.#nextMs - performance.now()),
    );
  }

  #tick(): void {
    if (--this.#ticksToMark > 0) {
      this.session.send(silence);
      return;
    }
    this.#ticksToMark = MARK_TICKS.least + Math.floor(Math.random() * MARK_TICKS.more);
    if (this.#counting) this.markMs.push(nowMs());
    this.session.send(mark);
  }

  #received(samples: Int16Array, timestamp: number, step: number): void {
    const atMs = nowMs();
    if (this.#counting) {
      this.#sequence ??= timestamp;
      this.#offsetsMs.push(atMs - ((timestamp - this.#sequence) >>> 0) / 8);
      if (step > 1) this.#lost += step - 1;
    }
    if (peak(samples) < VOICE_PEAK) return;
    if (this.#lastVoiceMs === undefined || atMs - this.#lastVoiceMs > SILENCE_MS) {
      if (this.#lastVoiceMs !== undefined && this.#counting) this.voiceEndedMs.push(this.#lastVoiceMs);
      if (this.#counting) this.voiceBeganMs.push(atMs);
    }
    this.#lastVoiceMs = atMs;
  }
}

async function main(task: ClientTask): Promise<void> {
  const userAgent = await benchTelephone();
  const ports = new PortPool({ address: '127.0.0.1', minPort: 0, maxPort: 0 });
  const failures: string[] = [];
  const callers: MediaCaller[] = [];
  const placed: Promise<void>[] = [];
  for (let index = 0; index < task.calls; index++) {
    placed.push(
      place(`${1000 + index}`).then(
        (caller) => void callers.push(caller),
        (error: unknown) => void failures.push(error instanceof Error ? error.message : String(error)),
      ),
    );
    await after(1000 / RAMP_PER_SECOND);
  }
  await Promise.all(placed);
  await after(SETTLE_MS);
  const lag = measureLag();
  const cpu = process.cpuUsage();
  const beganMs = nowMs();
  for (const caller of callers) caller.count();
  process.send?.('began');
  await after(task.seconds * 1000);
  process.send?.('over');
  const { user, system } = process.cpuUsage(cpu);
  const cpuPercent = (user + system) / 10 / (nowMs() - beganMs);
  const lagMs = lag.stop();
  await Promise.all(callers.map((caller) => caller.end()));
  ports.close();
  await userAgent.close();
  const result: ClientResult = {
    calls: callers.map((caller) => caller.result),
    beganMs,
    failures,
    lagP99Ms: lagMs[Math.floor(lagMs.length * 0.99)] ?? 0,
    cpuPercent,
  };
  // A long result is cut off by a disconnect that does not wait for it.
  process.send?.(result, undefined, undefined, () => process.disconnect());

  async function place(number: string): Promise<MediaCaller> {
    const uri = task.uri.replace('NUMBER', number);
    const answered = await placeCall(userAgent, uri, await ports.acquire(), ANSWER_LIMIT_MS);
    if (typeof answered === 'string') throw new Error(answered);
    return new MediaCaller(number, answered.dialog, answered.session);
  }
}

goFirst();
await main(JSON.parse(process.argv[2] ?? '{}') as ClientTask);
