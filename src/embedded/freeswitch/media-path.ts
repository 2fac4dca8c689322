import { mixInto } from '../../audio/pcm.js';
import { LossConcealer } from '../../audio/plc.js';
import { errorCode } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import type { MediaTicker, TickListener } from '../rtp/media-ticker.js';
import type { ReceivedPacket, RtpSession } from '../rtp/rtp-session.js';
import { StereoTimeline, type StereoFrame, type TimelineFrame } from '../rtp/caller-timeline.js';
import type { FrameWriter } from './application-stack.js';
import type { AudioFork } from './audio-fork.js';
import { FRAME_SAMPLES } from './audio-source.js';
import { JitterBuffer, type JitterBufferStats } from '../rtp/jitter-buffer.js';

const TICKS_PER_SECOND = 50;

const silence = new Int16Array(FRAME_SAMPLES);

/** What the call whose tick it is sends: one for all calls of the thread, so that the processor has it at hand. */
const out = new Int16Array(FRAME_SAMPLES);

export interface MediaPathOptions {
  readonly session: RtpSession;
  readonly ticker: MediaTicker;
  readonly logger: Logger;
  /** Hot. What the innermost application writes now, if anything. */
  readonly writer: () => FrameWriter | undefined;
  /** Whether silence is sent when there is nothing to say. */
  readonly sendsSilence: () => boolean;
  /** Once a second. */
  readonly eachSecond?: () => void;
}

/**
 * Gets every 20 ms frame of the call: what the caller said and what the caller heard. What the network lost of the caller is
 * concealed; forks get the frame before that, with silence there.
 */
export type FrameTap = (frame: StereoFrame) => void;

/** Changes the sound of one direction, frame by frame: volumes, other sounds laid over it. */
export interface FrameEffect {
  /** Hot: changes `samples` in place; true when it put sound there. */
  apply(samples: Int16Array): boolean;
}

/** Somebody who hears a caller live; {@link MediaPath.listen} makes it, and whoever asked closes it. */
export interface LiveListener {
  readonly stats: JitterBufferStats;
  /**
   * Hot: once per media tick. The caller's next frame, valid until the next call, lost packets concealed; undefined when
   * there is nothing to hear.
   */
  take(): Int16Array | undefined;
  close(): void;
}

/** The other end of a bridge that is no call of this thread's. */
export interface FarPartner {
  /** Hot: what it says in this tick; valid until the next. */
  take(): Int16Array | undefined;
  /** Hot: what our caller says in this tick. */
  hear(frame: Int16Array): void;
  /** A key of our caller. */
  pressed(digits: string, durationMs: number): void;
  /** The bridge is over, whoever ended it. */
  ended(): void;
}

/**
 * The sound of one call. Once per tick: what application, forks and bridge have to say is summed, sent, and laid beside
 * what the caller said; from there forks and recordings get it.
 */
export class MediaPath {
  readonly #forks = new Map<string, AudioFork>();
  /** The same, to be walked per frame. */
  #forkList: readonly AudioFork[] = [];
  readonly #taps = new Set<FrameTap>();
  readonly #listener: TickListener = (tick, idealMs, wakeMs) => this.#tick(tick, idealMs, wakeMs);
  #timeline: StereoTimeline | undefined;
  /** What people hear of the caller, each with a delay of its own. */
  #buffers: readonly JitterBuffer[] = [];
  /** The latest figures of those who listened: what the call's variables say in the end. */
  #heard: JitterBufferStats | undefined;
  /** For the taps; made when there is one. */
  #concealer: LossConcealer | undefined;
  /** What the bridged partner says. */
  #bridged: Pick<LiveListener, 'take'> | undefined;
  /** Gives the partner a key. */
  #passKey: ((digits: string, durationMs: number) => void) | undefined;
  #unbridge: (() => void) | undefined;
  /** `set_mute read`: the caller is not heard by anybody. */
  isCallerMuted = false;
  /** Whether the agreed direction lets us send. */
  maySend = true;
  /** Of what the caller says, for all who hear it; and of what is sent to the caller. In this order. */
  readonly readEffects = new Set<FrameEffect>();
  readonly writeEffects = new Set<FrameEffect>();

  constructor(private readonly options: MediaPathOptions) {
    options.session.onAudio = (samples, position, packet) => this.#received(samples, position, packet);
    options.ticker.add(this.#listener);
  }

  fork(name: string): AudioFork | undefined {
    return this.#forks.get(name);
  }

  addFork(fork: AudioFork): void {
    this.#forks.set(fork.name, fork);
    this.#forkList = [...this.#forks.values()];
  }

  removeFork(name: string): void {
    this.#forks.delete(name);
    this.#forkList = [...this.#forks.values()];
  }

  addTap(tap: FrameTap): void {
    this.#taps.add(tap);
  }

  removeTap(tap: FrameTap): void {
    this.#taps.delete(tap);
  }

  /**
   * Somebody will hear the caller live, through an adaptive jitter buffer of his own: a bridge, a conference. Not for forks,
   * which get what comes as it comes.
   */
  listen(): LiveListener {
    const buffer = new JitterBuffer();
    const { ticker } = this.options;
    this.#buffers = [...this.#buffers, buffer];
    this.#heard = buffer.stats;
    return {
      stats: buffer.stats,
      take: () => buffer.take(ticker.tickMs),
      close: () => {
        this.#buffers = this.#buffers.filter((other) => other !== buffer);
      },
    };
  }

  /** Of the last who listened live. */
  get heardStats(): JitterBufferStats | undefined {
    return this.#heard;
  }

  /** Lets both callers hear each other; ends an earlier bridge of either. */
  bridge(other: MediaPath): void {
    this.unbridge();
    other.unbridge();
    const [toThis, toOther] = [other.listen(), this.listen()];
    this.#bridged = toThis;
    other.#bridged = toOther;
    this.#passKey = (digits, durationMs) => other.#sendKey(digits, durationMs);
    other.#passKey = (digits, durationMs) => this.#sendKey(digits, durationMs);
    const undo = (): void => {
      toThis.close();
      toOther.close();
      for (const path of [this, other]) {
        path.#clearBridge();
      }
    };
    this.#unbridge = undo;
    other.#unbridge = undo;
  }

  /** The same with a call of another thread; ends an earlier bridge of ours. */
  bridgeFar(partner: FarPartner): void {
    this.unbridge();
    const heard = this.listen();
    this.#bridged = {
      take: () => {
        const frame = heard.take();
        if (frame !== undefined) partner.hear(frame);
        return partner.take();
      },
    };
    this.#passKey = (digits, durationMs) => partner.pressed(digits, durationMs);
    this.#unbridge = () => {
      heard.close();
      this.#clearBridge();
      partner.ended();
    };
  }

  #clearBridge(): void {
    this.#bridged = undefined;
    this.#passKey = undefined;
    this.#unbridge = undefined;
  }

  #sendKey(digits: string, durationMs: number): void {
    this.options.session.sendDtmf(digits, durationMs).catch((error: unknown) => {
      this.options.logger.debug({ code: errorCode(error) }, 'a key could not be passed on');
    });
  }

  /** A key of this caller goes to the bridged partner; false when there is none. */
  passKey(digit: string, durationMs: number): boolean {
    this.#passKey?.(digit, durationMs);
    return this.#passKey !== undefined;
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
    this.#forkList = [];
    this.#taps.clear();
    this.readEffects.clear();
    this.writeEffects.clear();
  }

  /** Hot. */
  #tick(tick: number, idealMs: number, wakeMs: number): void {
    const { session } = this.options;
    const timeline = (this.#timeline ??= this.#startTimeline(idealMs));
    out.set(silence);
    let hasSound = this.options.writer()?.mix(out) ?? false;
    const forks = this.#forkList;
    for (const fork of forks) if (fork.mix(out)) hasSound = true;
    const bridged = this.#bridged?.take();
    if (bridged !== undefined) {
      mixInto(out, bridged);
      hasSound = true;
    }
    if (this.writeEffects.size > 0)
      for (const effect of this.writeEffects) if (effect.apply(out)) hasSound = true;
    const isSent =
      this.maySend && (hasSound || this.options.sendsSilence()) ? session.send(out) : this.#skip();
    for (const fork of forks) fork.sent();
    timeline.onSent(isSent ? out : undefined, tick);
    // By the clock, not the grid: after a stall of this thread the caller's packets still wait in the socket.
    timeline.onTick(wakeMs);
    if (tick % TICKS_PER_SECOND === 0) this.options.eachSecond?.();
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
  #received(samples: Int16Array, position: number, packet: ReceivedPacket): void {
    if (this.isCallerMuted) return;
    if (this.readEffects.size > 0) for (const effect of this.readEffects) effect.apply(samples);
    for (const buffer of this.#buffers) buffer.put(samples, position, packet.arrivalMs);
    this.#timeline?.onReceived(samples, packet.timestamp, packet.ssrc, packet.arrivalMs, packet.sequenceStep);
  }

  /** Hot. */
  #frame(frame: TimelineFrame): void {
    for (const fork of this.#forkList) fork.frame(frame.left, frame.right);
    if (this.#taps.size === 0) return;
    // After the forks: the frame is theirs no more.
    const concealer = (this.#concealer ??= new LossConcealer());
    if (frame.receivedSamples > 0) concealer.received(frame.left);
    else if (!this.isCallerMuted) concealer.conceal(frame.left);
    for (const tap of this.#taps) tap(frame);
  }
}
