/** How the packets of an endpoint fared, both ways. What the media server does not count is null. */
export interface MediaQuality {
  readonly packetsReceived: number;
  readonly packetsSent: number;
  /** Share of the far side's packets that never came, 0 to 1; null when none came. */
  readonly lossReceived: number | null;
  /** Their jitter, ms: interarrival jitter (RFC 3550 §6.4.1), or FreeSWITCH's greatest deviation from its mean. */
  readonly jitterReceivedMs: number | null;
  /** The same of our packets as the far side reported last by RTCP; null when it did not, and of FreeSWITCH always. */
  readonly lossSent: number | null;
  readonly jitterSentMs: number | null;
  /** Of RTCP's reports, the last one, ms; null like those. */
  readonly roundTripMs: number | null;
}

/** Reads what `uuid_dump U json` answers after `uuid_set_media_stats U`; undefined when no figures are in it. */
export function readMediaQuality(dump: string): MediaQuality | undefined {
  const variables = parse(dump);
  return mediaQualityOf((header) => variables[header]);
}

/**
 * The same from the headers of an event: FreeSWITCH's own variables, and those that the embedded media server has besides
 * (`rtp_audio_in_lost_packet_count`, `..._in_jitter_ms`, `..._rtcp_...`).
 */
export function mediaQualityOf(header: (name: string) => unknown): MediaQuality | undefined {
  const read = (name: string): number | null => {
    const value = header(`variable_rtp_audio_${name}`);
    const number = typeof value === 'string' && value !== '' ? Number(value) : Number.NaN;
    return Number.isFinite(number) ? number : null;
  };
  const packetsReceived = read('in_packet_count');
  const packetsSent = read('out_packet_count');
  if (packetsReceived === null || packetsSent === null) return undefined;
  // FreeSWITCH counts a sequence number that is missing as a flaw; it has no count of lost packets.
  const lost = read('in_lost_packet_count') ?? read('in_flaw_total');
  const variance = read('in_jitter_max_variance');
  const hasHeard = packetsReceived > 0;
  return {
    packetsReceived,
    packetsSent,
    lossReceived: hasHeard && lost !== null ? share(lost, packetsReceived + lost) : null,
    jitterReceivedMs: hasHeard
      ? (read('in_jitter_ms') ?? (variance === null ? null : Math.sqrt(Math.max(0, variance))))
      : null,
    lossSent: share(read('rtcp_lost_packet_count'), packetsSent),
    jitterSentMs: read('rtcp_jitter_ms'),
    roundTripMs: read('rtcp_round_trip_ms'),
  };
}

function parse(dump: string): Readonly<Record<string, unknown>> {
  try {
    const found = JSON.parse(dump) as unknown;
    return typeof found === 'object' && found !== null ? (found as Record<string, unknown>) : {};
  } catch {
    // `-ERR No such channel!`: it was faster.
    return {};
  }
}

function share(part: number | null, of: number): number | null {
  if (part === null || of <= 0) return null;
  return Math.min(1, Math.max(0, part / of));
}
