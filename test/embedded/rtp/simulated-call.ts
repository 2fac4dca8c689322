import { ManualClock } from '../../../src/core/clock.js';
import { silentLogger } from '../../../src/core/logger.js';
import { FRAME_SAMPLES, StereoTimeline } from '../../../src/embedded/rtp/caller-timeline.js';
import { MediaTicker } from '../../../src/embedded/rtp/media-ticker.js';

/** One packet of a simulated caller, at its own clock's time. */
export interface SimulatedPacket {
  /** First sample, counted on the sender's clock from the start of its sound. */
  readonly fromSample: number;
  readonly lengthSamples: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly sequence: number;
  /** When it leaves, in true milliseconds: when its last sample has been spoken. */
  readonly sentMs: number;
}

export interface SimulationOptions {
  readonly durationMs: number;
  /** When the caller's first sample is spoken. */
  readonly callerFromMs?: number;
  readonly ptimeMs?: number;
  /** The sender's clock runs fast by so many millionths. */
  readonly skewPpm?: number;
  /** Way through the network of one packet; undefined: lost. More than one: duplicates. */
  readonly delaysMs?: (packet: SimulatedPacket, index: number) => readonly number[];
  /** Changes what the sender writes (timestamp, SSRC), or holds a packet back altogether (undefined: DTX, hold). */
  readonly alter?: (packet: SimulatedPacket, index: number) => SimulatedPacket | undefined;
  /** The sound at a sample of the sender's clock. */
  readonly sound?: (senderSample: number) => number;
  /** Extra sound of one tick to the caller; undefined: nothing sent. */
  readonly bot?: (tick: number) => Int16Array | undefined;
}

export interface SimulationResult {
  readonly left: Int16Array;
  readonly right: Int16Array;
  readonly ticks: number;
  readonly timeline: StereoTimeline;
  /** For each packet's arrival (true ms): when the frame with its last sample left. Only if it completed one. */
  readonly delaysMs: number[];
  /** For each frame: how long after its tick's end it left. */
  readonly frameAgesMs: number[];
}

/** A marked sample: louder than anything else, so that it is found. */
export const CLICK = 30_000;

/** Clicks of one sample, every `everySamples` on the sender's clock, in a bed of `noise` (peak). */
export function clicks(everySamples: number, noise = 0): (senderSample: number) => number {
  return (sample) =>
    sample % everySamples === everySamples / 2
      ? CLICK
      : noise === 0
        ? 0
        : (hash(sample) % (2 * noise + 1)) - noise;
}

/** Where the clicks are. */
export function findClicks(channel: Int16Array): number[] {
  const found: number[] = [];
  for (let i = 0; i < channel.length; i++) if (channel[i] === CLICK) found.push(i);
  return found;
}

/**
 * How far (ms) each click lies from when it was spoken, by its place in the recording.
 */
export function misplacements(
  options: SimulationOptions,
  result: SimulationResult,
  everySamples = 4000,
): number[] {
  const offsets: number[] = [];
  for (const at of findClicks(result.left)) {
    // The nearest click that was spoken: they are 500 ms apart, far more than any misplacement allowed here.
    const guess = Math.round((at / 8 - spokenMs(everySamples / 2, options)) / (everySamples / 8));
    offsets.push(at / 8 - spokenMs(everySamples / 2 + guess * everySamples, options));
  }
  return offsets;
}

export function worst(offsets: readonly number[]): number {
  return offsets.reduce((most, offset) => Math.max(most, Math.abs(offset)), 0);
}

export function spread(offsets: readonly number[]): number {
  return Math.max(...offsets) - Math.min(...offsets);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/** Runs a call on a manual clock: ticker, timeline, a sender with a clock of its own, a network. */
export function simulate(options: SimulationOptions): SimulationResult {
  const { durationMs, callerFromMs = 3, skewPpm = 0, ptimeMs = 20, sound = clicks(4000) } = options;
  const clock = new ManualClock();
  clock.advance(7.3);
  const ticker = new MediaTicker({ clock, logger: silentLogger });
  const startMs = ticker.originMs + 20;
  const timeline = new StereoTimeline(startMs);
  const left = new Int16Array((durationMs / 20) * FRAME_SAMPLES);
  const right = new Int16Array(left.length);
  const frameAgesMs: number[] = [];
  const delaysMs: number[] = [];
  let ticks = 0;
  let next = 0;
  timeline.frames.subscribe((frame) => {
    if (frame.index !== next++) throw new Error(`frame ${frame.index} out of order`);
    left.set(frame.left, frame.index * FRAME_SAMPLES);
    right.set(frame.right, frame.index * FRAME_SAMPLES);
    frameAgesMs.push(clock.nowMs() - startMs - (frame.index + 1) * 20);
  });
  const onTick = (tick: number, _idealMs: number, wakeMs: number): void => {
    timeline.onSent(options.bot?.(ticks), tick);
    timeline.onTick(wakeMs);
    if (++ticks === durationMs / 20) ticker.remove(onTick);
  };
  ticker.add(onTick);

  let highest: { ssrc: number; sequence: number } | undefined;
  for (const { packet, arrivalMs } of network(options, skewPpm, callerFromMs, ptimeMs, durationMs)) {
    clock.advance(Math.max(0, startMs + arrivalMs - clock.nowMs()));
    const samples = Int16Array.from({ length: packet.lengthSamples }, (_, i) => sound(packet.fromSample + i));
    let step = 1;
    if (highest?.ssrc === packet.ssrc) step = packet.sequence - highest.sequence;
    if (step > 0) highest = { ssrc: packet.ssrc, sequence: packet.sequence };
    const before = next;
    timeline.onReceived(samples, packet.timestamp, packet.ssrc, clock.nowMs(), step);
    if (next > before) delaysMs.push(0);
    else delaysMs.push(NaN);
  }
  clock.advance(Math.max(0, startMs + durationMs - clock.nowMs()));
  timeline.close();
  ticker.close();
  if (clock.pendingTimers !== 0) throw new Error('a timer is left');
  return { left, right, ticks, timeline, delaysMs, frameAgesMs };
}

/** The true time (ms since the call's first tick) at which a sample of the sender's clock is spoken. */
export function spokenMs(senderSample: number, options: SimulationOptions): number {
  return (options.callerFromMs ?? 3) + senderSample / 8 / (1 + (options.skewPpm ?? 0) / 1e6);
}

function network(
  options: SimulationOptions,
  skewPpm: number,
  callerFromMs: number,
  ptimeMs: number,
  durationMs: number,
): { packet: SimulatedPacket; arrivalMs: number }[] {
  const lengthSamples = ptimeMs * 8;
  const arrivals: { packet: SimulatedPacket; arrivalMs: number; order: number }[] = [];
  let sequence = 0;
  for (let index = 0; ; index++) {
    const fromSample = index * lengthSamples;
    const sentMs = callerFromMs + (fromSample + lengthSamples) / 8 / (1 + skewPpm / 1e6);
    if (sentMs >= durationMs) break;
    const plain: SimulatedPacket = {
      fromSample,
      lengthSamples,
      timestamp: (4_294_900_000 + fromSample) >>> 0,
      ssrc: 1,
      sequence,
      sentMs,
    };
    const packet = options.alter === undefined ? plain : options.alter(plain, index);
    if (packet === undefined) continue;
    sequence++;
    for (const delayMs of options.delaysMs?.(packet, index) ?? [1]) {
      arrivals.push({ packet, arrivalMs: sentMs + delayMs, order: arrivals.length });
    }
  }
  return arrivals
    .sort((a, b) => a.arrivalMs - b.arrivalMs || a.order - b.order)
    .filter(({ arrivalMs }) => arrivalMs < durationMs);
}

/** A fixed noise: the same number for the same sample, whatever packet it comes in. */
export function hash(n: number): number {
  let x = Math.imul(n ^ 0x9e3779b9, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
