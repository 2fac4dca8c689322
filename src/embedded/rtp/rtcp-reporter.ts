import type { Clock, Timer } from '../../core/clock.js';
import type { ReceptionStatistics } from './reception-statistics.js';
import { readRtcp, writeRtcp, type ReportBlock, type SenderInfo } from './rtcp.js';

/** RFC 3550 §6.2: the least mean interval. Two members on 64 kbit/s never need more. */
const INTERVAL_MS = 5000;
/** §6.3.1: half of that for the first. */
const FIRST_INTERVAL_MS = 2500;
/** §6.3.1: e - 3/2, for what reconsideration adds to the mean. */
const COMPENSATION = 1.21828;

/** From 1900 to 1970. */
const NTP_EPOCH_S = 2_208_988_800;

/** No round trip is longer: a report about another session's time. */
const MAX_ROUND_TRIP_MS = 30_000;

/** Both directions of RTCP itself, and what the other side reports of what we send. */
export interface RtcpStats {
  packetsSent: number;
  bytesSent: number;
  packetsReceived: number;
  bytesReceived: number;
  malformed: number;
  /** The last one and the least; undefined while nobody told. */
  roundTripMs: number | undefined;
  leastRoundTripMs: number | undefined;
  /** Of our packets, as the other side counts: in all, share since its report before, jitter. */
  remoteLost: number | undefined;
  remoteFractionLost: number | undefined;
  remoteJitterMs: number | undefined;
  /** The other side has said BYE; its sound may still go on. */
  byeReceived: boolean;
  /** On the clock: when the last of it came. */
  lastReceivedMs: number | undefined;
}

/** What is reported about what we send. */
export interface SentFigures {
  readonly packets: number;
  readonly octets: number;
  readonly rtpTimestamp: number;
  /** Of the stream's RTP clock. */
  readonly clockHz: number;
}

export interface RtcpReporterOptions {
  readonly clock: Clock;
  readonly ssrc: number;
  /** RFC 3550 §6.5.1, RFC 7022: says nothing about people or machines. */
  readonly cname: string;
  readonly reception: ReceptionStatistics;
  readonly sent: () => SentFigures;
  /** False: there is nowhere to send it. */
  readonly write: (bytes: Uint8Array) => boolean;
  /** 0 to 1; default Math.random. */
  readonly random?: () => number;
}

/** One call's RTCP: reports every five seconds or so, reads the other side's. Closed by its session. */
export class RtcpReporter {
  readonly stats: RtcpStats = {
    packetsSent: 0,
    bytesSent: 0,
    packetsReceived: 0,
    bytesReceived: 0,
    malformed: 0,
    roundTripMs: undefined,
    leastRoundTripMs: undefined,
    remoteLost: undefined,
    remoteFractionLost: undefined,
    remoteJitterMs: undefined,
    byeReceived: false,
    lastReceivedMs: undefined,
  };
  readonly #options: RtcpReporterOptions;
  /** Wall clock at the monotonic clock's zero: a wall clock that is set must not change the round trip. */
  readonly #wallOriginMs: number;
  #timer: Timer | undefined;
  /** Packets of ours at the last report and the one before. */
  #reportedPackets = [0, 0];
  #closed = false;

  constructor(options: RtcpReporterOptions) {
    this.#options = options;
    const { clock } = options;
    this.#wallOriginMs = clock.wallMs() - clock.nowMs();
    this.#aim(FIRST_INTERVAL_MS);
  }

  /** A packet on the RTCP port, or a muxed one. */
  receive(bytes: Uint8Array): void {
    const { stats } = this;
    const { clock, reception, ssrc } = this.#options;
    const packets = readRtcp(bytes);
    if (packets === undefined) {
      stats.malformed++;
      return;
    }
    const nowMs = clock.nowMs();
    stats.packetsReceived++;
    stats.bytesReceived += bytes.length;
    stats.lastReceivedMs = nowMs;
    for (const packet of packets) {
      if (packet.kind === 'bye') stats.byeReceived = true;
      if (packet.kind !== 'report') continue;
      if (packet.sender !== undefined) reception.senderReport(middle(packet.sender), nowMs);
      const block = packet.blocks.find((one) => one.ssrc === ssrc);
      if (block !== undefined) this.#reported(block, nowMs);
    }
  }

  /** Says BYE, if anything was ever said (RFC 3550 §6.3.7), and nothing more. Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.cancel();
    if (this.stats.packetsSent > 0 || this.#options.sent().packets > 0) this.#send(true);
  }

  /** Even for a single peer not all at the same time: half to one and a half of the interval (§6.3.1). */
  #aim(intervalMs: number): void {
    const { clock, random = Math.random } = this.#options;
    this.#timer = clock.after((intervalMs * (0.5 + random())) / COMPENSATION, () => {
      this.#send(false);
      this.#aim(INTERVAL_MS);
    });
  }

  #send(isBye: boolean): void {
    const { clock, ssrc, cname, reception, sent, write } = this.#options;
    const nowMs = clock.nowMs();
    const { packets, octets, rtpTimestamp, clockHz } = sent();
    // §6.4: a sender report from who has sent since the report before the last.
    const isSender = packets > (this.#reportedPackets[0] as number);
    const sender = isSender ? { ...this.#ntp(nowMs), rtpTimestamp, packets, octets } : undefined;
    const block = reception.report(nowMs, clockHz / 8000);
    const bytes = writeRtcp({ ssrc, cname, sender, blocks: block === undefined ? [] : [block], isBye });
    this.#reportedPackets = [this.#reportedPackets[1] as number, packets];
    if (!write(bytes)) return;
    this.stats.packetsSent++;
    this.stats.bytesSent += bytes.length;
  }

  #ntp(nowMs: number): Pick<SenderInfo, 'ntpSeconds' | 'ntpFraction'> {
    const seconds = (this.#wallOriginMs + nowMs) / 1000 + NTP_EPOCH_S;
    const whole = Math.floor(seconds);
    return { ntpSeconds: whole % 2 ** 32, ntpFraction: Math.floor((seconds - whole) * 2 ** 32) };
  }

  #reported(block: ReportBlock, nowMs: number): void {
    const { stats } = this;
    stats.remoteLost = block.cumulativeLost;
    stats.remoteFractionLost = block.fractionLost / 256;
    stats.remoteJitterMs = (1000 * block.jitter) / this.#options.sent().clockHz;
    if (block.lastSenderReport === 0) return;
    // §6.4.1: now, less when our report left, less how long it lay there; on a circle of 32 bits.
    const units = (middle(this.#ntp(nowMs)) - block.lastSenderReport - block.delaySinceLast) | 0;
    const roundTripMs = (units * 1000) / 65_536;
    // The other side's clock is coarse: a little less than nothing is nothing.
    if (roundTripMs < -5 || roundTripMs > MAX_ROUND_TRIP_MS) return;
    stats.roundTripMs = Math.max(0, roundTripMs);
    stats.leastRoundTripMs = Math.min(stats.leastRoundTripMs ?? Infinity, stats.roundTripMs);
  }
}

/** The middle 32 bits of an NTP time. */
function middle({ ntpSeconds, ntpFraction }: Pick<SenderInfo, 'ntpSeconds' | 'ntpFraction'>): number {
  return (((ntpSeconds & 0xffff) << 16) | (ntpFraction >>> 16)) >>> 0;
}
