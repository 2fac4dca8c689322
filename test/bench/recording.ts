import { fork } from 'node:child_process';
import { systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import { FRAME_SAMPLES, StereoTimeline } from '../../src/embedded/rtp/caller-timeline.js';
import { MediaTicker } from '../../src/embedded/rtp/media-ticker.js';
import { PortPool } from '../../src/embedded/rtp/port-pool.js';
import { RtpSession } from '../../src/embedded/rtp/rtp-session.js';
import { CLICK_EVERY_SAMPLES, CLICK_THRESHOLD, clickSample } from './recording-sound.js';

interface ClientMessage {
  readonly type: 'begin' | 'end';
  readonly ns: string;
  readonly sent?: number;
  readonly received?: number;
  readonly lagP99Ms?: number;
}

/** A run whose client could not keep its own time says nothing about ours. */
const MAX_CLIENT_LAG_MS = 5;

/**
 * A call in real time over loopback: is the recording as long as the call, and does the caller's channel lie where he spoke?
 * `--seconds N` (default 600), `--short` (10), `--skew PPM` (the caller's clock).
 *
 * driftSamples: length of the recording less the length of the call by the client's clock (± 1 frame, 160, is the grid;
 * with `--skew` both still count true time). leftMisplacedMs: the click furthest from the moment it was spoken.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const seconds = args.includes('--short') ? 10 : numberAfter(args, '--seconds', 600);
  const skewPpm = numberAfter(args, '--skew', 0);
  const pool = new PortPool({ address: '127.0.0.1', minPort: 0, maxPort: 0 });
  const session = new RtpSession({
    socket: await pool.acquire(),
    clock: systemClock,
    codec: 'PCMU',
    payloadType: 0,
    telephoneEventType: 101,
    remote: undefined,
    ptimeMs: 20,
    logger: silentLogger,
  });
  const ticker = new MediaTicker({ clock: systemClock, logger: silentLogger });
  const left = new Int16Array((seconds + 10) * 8000);
  let frames = 0;
  let startMs = 0;
  let timeline: StereoTimeline | undefined;

  const begin = (): void => {
    const out = new Int16Array(FRAME_SAMPLES).fill(100);
    ticker.add((tick, idealMs, wakeMs) => {
      timeline ??= startTimeline(idealMs);
      timeline.onSent(session.send(out) ? out : undefined, tick);
      timeline.onTick(wakeMs);
    });
  };
  const startTimeline = (idealMs: number): StereoTimeline => {
    startMs = idealMs;
    const made = new StereoTimeline(idealMs);
    made.frames.subscribe((frame) => {
      if ((frame.index + 1) * FRAME_SAMPLES > left.length) return;
      left.set(frame.left, frame.index * FRAME_SAMPLES);
      frames++;
    });
    return made;
  };
  session.onAudio = (samples, _position, packet) => {
    timeline?.onReceived(samples, packet.timestamp, packet.ssrc, packet.arrivalMs, packet.sequenceStep);
  };

  const call = await talk(session.localPort, seconds, skewPpm, begin, () => {
    timeline?.close();
    ticker.close();
    session.close();
  });
  if (timeline === undefined) throw new Error('the call was shorter than a tick');

  const expectedSamples = Math.round((Number(call.endNs - call.beginNs) / 1e9) * 8000);
  const samples = (timeline as StereoTimeline).lengthSamples;
  // Both clocks are CLOCK_MONOTONIC: their difference is a constant of this process.
  const offsetMs = Number(process.hrtime.bigint()) / 1e6 - systemClock.nowMs();
  const firstMs = Number(call.beginNs) / 1e6 - (startMs + offsetMs);
  const clicks = measureClicks(left.subarray(0, samples), firstMs, skewPpm);
  return {
    seconds,
    expectedSamples,
    samples,
    driftSamples: samples - expectedSamples,
    leftMisplacedMs: round(clicks.worstMs),
    leftSpreadMs: round(clicks.spreadMs),
    clicksSpoken: Math.floor((call.sent * FRAME_SAMPLES + CLICK_EVERY_SAMPLES / 2 - 1) / CLICK_EVERY_SAMPLES),
    clicksFound: clicks.found,
    frames,
    callerHeardPackets: call.received,
    ...(timeline as StereoTimeline).stats,
    tickMaxLatenessMs: round(ticker.stats.maxLatenessMs),
    ticksSkipped: ticker.stats.skipped,
    clientLagP99Ms: round(call.lagP99Ms),
    valid: call.lagP99Ms < MAX_CLIENT_LAG_MS,
  };
}

interface TalkResult {
  readonly beginNs: bigint;
  readonly endNs: bigint;
  readonly sent: number;
  readonly received: number;
  readonly lagP99Ms: number;
}

function talk(
  port: number,
  seconds: number,
  skewPpm: number,
  begin: () => void,
  end: () => void,
): Promise<TalkResult> {
  const client = fork(new URL('./recording-client.js', import.meta.url), [
    `${port}`,
    `${seconds}`,
    `${skewPpm}`,
  ]);
  return new Promise((resolve, reject) => {
    let beginNs = 0n;
    let result: TalkResult | undefined;
    client.on('message', (message: ClientMessage) => {
      if (message.type === 'begin') {
        beginNs = BigInt(message.ns);
        begin();
        return;
      }
      end();
      const { sent = 0, received = 0, lagP99Ms = 0 } = message;
      result = { beginNs, endNs: BigInt(message.ns), sent, received, lagP99Ms };
    });
    client.on('exit', (code) => {
      end();
      if (result === undefined) reject(new Error(`the client ended with ${code} before its call did`));
      else resolve(result);
    });
  });
}

/** Where the clicks lie against when they were spoken; `firstMs`: when the sender's clock began, on the recording's. */
function measureClicks(
  left: Int16Array,
  firstMs: number,
  skewPpm: number,
): { found: number; worstMs: number; spreadMs: number } {
  const offsets: number[] = [];
  for (let at = 0; at < left.length; at++) {
    if ((left[at] as number) < CLICK_THRESHOLD) continue;
    const index = Math.round(((at / 8 - firstMs) * 8 - CLICK_EVERY_SAMPLES / 2) / CLICK_EVERY_SAMPLES);
    const spokenMs = firstMs + clickSample(index) / 8 / (1 + skewPpm / 1e6);
    offsets.push(at / 8 - spokenMs);
  }
  if (offsets.length === 0) return { found: 0, worstMs: NaN, spreadMs: NaN };
  return {
    found: offsets.length,
    worstMs: offsets.reduce((worst, offset) => Math.max(worst, Math.abs(offset)), 0),
    spreadMs: Math.max(...offsets) - Math.min(...offsets),
  };
}

function numberAfter(args: readonly string[], name: string, fallback: number): number {
  const value = Number(args[args.indexOf(name) + 1]);
  return args.includes(name) && Number.isFinite(value) ? value : fallback;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
