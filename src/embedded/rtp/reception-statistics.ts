import { sequenceDifference, timestampDifference } from './packet.js';
import type { ReportBlock } from './rtcp.js';

const SAMPLES_PER_MS = 8;
/** RFC 3550 §A.1: beyond these a sequence number is a restart rather than loss or reordering. */
const MAX_DROPOUT = 3000;
const MAX_MISORDER = 100;
/** What takes so much longer than the packet before is a clock set anew, or a pause: no jitter. */
const MAX_CHANGE_SAMPLES = 4000;

/** What is received of one source, counted as RFC 3550 §A.1, §A.3 and §A.8 do. Pure: time comes with the calls. */
export class ReceptionStatistics {
  /** Interarrival jitter now, and the least and most there was once 16 packets had settled it. In samples of 8 kHz. */
  jitterSamples = 0;
  leastJitterSamples: number | undefined;
  mostJitterSamples: number | undefined;
  #ssrc: number | undefined;
  #base = 0;
  /** With its cycles. */
  #highest = 0;
  #received = 0;
  #expectedBefore = 0;
  #receivedBefore = 0;
  #lastArrivalMs: number | undefined;
  #lastTimestamp = 0;
  #sounds = 0;
  #senderReport = 0;
  #senderReportMs = 0;

  /** Hot: each packet of whatever kind. */
  packet(ssrc: number, sequence: number): void {
    const step = sequenceDifference(sequence, this.#highest & 0xffff);
    if (ssrc !== this.#ssrc || step > MAX_DROPOUT || step < -MAX_MISORDER) this.#begin(ssrc, sequence);
    else if (step > 0) this.#highest += step;
    this.#received++;
  }

  /** Hot: each packet with sound; `timestamp` in samples of 8 kHz, 32 bits of it. */
  sound(timestamp: number, arrivalMs: number): void {
    if (this.#lastArrivalMs !== undefined) {
      const spent = (arrivalMs - this.#lastArrivalMs) * SAMPLES_PER_MS;
      const change = Math.abs(spent - timestampDifference(timestamp, this.#lastTimestamp));
      if (change < MAX_CHANGE_SAMPLES) {
        this.jitterSamples += (change - this.jitterSamples) / 16;
        if (++this.#sounds > 16) this.#remember(this.jitterSamples);
      }
    }
    this.#lastArrivalMs = arrivalMs;
    this.#lastTimestamp = timestamp;
  }

  /** A sender report of the source came; `ntp`: the middle 32 bits of its time. */
  senderReport(ntp: number, nowMs: number): void {
    this.#senderReport = ntp;
    this.#senderReportMs = nowMs;
  }

  /** Packets that should have come, by their sequence numbers. */
  get expected(): number {
    return this.#ssrc === undefined ? 0 : this.#highest - this.#base + 1;
  }

  /** Negative when more came twice than were lost. */
  get lost(): number {
    return this.expected - this.#received;
  }

  /** What we report, counted from the last time; undefined before the first packet. `ticks`: of the clock in a sample of 8 kHz. */
  report(nowMs: number, ticks = 1): ReportBlock | undefined {
    if (this.#ssrc === undefined) return undefined;
    const expected = this.expected - this.#expectedBefore;
    const lost = expected - (this.#received - this.#receivedBefore);
    this.#expectedBefore = this.expected;
    this.#receivedBefore = this.#received;
    const sinceMs = nowMs - this.#senderReportMs;
    return {
      ssrc: this.#ssrc,
      fractionLost: expected <= 0 || lost <= 0 ? 0 : Math.min(255, Math.floor((256 * lost) / expected)),
      cumulativeLost: this.lost,
      highestSequence: this.#highest % 2 ** 32,
      jitter: Math.round(this.jitterSamples * ticks),
      lastSenderReport: this.#senderReport,
      delaySinceLast: this.#senderReport === 0 ? 0 : Math.round((sinceMs * 65_536) / 1000) % 2 ** 32,
    };
  }

  #begin(ssrc: number, sequence: number): void {
    if (ssrc !== this.#ssrc) this.#senderReport = 0;
    this.#ssrc = ssrc;
    this.#base = this.#highest = sequence;
    this.#received = this.#expectedBefore = this.#receivedBefore = 0;
    this.#lastArrivalMs = undefined;
  }

  #remember(jitter: number): void {
    if (jitter < (this.leastJitterSamples ?? Infinity)) this.leastJitterSamples = jitter;
    if (jitter > (this.mostJitterSamples ?? 0)) this.mostJitterSamples = jitter;
  }
}
