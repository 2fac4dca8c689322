import { Channel } from '../../core/channel.js';
import { CallerPlacement, FRAME_SAMPLES, SAMPLES_PER_MS, type PlacementStats } from './caller-placement.js';
import { FrameSlot } from './frame-slot.js';

export { FRAME_SAMPLES } from './caller-placement.js';
export const FRAME_MS = FRAME_SAMPLES / SAMPLES_PER_MS;

/** Room for what waits to leave and for what came early: 2.56 s. */
const RING_FRAMES = 128;
const RING_SAMPLES = RING_FRAMES * FRAME_SAMPLES;

/** So far ahead of what leaves a packet may lie; a sender that is further ahead does not send in real time. */
const MAX_AHEAD_SAMPLES = RING_SAMPLES / 2;

/** Mean magnitude that is silence anywhere (-60 dBFS), and above which nothing is (-40 dBFS). */
const SURE_SILENCE = 33;
const NEVER_SILENCE = 330;

/** One frame of the call. The arrays are reused: a subscriber copies what it keeps. */
export interface StereoFrame {
  /** 0, 1, 2 ... without gaps: frame i is the call's samples 160 i to 160 i + 159. */
  readonly index: number;
  /** What the caller said: 160 samples. */
  readonly left: Int16Array;
  /** What was sent to the caller in the same media tick: 160 samples. */
  readonly right: Int16Array;
}

/** As it leaves the timeline. */
export interface TimelineFrame extends StereoFrame {
  /** How many of the caller's 160 samples came; the others are silence. */
  readonly receivedSamples: number;
}

export interface TimelineStats extends PlacementStats {
  /** Frames that left with a caller half that never came: loss, DTX, hold, nobody there. */
  gapFrames: number;
  /** Packets that came when their frame had left. */
  latePackets: number;
}

/**
 * A call's sound on the media server's clock: one stereo frame per media tick, so a call of n ticks has exactly
 * 160 n samples, whatever the network and the caller's clock did. Pure: time comes with the calls.
 *
 * The owner makes it in (or before) the call's first tick with that tick's `idealMs`. For each tick of `MediaTicker`
 * (`(tick, idealMs, wakeMs) => ...`):
 *
 *     const sent = session.send(frame)                      // or session.skip()
 *     timeline.onSent(sent ? frame : undefined, tick)       // fixes the right half of this tick
 *     timeline.onTick(wakeMs)                               // lets frames go whose caller half is overdue
 *
 * and for each received packet (wired once):
 *
 *     session.onAudio = (samples, position, packet) =>
 *       timeline.onReceived(samples, packet.timestamp, packet.ssrc, packet.arrivalMs, packet.sequenceStep)
 *
 * Fork and recorder subscribe to `timeline.frames`; `close()` lets the last frames go.
 *
 * A frame leaves within the call that completes it: the packet's, when its tick has been; else the tick's. What does not
 * come is waited for 20 to 40 ms beyond its time, then the caller's half is silent; so it is at once when the sequence
 * numbers say that nothing is missing (DTX, keys).
 */
export class StereoTimeline {
  /** Each frame once, in order, called synchronously. */
  readonly frames = new Channel<TimelineFrame>('embedded.stereo-frame');

  readonly #startMs: number;
  readonly #placement = new CallerPlacement();
  /** What waits: frame i at i modulo the length; undefined where nothing has come yet. */
  readonly #slots = new Array<FrameSlot | undefined>(RING_FRAMES).fill(undefined);
  #firstTick: number | undefined;
  /** Frames whose right half is fixed, frames that left, samples before which nothing can come any more. */
  #sentFrames = 0;
  #emittedFrames = 0;
  #finalSamples = 0;
  /** The last two distinct times of onTick. */
  #wakeMs = -Infinity;
  #previousWakeMs = -Infinity;
  #noiseFloor = NEVER_SILENCE;
  #gapFrames = 0;
  #latePackets = 0;
  #closed = false;

  /** `startMs` is the ideal time of the call's first tick, on the clock that `arrivalMs` comes from. */
  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  get stats(): TimelineStats {
    return { ...this.#placement.stats, gapFrames: this.#gapFrames, latePackets: this.#latePackets };
  }

  /** Samples per channel whose tick has been: what the recording will have if the call ends now. */
  get lengthSamples(): number {
    return this.#sentFrames * FRAME_SAMPLES;
  }

  /**
   * Hot: what this tick sent to the caller, 160 samples (shorter: the rest is silence); undefined: nothing. Called once
   * per tick, in order; ticks that are missing before it were skipped by the ticker and sent nothing.
   */
  onSent(samples: Int16Array | undefined, tick: number): void {
    if (this.#closed) return;
    this.#firstTick ??= tick;
    const index = tick - this.#firstTick;
    if (index < this.#sentFrames) return;
    while (this.#sentFrames < index) this.#fixRight(undefined);
    this.#fixRight(samples);
    this.#release();
  }

  /**
   * Hot: one packet's sound (mono, 16 bit, 8 kHz), in order of arrival. `sequenceStep`: 1 follows the last packet of any
   * kind; more: packets were lost before it; less: late or repeated.
   */
  onReceived(
    samples: Int16Array,
    rtpTimestamp: number,
    ssrc: number,
    arrivalMs: number,
    sequenceStep = 1,
  ): void {
    if (this.#closed || samples.length === 0) return;
    const now = (arrivalMs - this.#startMs) * SAMPLES_PER_MS;
    const placement = this.#placement;
    const emitted = this.#emittedFrames * FRAME_SAMPLES;
    const quiet = this.#isQuiet(samples);
    if (!placement.place(samples.length, rtpTimestamp, ssrc, now, sequenceStep, quiet, emitted)) {
      this.#latePackets++;
      return;
    }
    const { position, insertSamples } = placement;
    if (position - emitted > MAX_AHEAD_SAMPLES) return;
    if (placement.final) this.#finalSamples = Math.max(this.#finalSamples, position - insertSamples);
    for (let at = position - insertSamples; at < position; at += samples.length) {
      this.#write(samples, at, Math.min(samples.length, position - at));
    }
    this.#write(samples, position, samples.length);
    this.#release();
  }

  /**
   * Hot: after onSent of each tick. `wakeMs`: when the ticker woke, the same for all ticks run in one wake-up: what was
   * not there at the wake-up before, the sockets have had the chance to bring since. So a stall of this thread loses
   * nothing that the system has kept.
   */
  onTick(wakeMs: number): void {
    if (this.#closed || wakeMs <= this.#wakeMs) return;
    this.#previousWakeMs = this.#wakeMs;
    this.#wakeMs = wakeMs;
    this.#release();
  }

  /** Lets every frame go whose tick has been; safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    while (this.#emittedFrames < this.#sentFrames) this.#emit();
    for (const slot of this.#slots) slot?.giveBack();
    this.#slots.fill(undefined);
  }

  #fixRight(samples: Int16Array | undefined): void {
    // Only if nobody calls onTick: the ring must not run over itself.
    if (this.#sentFrames - this.#emittedFrames >= RING_FRAMES / 2) this.#emit();
    const slot = this.#slot(this.#sentFrames);
    if (samples !== undefined) slot.setRight(samples);
    this.#sentFrames++;
  }

  /** What has left is left; what came twice is written twice. */
  #write(samples: Int16Array, position: number, length: number): void {
    const skip = Math.max(0, this.#emittedFrames * FRAME_SAMPLES - position);
    if (
      skip === 0 &&
      length === FRAME_SAMPLES &&
      samples.length === length &&
      position % FRAME_SAMPLES === 0
    ) {
      // The usual packet: one whole frame, on the frames' grid.
      this.#slot(position / FRAME_SAMPLES).setLeft(samples);
      return;
    }
    for (let i = skip; i < length;) {
      const index = Math.floor((position + i) / FRAME_SAMPLES);
      const at = position + i - index * FRAME_SAMPLES;
      const count = Math.min(length - i, FRAME_SAMPLES - at);
      this.#slot(index).addLeft(samples, i, count, at);
      i += count;
    }
  }

  #slot(index: number): FrameSlot {
    return (this.#slots[index % RING_FRAMES] ??= FrameSlot.take());
  }

  #release(): void {
    while (this.#emittedFrames < this.#sentFrames && (this.#isComplete() || this.#isOverdue())) this.#emit();
  }

  #isComplete(): boolean {
    return (
      this.#slots[this.#emittedFrames % RING_FRAMES]?.receivedSamples === FRAME_SAMPLES ||
      this.#finalSamples >= (this.#emittedFrames + 1) * FRAME_SAMPLES
    );
  }

  #isOverdue(): boolean {
    const endSamples = (this.#emittedFrames + 1) * FRAME_SAMPLES + this.#placement.expectedDelaySamples;
    return this.#previousWakeMs - this.#startMs >= endSamples / SAMPLES_PER_MS;
  }

  #emit(): void {
    const slot = this.#slot(this.#emittedFrames);
    this.#slots[this.#emittedFrames % RING_FRAMES] = undefined;
    if (slot.receivedSamples === 0) this.#gapFrames++;
    slot.silenceGaps();
    slot.index = this.#emittedFrames++;
    this.frames.publish(slot);
    slot.giveBack();
  }

  /** Whether nobody speaks: quiet in itself, or not above the line's noise, which is its quietest packet of late. */
  #isQuiet(samples: Int16Array): boolean {
    let sum = 0;
    for (let i = 0; i < samples.length; i++) sum += Math.abs(samples[i] as number);
    const level = sum / samples.length;
    // Rises to the double within 7 s of packets, so that a noise which has grown is soon the floor.
    this.#noiseFloor = Math.min(level, this.#noiseFloor * 1.002 + 0.02);
    return level <= SURE_SILENCE || (level <= NEVER_SILENCE && level <= 2.5 * this.#noiseFloor);
  }
}
