import { mixInto } from '../../audio/pcm.js';
import type { Logger } from '../../core/logger.js';
import type { MediaTicker, TickListener } from '../rtp/media-ticker.js';
import type { ReceivedPacket, RtpSession } from '../rtp/rtp-session.js';
import { StereoTimeline, type StereoFrame } from '../rtp/caller-timeline.js';
import type { FrameWriter } from './application-stack.js';
import type { AudioFork } from './audio-fork.js';
import { FRAME_SAMPLES } from './audio-source.js';
import { BridgeQueue } from './bridge-queue.js';

export interface MediaPathOptions {
  readonly session: RtpSession;
  readonly ticker: MediaTicker;
  readonly logger: Logger;
  /** Hot. What the innermost application writes now, if anything. */
  readonly writer: () => FrameWriter | undefined;
  /** Whether silence is sent when there is nothing to say. */
  readonly sendsSilence: () => boolean;
}

/** Gets every 20 ms frame of the call: what the caller said and what the caller heard. */
export type FrameTap = (frame: StereoFrame) => void;

/**
 * The sound of one call. Once per tick: what application, forks and bridge have to say is summed, sent, and laid beside
 * what the caller said; from there forks and recordings get it.
 */
export class MediaPath {
  readonly #forks = new Map<string, AudioFork>();
  readonly #taps = new Set<FrameTap>();
  readonly #out = new Int16Array(FRAME_SAMPLES);
  readonly #listener: TickListener = (tick, idealMs, wakeMs) => this.#tick(tick, idealMs, wakeMs);
  #timeline: StereoTimeline | undefined;
  /** What the bridged partner says. */
  #bridged: BridgeQueue | undefined;
  #unbridge: (() => void) | undefined;
  /** `set_mute read`: the caller is not heard by anybody. */
  isCallerMuted = false;
  /** Whether the agreed direction lets us send. */
  maySend = true;

  constructor(private readonly options: MediaPathOptions) {
    options.session.onAudio = (samples, _position, packet) => this.#received(samples, packet);
    options.ticker.add(this.#listener);
  }

  fork(name: string): AudioFork | undefined {
    return this.#forks.get(name);
  }

  addFork(fork: AudioFork): void {
    this.#forks.set(fork.name, fork);
  }

  removeFork(name: string): void {
    this.#forks.delete(name);
  }

  addTap(tap: FrameTap): void {
    this.#taps.add(tap);
  }

  removeTap(tap: FrameTap): void {
    this.#taps.delete(tap);
  }

  get isBridged(): boolean {
    return this.#unbridge !== undefined;
  }

  /** Lets both callers hear each other; ends an earlier bridge of either. */
  bridge(other: MediaPath): void {
    this.unbridge();
    other.unbridge();
    const [toThis, toOther] = [new BridgeQueue(), new BridgeQueue()];
    const fromThis: FrameTap = (frame) => toOther.push(frame.left);
    const fromOther: FrameTap = (frame) => toThis.push(frame.left);
    this.#bridged = toThis;
    other.#bridged = toOther;
    this.addTap(fromThis);
    other.addTap(fromOther);
    const undo = (): void => {
      this.removeTap(fromThis);
      other.removeTap(fromOther);
      for (const path of [this, other]) {
        path.#bridged = undefined;
        path.#unbridge = undefined;
      }
    };
    this.#unbridge = undo;
    other.#unbridge = undo;
  }

  unbridge(): void {
    this.#unbridge?.();
  }

  /** Lets the last frames go to forks and recordings, closes the forks, frees the session and its ports. */
  close(): void {
    this.unbridge();
    this.options.ticker.remove(this.#listener);
    this.#timeline?.close();
    this.#timeline = undefined;
    this.options.session.onAudio = undefined;
    this.options.session.close();
    for (const fork of this.#forks.values()) fork.close();
    this.#forks.clear();
    this.#taps.clear();
  }

  /** Hot. */
  #tick(tick: number, idealMs: number, wakeMs: number): void {
    const { session } = this.options;
    const timeline = (this.#timeline ??= this.#startTimeline(idealMs));
    const out = this.#out;
    out.fill(0);
    let hasSound = this.options.writer()?.mix(out) ?? false;
    for (const fork of this.#forks.values()) if (fork.mix(out)) hasSound = true;
    const bridged = this.#bridged?.take();
    if (bridged !== undefined) {
      mixInto(out, bridged);
      hasSound = true;
    }
    const isSent =
      this.maySend && (hasSound || this.options.sendsSilence()) ? session.send(out) : this.#skip();
    for (const fork of this.#forks.values()) fork.sent();
    timeline.onSent(isSent ? out : undefined, tick);
    // By the clock, not the grid: after a stall of this thread the caller's packets still wait in the socket.
    timeline.onTick(wakeMs);
  }

  #skip(): boolean {
    this.options.session.skip();
    return false;
  }

  #startTimeline(startMs: number): StereoTimeline {
    const timeline = new StereoTimeline(startMs);
    timeline.frames.subscribe((frame) => this.#frame(frame));
    return timeline;
  }

  /** Hot. */
  #received(samples: Int16Array, packet: ReceivedPacket): void {
    if (this.isCallerMuted) return;
    this.#timeline?.onReceived(samples, packet.timestamp, packet.ssrc, packet.arrivalMs, packet.sequenceStep);
  }

  /** Hot. */
  #frame(frame: StereoFrame): void {
    for (const fork of this.#forks.values()) fork.frame(frame.left, frame.right);
    for (const tap of this.#taps) tap(frame);
  }
}
