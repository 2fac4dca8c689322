import { Counter, Histogram, type Registry } from 'prom-client';
import type { MediaRecord } from '../store/call-record.js';

/** One packet in a thousand is heard by nobody, one in a hundred by who listens for it, one in ten by everybody. */
const lossBounds = [0, 0.001, 0.003, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5];
/** 20 ms is a packet; ITU-T G.114 wants 150 ms one way, which is 300 there and back. */
const jitterBounds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2];
const roundTripBounds = [0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2];

/** The figures of packets, of each call at its end. */
export class RtpMetrics {
  readonly #packets: Counter<'direction'>;
  readonly #loss: Histogram<'direction'>;
  readonly #jitter: Histogram<'direction'>;
  readonly #roundTrip: Histogram;

  constructor(registry: Registry) {
    const registers = [registry];
    const labelNames = ['direction'] as const;
    this.#packets = new Counter({
      name: 'xiangyin_rtp_packets_total',
      help: 'RTP packets of calls that are over; received: those that came.',
      labelNames,
      registers,
    });
    this.#loss = new Histogram({
      name: 'xiangyin_rtp_loss_ratio',
      help: 'Of each call that is over: share of packets lost. sent: as the far side reported by RTCP.',
      labelNames,
      buckets: lossBounds,
      registers,
    });
    this.#jitter = new Histogram({
      name: 'xiangyin_rtp_jitter_seconds',
      help: 'Of each call that is over: interarrival jitter. sent: as the far side reported by RTCP.',
      labelNames,
      buckets: jitterBounds,
      registers,
    });
    this.#roundTrip = new Histogram({
      name: 'xiangyin_rtp_round_trip_seconds',
      help: 'Of each call that is over whose far side reports by RTCP: there and back.',
      buckets: roundTripBounds,
      registers,
    });
  }

  /** Of what is not known nothing is observed. Never throws. */
  callEnded(media: MediaRecord): void {
    this.#packets.inc({ direction: 'received' }, atLeastZero(media.packetsReceived));
    this.#packets.inc({ direction: 'sent' }, atLeastZero(media.packetsSent));
    for (const [direction, loss, jitterMs] of [
      ['received', media.lossReceived, media.jitterReceivedMs],
      ['sent', media.lossSent, media.jitterSentMs],
    ] as const) {
      if (loss !== null) this.#loss.observe({ direction }, atLeastZero(loss));
      if (jitterMs !== null) this.#jitter.observe({ direction }, atLeastZero(jitterMs) / 1000);
    }
    if (media.roundTripMs !== null) this.#roundTrip.observe(atLeastZero(media.roundTripMs) / 1000);
  }
}

/** A counter never goes back, and a figure that is not one would make prom-client throw. */
function atLeastZero(figure: number): number {
  return Number.isFinite(figure) && figure > 0 ? figure : 0;
}
