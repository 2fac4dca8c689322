import type { JitterBufferStats } from '../rtp/jitter-buffer.js';
import type { RtpSession } from '../rtp/rtp-session.js';

const SAMPLES_PER_MS = 8;
const FRAME_SAMPLES = 160;

/** ITU-T G.113 Appendix I: how loss hurts speech that is concealed; Opus and G.722 are taken for the same. */
const LOSS_ROBUSTNESS = 25.1;

/** What a call's media variables are made of. */
export interface MediaFigures {
  readonly session: RtpSession;
  /** Of whoever heard the caller live; undefined: nobody did. */
  readonly heard: JitterBufferStats | undefined;
  /** Packets of a protected leg that were dropped. */
  readonly refusedPackets: number;
}

/** How a call's packets fared, when it is over; null: the far side has sent nothing, or has not reported. */
export interface CallQuality {
  readonly packetsReceived: number;
  readonly packetsSent: number;
  /** Share of the far side's packets that never came, 0 to 1, and their jitter (RFC 3550 §6.4.1). */
  readonly lossReceived: number | null;
  readonly jitterReceivedMs: number | null;
  /** The same of our packets, as the far side reported last. */
  readonly lossSent: number | null;
  readonly jitterSentMs: number | null;
  readonly roundTripMs: number | null;
}

/** The same figures as the variables'. */
export function callQuality({ stats, reception, rtcpStats }: RtpSession): CallQuality {
  const { packetsReceived, packetsSent } = stats;
  const lost = Math.max(0, reception.lost);
  const hasHeard = packetsReceived > 0;
  const remoteLost = rtcpStats?.remoteLost;
  return {
    packetsReceived,
    packetsSent,
    lossReceived: hasHeard ? lost / (packetsReceived + lost) : null,
    jitterReceivedMs: hasHeard ? reception.jitterSamples / SAMPLES_PER_MS : null,
    lossSent:
      remoteLost === undefined || packetsSent === 0
        ? null
        : Math.min(1, Math.max(0, remoteLost) / packetsSent),
    jitterSentMs: rtcpStats?.remoteJitterMs ?? null,
    roundTripMs: rtcpStats?.roundTripMs ?? null,
  };
}

/**
 * The variables that FreeSWITCH sets with `uuid_set_media_stats` and at the end of a call. `rtp_audio_rtcp_...` beyond
 * packet_count and octet_count are ours: the real server tells of them in events alone. So are in_lost_packet_count and
 * in_jitter_ms, RFC 3550's figures as they are now.
 */
export function mediaStatistics(figures: MediaFigures): ReadonlyMap<string, string> {
  const { session, heard } = figures;
  const { stats, reception, rtcpStats } = session;
  const lost = Math.max(0, reception.lost);
  const lossShare = reception.expected > 0 ? lost / reception.expected : 0;
  const quality = qualityPercentage(lossShare);
  const values = new Map<string, string>();
  const count = (name: string, value: number): void => void values.set(`rtp_audio_${name}`, String(value));
  const measure = (name: string, value: number | undefined): void =>
    void values.set(`rtp_audio_${name}`, (value ?? 0).toFixed(2));
  count('in_raw_bytes', stats.bytesReceived);
  count('in_media_bytes', stats.bytesReceived);
  count('in_packet_count', stats.packetsReceived);
  count('in_media_packet_count', stats.packetsReceived);
  count('in_skip_packet_count', stats.lost);
  count('in_lost_packet_count', lost);
  count('in_refused_packet_count', figures.refusedPackets);
  count('in_jitter_packet_count', heard?.frames ?? 0);
  count('in_largest_jb_size', Math.ceil((heard?.largestSamples ?? 0) / FRAME_SAMPLES));
  count('in_flaw_total', heard?.concealedFrames ?? lost);
  // RFC 3550's jitter, in milliseconds; the real server has a variance of its own making here.
  measure('in_jitter_min_variance', inMs(reception.leastJitterSamples));
  measure('in_jitter_max_variance', inMs(reception.mostJitterSamples));
  measure('in_jitter_ms', inMs(reception.jitterSamples));
  measure('in_jitter_loss_rate', 100 * lossShare);
  measure('in_quality_percentage', quality);
  measure('in_mos', meanOpinion(quality));
  count('out_raw_bytes', stats.bytesSent);
  count('out_media_bytes', stats.bytesSent);
  count('out_packet_count', stats.packetsSent);
  count('out_media_packet_count', stats.packetsSent);
  // Of the other side's reports, as there.
  count('rtcp_packet_count', rtcpStats?.packetsReceived ?? 0);
  count('rtcp_octet_count', rtcpStats?.bytesReceived ?? 0);
  if (rtcpStats?.roundTripMs !== undefined) measure('rtcp_round_trip_ms', rtcpStats.roundTripMs);
  if (rtcpStats?.remoteLost !== undefined) {
    count('rtcp_lost_packet_count', rtcpStats.remoteLost);
    measure('rtcp_jitter_ms', rtcpStats.remoteJitterMs);
  }
  return values;
}

function inMs(samples: number | undefined): number | undefined {
  return samples === undefined ? undefined : samples / SAMPLES_PER_MS;
}

/** ITU-T G.107 §3.5's impairment by loss, from 100 as the real server counts. */
function qualityPercentage(lossShare: number): number {
  const percent = 100 * lossShare;
  return 100 - (95 * percent) / (percent + LOSS_ROBUSTNESS);
}

/** ITU-T G.107 Annex B. */
function meanOpinion(quality: number): number {
  return 1 + 0.035 * quality + 0.000007 * quality * (quality - 60) * (100 - quality);
}
