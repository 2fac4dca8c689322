import { randomBytes } from 'node:crypto';
import { CODEC_FACTS, INSIDE_HZ, type AudioEncoder } from './codec.js';
import { openEncoder } from './codecs/open-codec.js';
import { PacketMemory } from './packet-memory.js';
import { RTP_HEADER_BYTES, writeRtpHeader } from './packet.js';
import type { AudioFormat, EventFormat } from './sdp-formats.js';
import { EVENT_BYTES, KeySender, writeEvent } from './telephone-event.js';

/** Longest packet made: 120 ms. */
const MAX_PACKET_SAMPLES = 960;

/** Makes the packets of one stream: timestamps by the media clock, marker at the start of each talk spurt, keys. */
export class RtpSender {
  readonly ssrc: number;
  readonly keys = new KeySender();
  // RFC 3550 §5.1: both start at random.
  #sequence = randomBytes(2).readUInt16BE();
  /** RTP timestamp of media time 0, in the codec's clock; moved when the clock changes, so that the timestamp goes on. */
  #origin = randomBytes(4).readUInt32BE();
  /** Media time: samples of 8 kHz, sent or not. */
  #elapsedSamples = 0;
  #talking = false;
  #format: AudioFormat | undefined;
  #encoder: AudioEncoder | undefined;
  /** Ticks of the codec's clock, and of the keys', in a sample of ours. */
  #ticks = 1;
  #eventTicks = 1;

  /** `write`: called with a packet, which is valid during the call, and its length; false if it was not sent. */
  constructor(
    ssrc: number | undefined,
    private readonly write: (bytes: Uint8Array, lengthBytes: number) => boolean,
  ) {
    this.ssrc = ssrc ?? randomBytes(4).readUInt32BE();
  }

  /** RTP timestamp of now, and the clock that counts it. */
  get now(): number {
    return this.#timestamp(this.#ticks);
  }

  get clockHz(): number {
    return this.#ticks * INSIDE_HZ;
  }

  /** What is sent from now on. The encoder of the same format is kept, with its state. */
  use(format: AudioFormat, event: EventFormat | undefined): void {
    this.#eventTicks = (event?.clockHz ?? INSIDE_HZ) / INSIDE_HZ;
    const last = this.#format;
    this.#format = format;
    if (last !== undefined && isAlike(last, format)) return;
    this.#encoder?.close();
    this.#encoder = undefined;
    const ticks = CODEC_FACTS[format.codec].clockHz / INSIDE_HZ;
    this.#origin = (this.#origin + this.#elapsedSamples * (this.#ticks - ticks)) >>> 0;
    this.#ticks = ticks;
  }

  /** Hot: one tick with sound. False if it was not sent. */
  audio(samples: Int16Array): boolean {
    if (samples.length > MAX_PACKET_SAMPLES) throw new RangeError('more sound than a packet holds');
    const format = this.#format;
    if (format === undefined) return false;
    const encoder = (this.#encoder ??= openEncoder(format.codec, format.wishes));
    const bytes = PacketMemory.shared.room(RTP_HEADER_BYTES + encoder.maxBytes(samples.length));
    const length = encoder.encode(samples, bytes, RTP_HEADER_BYTES);
    const timestamp = this.#timestamp(this.#ticks);
    writeRtpHeader(bytes, format.payloadType, !this.#talking, this.#sequence, timestamp, this.ssrc);
    this.#elapsedSamples += samples.length;
    const sent = length > 0 && this.#put(bytes, RTP_HEADER_BYTES + length);
    this.#talking = sent;
    return sent;
  }

  /** Hot: one tick without sound. */
  silence(tickSamples: number): void {
    this.#talking = false;
    this.#elapsedSamples += tickSamples;
  }

  /** Hot: one tick in which a key, or the pause after one, has the line. */
  key(tickSamples: number, telephoneEventType: number): void {
    const event = this.keys.next(this.#timestamp(this.#eventTicks), tickSamples, this.#eventTicks);
    this.silence(tickSamples);
    if (event === undefined) return;
    const bytes = PacketMemory.shared.room(RTP_HEADER_BYTES + EVENT_BYTES);
    writeRtpHeader(bytes, telephoneEventType, event.marker, this.#sequence, event.timestamp, this.ssrc);
    writeEvent(bytes, RTP_HEADER_BYTES, event.event, event.end, event.durationSamples);
    this.#put(bytes, RTP_HEADER_BYTES + EVENT_BYTES);
  }

  close(): void {
    this.keys.clear();
    this.#encoder?.close();
    this.#encoder = undefined;
    this.#format = undefined;
  }

  /** The media time in a clock of `ticks` a sample; 32 bits of it. */
  #timestamp(ticks: number): number {
    return (this.#origin + this.#elapsedSamples * ticks) >>> 0;
  }

  #put(bytes: Uint8Array, lengthBytes: number): boolean {
    const sent = this.write(bytes, lengthBytes);
    // A packet that never left must not look lost.
    if (sent) this.#sequence = (this.#sequence + 1) & 0xffff;
    return sent;
  }
}

function isAlike(one: AudioFormat, other: AudioFormat): boolean {
  return (
    one.codec === other.codec &&
    one.wishes?.maxBitRate === other.wishes?.maxBitRate &&
    one.wishes?.isConstantRate === other.wishes?.isConstantRate
  );
}
