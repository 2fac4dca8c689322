import type { Clock } from '../../core/clock.js';
import { decodeG711, type G711Codec } from '../../audio/g711.js';
import {
  COMFORT_NOISE_TYPE,
  parseRtp,
  RtpPacket,
  sequenceDifference,
  timestampDifference,
} from './packet.js';
import { KeyReceiver, type KeyListener } from './telephone-event.js';

/** What is known of a packet whose sound is handed over; reused for the next one. */
export interface ReceivedPacket {
  /** RTP timestamp: 32 bits, unsigned. */
  readonly timestamp: number;
  readonly ssrc: number;
  /** RTP sequence number: 16 bits. */
  readonly sequence: number;
  readonly marker: boolean;
  /** On the session's clock. */
  readonly arrivalMs: number;
  /** 1: follows the last packet of any kind (sound, key, comfort noise); more: packets lost before it; less: late or repeated. */
  readonly sequenceStep: number;
}

/**
 * Hot: one packet's sound (reused: copy what is kept) and its first sample's place relative to the first packet,
 * by RTP timestamp, continued over changes of source.
 */
export type AudioListener = (samples: Int16Array, positionSamples: number, packet: ReceivedPacket) => void;

/** Longest packet taken: 200 ms. */
const MAX_PACKET_SAMPLES = 1600;

/** RFC 3550 §A.1: beyond these a sequence number is a restart rather than loss or reordering. */
const MAX_DROPOUT = 3000;
const MAX_MISORDER = 100;

/** The counts that a receiver keeps in its session's statistics. */
export interface ReceiveCounts {
  packetsReceived: number;
  bytesReceived: number;
  lost: number;
  malformed: number;
  lastReceivedMs: number | undefined;
}

/** Reads the packets of one source: sequence, timestamps, sound, keys. Knows nothing of addresses. */
export class RtpReceiver {
  onAudio: AudioListener | undefined;
  codec: G711Codec;
  payloadType: number;
  telephoneEventType: number | undefined;

  readonly #clock: Clock;
  readonly #counts: ReceiveCounts;
  readonly #keys: KeyReceiver;
  readonly #packet = new RtpPacket();
  readonly #received = {
    timestamp: 0,
    ssrc: 0,
    sequence: 0,
    marker: false,
    arrivalMs: 0,
    sequenceStep: 0,
  };
  readonly #decoded = new Int16Array(MAX_PACKET_SAMPLES);
  /** The part of #decoded that the last packet filled: packets are nearly always as long as the one before. */
  #view = this.#decoded.subarray(0, 160);
  #ssrc: number | undefined;
  #highestSequence = 0;
  /** Timestamp and place of the last sound. */
  #timestamp: number | undefined;
  #positionSamples = 0;
  /** Where the next sound begins if its timestamp cannot tell. */
  #endSamples = 0;

  constructor(
    clock: Clock,
    counts: ReceiveCounts,
    keys: KeyListener,
    media: {
      readonly codec: G711Codec;
      readonly payloadType: number;
      readonly telephoneEventType: number | undefined;
    },
  ) {
    this.#clock = clock;
    this.#counts = counts;
    this.#keys = new KeyReceiver(clock, keys);
    this.codec = media.codec;
    this.payloadType = media.payloadType;
    this.telephoneEventType = media.telephoneEventType;
  }

  /** Hot: reads a packet; false: not RTP, or a payload type that was not agreed. Follow with {@link take} if it is ours. */
  read(bytes: Uint8Array): boolean {
    return parseRtp(bytes, this.#packet) && this.#knows(this.#packet);
  }

  /** Hot: the packet that {@link read} has just read. */
  take(bytes: Uint8Array): void {
    const packet = this.#packet;
    const counts = this.#counts;
    const arrivalMs = this.#clock.nowMs();
    counts.packetsReceived++;
    counts.bytesReceived += bytes.length;
    counts.lastReceivedMs = arrivalMs;
    const sequenceStep = this.#follow(packet);
    if (packet.payloadType === this.telephoneEventType) {
      this.#keys.receive(bytes, packet.payloadStart, packet.payloadEnd, packet.timestamp, packet.marker);
      return;
    }
    const codec = this.#codecOf(packet.payloadType);
    const length = packet.payloadEnd - packet.payloadStart;
    if (codec === undefined || length === 0) return;
    if (length > MAX_PACKET_SAMPLES) {
      counts.malformed++;
      return;
    }
    if (this.#view.length !== length) this.#view = this.#decoded.subarray(0, length);
    decodeG711(codec, bytes.subarray(packet.payloadStart, packet.payloadEnd), this.#view);
    const received = this.#received;
    received.timestamp = packet.timestamp;
    received.ssrc = packet.ssrc;
    received.sequence = packet.sequence;
    received.marker = packet.marker;
    received.arrivalMs = arrivalMs;
    received.sequenceStep = sequenceStep;
    this.onAudio?.(this.#view, this.#place(packet.timestamp, length), received);
  }

  /** Another source will speak. */
  reset(): void {
    this.#ssrc = undefined;
    this.#timestamp = undefined;
    this.#keys.reset();
  }

  close(): void {
    this.onAudio = undefined;
    this.#keys.close();
  }

  #knows(packet: RtpPacket): boolean {
    const type = packet.payloadType;
    return (
      type === this.telephoneEventType || type === COMFORT_NOISE_TYPE || this.#codecOf(type) !== undefined
    );
  }

  /** The codec agreed, and the other law by its static type: RFC 3264 §7 lets a side send any codec of the answer. */
  #codecOf(payloadType: number): G711Codec | undefined {
    if (payloadType === this.payloadType) return this.codec;
    return payloadType === 0 ? 'PCMU' : payloadType === 8 ? 'PCMA' : undefined;
  }

  /** Extends the sequence, counts loss; see {@link ReceivedPacket.sequenceStep}. */
  #follow(packet: RtpPacket): number {
    if (packet.ssrc !== this.#ssrc) {
      if (this.#ssrc !== undefined) this.reset();
      this.#ssrc = packet.ssrc;
      this.#highestSequence = packet.sequence;
      return 1;
    }
    const step = sequenceDifference(packet.sequence, this.#highestSequence);
    if (step > MAX_DROPOUT || step < -MAX_MISORDER) {
      // The sender began anew with the same SSRC.
      this.#highestSequence = packet.sequence;
      return 1;
    }
    if (step > 0) {
      this.#highestSequence = packet.sequence;
      this.#counts.lost += step - 1;
    } else if (step < 0 && this.#counts.lost > 0) {
      // Came late, or twice: RFC 3550 §A.3 counts both against the loss.
      this.#counts.lost--;
    }
    return step;
  }

  #place(timestamp: number, length: number): number {
    this.#positionSamples =
      this.#timestamp === undefined
        ? this.#endSamples
        : this.#positionSamples + timestampDifference(timestamp, this.#timestamp);
    this.#timestamp = timestamp;
    this.#endSamples = this.#positionSamples + length;
    return this.#positionSamples;
  }
}
