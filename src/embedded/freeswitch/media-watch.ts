import type { RtpSession } from '../rtp/rtp-session.js';
import type { SdpLeg } from './sdp-leg.js';
import type { ChannelVariables } from './variables.js';

/** What the real server's profiles are shipped with: five minutes, and half an hour on hold. */
const LIMIT_MS = 300_000;
const HOLD_LIMIT_MS = 1_800_000;

/**
 * Whether a call's far side has been silent for so long that it is gone: no packet of RTP and none of RTCP. The variables
 * `media_timeout` and `media_hold_timeout` (ms), or `rtp_timeout_sec` and `rtp_hold_timeout_sec` set other limits at any
 * time; 0: none. Pure: the owner calls {@link isOver} once a second.
 */
export class MediaWatch {
  #sinceMs: number;

  constructor(
    private readonly session: RtpSession,
    private readonly leg: SdpLeg,
    private readonly variables: ChannelVariables,
    nowMs: number,
  ) {
    this.#sinceMs = nowMs;
  }

  /** After each offer and answer: what was silence before may have been agreed. */
  renegotiated(nowMs: number): void {
    this.#sinceMs = nowMs;
  }

  isOver(nowMs: number): boolean {
    const limitMs = this.#limitMs();
    if (limitMs === undefined || limitMs <= 0) return false;
    const { stats, rtcpStats } = this.session;
    const heardMs = Math.max(
      this.#sinceMs,
      stats.lastReceivedMs ?? -Infinity,
      rtcpStats?.lastReceivedMs ?? -Infinity,
    );
    return nowMs - heardMs > limitMs;
  }

  /** Undefined: nothing is to be expected of the far side. */
  #limitMs(): number | undefined {
    const direction = this.leg.remote?.direction;
    // It said that it sends nothing, as the control leg of a conference does; or has said nothing yet.
    if (direction === undefined || direction === 'recvonly') return undefined;
    return direction === 'sendrecv'
      ? this.#limit('media_timeout', 'rtp_timeout_sec', LIMIT_MS)
      : this.#limit('media_hold_timeout', 'rtp_hold_timeout_sec', HOLD_LIMIT_MS);
  }

  #limit(inMs: string, inSeconds: string, standard: number): number {
    const seconds = this.variables.integer(inSeconds);
    return this.variables.integer(inMs) ?? (seconds === undefined ? standard : 1000 * seconds);
  }
}
