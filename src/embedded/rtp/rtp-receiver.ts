import type { Clock } from '../../core/clock.js';
import { CODEC_FACTS, INSIDE_HZ, MAX_PACKET_SAMPLES, type AudioCodec, type AudioDecoder } from './codec.js';
import { openDecoder } from './codecs/open-codec.js';
import {
  COMFORT_NOISE_TYPE,
  parseRtp,
  RtpPacket,
  sequenceDifference,
  timestampDifference,
} from './packet.js';
import { ReceptionStatistics } from './reception-statistics.js';
import type { AgreedFormats, EventFormat } from './sdp-formats.js';
import { KeyReceiver, type KeyListener } from './telephone-event.js';

/** What is known of a packet whose sound is handed over; reused for the next one. */
export interface ReceivedPacket {
  /** RTP timestamp: 32 bits, unsigned; that of another clock than 8 kHz is counted on in samples of 8 kHz. */
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

const SAMPLES_PER_MS = INSIDE_HZ / 1000;

/** When the clock changes, a packet that comes so much later than the one before says that there was a pause: 60 ms. */
const MAX_SEAM_SAMPLES = 480;

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

/** What a payload type holds. */
interface Input {
  readonly codec: AudioCodec;
  /** Of the codec's clock in a sample of 8 kHz. */
  readonly ticks: number;
  /** Whether a packet says something only after those before it: the same one twice must not be decoded twice. */
  readonly isStateful: boolean;
  /** Opened by the first packet. */
  decoder: AudioDecoder | undefined;
}

/*
 * What is needed for one packet only is shared by all receivers of the thread, which take turns packet by packet: of a
 * call's own memory the processor has nothing at hand when its next packet comes.
 */
const packet = new RtpPacket();
const received = { timestamp: 0, ssrc: 0, sequence: 0, marker: false, arrivalMs: 0, sequenceStep: 0 };
const decoded = new Int16Array(MAX_PACKET_SAMPLES);
/** The first samples of `decoded`, by how many. */
const views: (Int16Array | undefined)[] = [];

/** Reads the packets of one source: sequence, timestamps, sound, keys. Knows nothing of addresses. */
export class RtpReceiver {
  onAudio: AudioListener | undefined;
  /** What RTCP reports. */
  readonly reception = new ReceptionStatistics();
  readonly #clock: Clock;
  readonly #counts: ReceiveCounts;
  readonly #keys: KeyReceiver;
  /** By payload type. */
  #inputs: (Input | undefined)[] = [];
  #events: readonly EventFormat[] = [];
  #ssrc: number | undefined;
  #highestSequence = 0;
  /** Clock of the last packet with sound (0: none yet), its timestamp there and in samples of ours, its length, its arrival. */
  #ticks = 0;
  #wireTimestamp = 0;
  #insideTimestamp = 0;
  #lastLength = 0;
  #lastArrivalMs = 0;
  /** Timestamp and place of the last sound. */
  #timestamp: number | undefined;
  #positionSamples = 0;
  /** Where the next sound begins if its timestamp cannot tell. */
  #endSamples = 0;

  constructor(clock: Clock, counts: ReceiveCounts, keys: KeyListener, media: AgreedFormats) {
    this.#clock = clock;
    this.#counts = counts;
    this.#keys = new KeyReceiver(clock, keys);
    this.use(media);
  }

  /** What may come from now on. Decoders of codecs that stay keep their state. */
  use(media: AgreedFormats): void {
    const { codec, payloadType, telephoneEventType } = media;
    const before = this.#inputs.filter((input) => input !== undefined);
    const inputs: (Input | undefined)[] = [];
    const add = (added: AudioCodec, type: number): void => {
      if (inputs[type] !== undefined) return;
      const at = before.findIndex((input) => input.codec === added);
      const [kept] = at === -1 ? [] : before.splice(at, 1);
      inputs[type] = kept ?? makeInput(added);
    };
    add(codec, payloadType);
    for (const format of media.formats ?? []) add(format.codec, format.payloadType);
    add('PCMU', 0);
    add('PCMA', 8);
    this.#inputs = inputs;
    for (const input of before) input.decoder?.close();
    this.#events =
      media.events ??
      (telephoneEventType === undefined ? [] : [{ payloadType: telephoneEventType, clockHz: INSIDE_HZ }]);
  }

  /** Hot: reads a packet; false: not RTP, or a payload type that was not agreed. Follow with {@link take} if it is ours. */
  read(bytes: Uint8Array): boolean {
    return parseRtp(bytes, packet) && this.#knows();
  }

  /** Hot: the packet that {@link read} has just read. */
  take(bytes: Uint8Array): void {
    const counts = this.#counts;
    const arrivalMs = this.#clock.nowMs();
    counts.packetsReceived++;
    counts.bytesReceived += bytes.length;
    counts.lastReceivedMs = arrivalMs;
    const sequenceStep = this.#follow();
    this.reception.packet(packet.ssrc, packet.sequence);
    const event = this.#eventOf(packet.payloadType);
    if (event !== undefined) {
      this.#keys.ticks = event.clockHz / INSIDE_HZ;
      this.#keys.receive(bytes, packet.payloadStart, packet.payloadEnd, packet.timestamp, packet.marker);
      return;
    }
    const input = this.#inputs[packet.payloadType];
    if (input === undefined || packet.payloadEnd === packet.payloadStart) return;
    if (input.isStateful && sequenceStep === 0) return;
    const decoder = (input.decoder ??= openDecoder(input.codec));
    const step = sequenceStep > 1 ? this.#missed(bytes, input.ticks, decoder, sequenceStep) : sequenceStep;
    const length = decoder.decode(bytes, packet.payloadStart, packet.payloadEnd, decoded);
    if (length <= 0) {
      counts.malformed++;
      return;
    }
    const timestamp = this.#inside(packet.timestamp, input.ticks, step, arrivalMs);
    this.#lastLength = length;
    this.#lastArrivalMs = arrivalMs;
    this.reception.sound(timestamp, arrivalMs);
    received.marker = packet.marker;
    this.#handOver(length, timestamp, packet.sequence, step, arrivalMs);
  }

  /**
   * Packets were lost before the one that has come. When that one says the last of them again, it is handed over first.
   * Returns how many steps the one that has come is ahead then.
   */
  #missed(bytes: Uint8Array, ticks: number, decoder: AudioDecoder, sequenceStep: number): number {
    const { payloadStart, payloadEnd, timestamp, sequence } = packet;
    const lost = this.#lastLength;
    // After a change of the clock a timestamp says nothing of the packet before.
    const recovers = decoder.recover !== undefined && this.#ticks === ticks;
    decoder.lose?.((sequenceStep - (recovers ? 2 : 1)) * lost);
    if (!recovers) return sequenceStep;
    const length = decoder.recover?.(bytes, payloadStart, payloadEnd, lost, decoded) ?? 0;
    if (length <= 0) {
      decoder.lose?.(lost);
      return sequenceStep;
    }
    const arrivalMs = this.#clock.nowMs();
    const before = this.#inside((timestamp - length * ticks) >>> 0, ticks, sequenceStep - 1, arrivalMs);
    received.marker = false;
    this.#handOver(length, before, (sequence - 1) & 0xffff, sequenceStep - 1, arrivalMs);
    return 1;
  }

  /** Hot: what `decoded` begins with is the sound of a packet. */
  #handOver(length: number, timestamp: number, sequence: number, step: number, arrivalMs: number): void {
    received.timestamp = timestamp;
    received.ssrc = packet.ssrc;
    received.sequence = sequence;
    received.arrivalMs = arrivalMs;
    received.sequenceStep = step;
    this.onAudio?.((views[length] ??= decoded.subarray(0, length)), this.#place(timestamp, length), received);
  }

  /** Whether the packet that {@link read} has just read goes on with the stream that was heard last. */
  get continues(): boolean {
    const step = sequenceDifference(packet.sequence, this.#highestSequence);
    return packet.ssrc === this.#ssrc && step > 0 && step < MAX_DROPOUT;
  }

  /** Another source will speak. */
  reset(): void {
    this.#ssrc = undefined;
    this.#timestamp = undefined;
    this.#ticks = 0;
    for (const input of this.#inputs) input?.decoder?.reset();
    this.#keys.reset();
  }

  close(): void {
    this.onAudio = undefined;
    for (const input of this.#inputs) input?.decoder?.close();
    this.#keys.close();
  }

  #knows(): boolean {
    const type = packet.payloadType;
    return (
      this.#inputs[type] !== undefined || type === COMFORT_NOISE_TYPE || this.#eventOf(type) !== undefined
    );
  }

  #eventOf(payloadType: number): EventFormat | undefined {
    for (const event of this.#events) if (event.payloadType === payloadType) return event;
    return undefined;
  }

  /** Hot: a timestamp in samples of 8 kHz. Where the clock changes with the codec, time goes on with the packets. */
  #inside(timestamp: number, ticks: number, sequenceStep: number, arrivalMs: number): number {
    if (this.#ticks === ticks) {
      const samples = Math.round(timestampDifference(timestamp, this.#wireTimestamp) / ticks);
      this.#wireTimestamp = (this.#wireTimestamp + samples * ticks) >>> 0;
      this.#insideTimestamp = (this.#insideTimestamp + samples) >>> 0;
      return this.#insideTimestamp;
    }
    const isFirst = this.#ticks === 0;
    this.#ticks = ticks;
    this.#wireTimestamp = timestamp;
    if (isFirst) return (this.#insideTimestamp = timestamp);
    const byPackets = Math.max(1, sequenceStep) * this.#lastLength;
    const byClock = (arrivalMs - this.#lastArrivalMs) * SAMPLES_PER_MS;
    const samples = byClock - byPackets > MAX_SEAM_SAMPLES ? Math.round(byClock / 80) * 80 : byPackets;
    return (this.#insideTimestamp = (this.#insideTimestamp + samples) >>> 0);
  }

  /** Extends the sequence, counts loss; see {@link ReceivedPacket.sequenceStep}. */
  #follow(): number {
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

function makeInput(codec: AudioCodec): Input {
  return {
    codec,
    ticks: CODEC_FACTS[codec].clockHz / INSIDE_HZ,
    isStateful: codec !== 'PCMU' && codec !== 'PCMA' && codec !== 'L16/8000',
    decoder: undefined,
  };
}
