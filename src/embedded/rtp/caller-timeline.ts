import { Channel } from '../../core/channel.js';

/** Samples of one frame of one channel: 20 ms at 8 kHz. */
export const FRAME_SAMPLES = 160;
export const FRAME_MS = 20;

/** One frame of the call. The arrays are reused: a subscriber copies what it keeps. */
export interface StereoFrame {
  /** 0, 1, 2 ... without gaps: frame i is the call's samples 160 i to 160 i + 159. */
  readonly index: number;
  /** What the caller said: 160 samples. */
  readonly left: Int16Array;
  /** What was sent to the caller in the same media tick: 160 samples. */
  readonly right: Int16Array;
  /** Left and right interleaved: 320 samples. */
  readonly stereo: Int16Array;
}

/**
 * A call's sound on the media server's clock: one stereo frame per media tick, so a call of n ticks has exactly
 * 160 n samples, whatever the network and the caller's clock did. Pure: time comes with the calls.
 *
 * The owner, for each tick of `MediaTicker` (`(tick, idealMs) => ...`):
 *
 *     session.send(frame)                         // or session.skip()
 *     timeline.onSent(frame or undefined, tick)   // fixes the right half of this tick
 *     timeline.onTick(idealMs)                    // lets frames go whose caller half is overdue
 *
 * and for each received packet (wired once):
 *
 *     session.onAudio = (samples, position, packet) =>
 *       timeline.onReceived(samples, packet.timestamp, packet.ssrc, packet.arrivalMs, packet.sequenceStep)
 *
 * Fork and recorder subscribe to `timeline.frames`; `close()` lets the last frames go.
 */
export class StereoTimeline {
  /** Each frame once, in order, called synchronously. */
  readonly frames = new Channel<StereoFrame>('embedded.stereo-frame');

  /** `startMs` is the ideal time of the call's first tick, on the clock that `arrivalMs` comes from. */
  constructor(_startMs: number) {}

  /** Hot: what this tick sent to the caller, 160 samples; undefined: nothing. Ticks missing before it were silent. */
  onSent(_samples: Int16Array | undefined, _tick: number): void {}

  /** Hot: one packet, in order of arrival. `sequenceStep`: 1 follows the last packet, more: loss before, < 1: out of order. */
  onReceived(
    _samples: Int16Array,
    _rtpTimestamp: number,
    _ssrc: number,
    _arrivalMs: number,
    _sequenceStep = 1,
  ): void {}

  /** Hot: after onSent of each tick. */
  onTick(_nowMs: number): void {}

  /** Lets every frame go whose tick has been; safe to call twice. */
  close(): void {}
}
