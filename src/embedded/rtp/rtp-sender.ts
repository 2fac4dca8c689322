import { randomBytes } from 'node:crypto';
import { encodeG711, type G711Codec } from '../../audio/g711.js';
import { RTP_HEADER_BYTES, writeRtpHeader } from './packet.js';
import { EVENT_BYTES, KeySender, writeEvent } from './telephone-event.js';

/**
 * Packets in flight: Node keeps a buffer until the system has taken it, which is at once unless the socket's queue is full.
 * 16 of them are 320 ms of sound.
 */
const BUFFERS = 16;

/** Longest packet made: 120 ms. */
const MAX_PACKET_SAMPLES = 960;

/** Makes the packets of one stream: timestamps by the media clock, marker at the start of each talk spurt, keys. */
export class RtpSender {
  readonly ssrc: number;
  readonly keys = new KeySender();
  readonly #buffers: Uint8Array[] = [];
  #nextBuffer = 0;
  // RFC 3550 §5.1: both start at random.
  #sequence = randomBytes(2).readUInt16BE();
  #timestamp = randomBytes(4).readUInt32BE();
  #talking = false;

  /** `write`: called with a packet and its length; false if it was not sent. */
  constructor(
    ssrc: number | undefined,
    private readonly write: (bytes: Uint8Array, lengthBytes: number) => boolean,
  ) {
    this.ssrc = ssrc ?? randomBytes(4).readUInt32BE();
    for (let i = 0; i < BUFFERS; i++) {
      this.#buffers.push(new Uint8Array(RTP_HEADER_BYTES + MAX_PACKET_SAMPLES));
    }
  }

  /** Hot: one tick with sound. False if it was not sent. */
  audio(samples: Int16Array, codec: G711Codec, payloadType: number): boolean {
    if (samples.length > MAX_PACKET_SAMPLES) throw new RangeError('more sound than a packet holds');
    const bytes = this.#buffer();
    encodeG711(codec, samples, bytes.subarray(RTP_HEADER_BYTES));
    writeRtpHeader(bytes, payloadType, !this.#talking, this.#sequence, this.#timestamp, this.ssrc);
    this.#timestamp = (this.#timestamp + samples.length) >>> 0;
    const sent = this.#put(bytes, RTP_HEADER_BYTES + samples.length);
    this.#talking = sent;
    return sent;
  }

  /** Hot: one tick without sound. */
  silence(tickSamples: number): void {
    this.#talking = false;
    this.#timestamp = (this.#timestamp + tickSamples) >>> 0;
  }

  /** Hot: one tick in which a key, or the pause after one, has the line. */
  key(tickSamples: number, telephoneEventType: number): void {
    const event = this.keys.next(this.#timestamp, tickSamples);
    this.silence(tickSamples);
    if (event === undefined) return;
    const bytes = this.#buffer();
    writeRtpHeader(bytes, telephoneEventType, event.marker, this.#sequence, event.timestamp, this.ssrc);
    writeEvent(bytes, RTP_HEADER_BYTES, event.event, event.end, event.durationSamples);
    this.#put(bytes, RTP_HEADER_BYTES + EVENT_BYTES);
  }

  #put(bytes: Uint8Array, lengthBytes: number): boolean {
    const sent = this.write(bytes, lengthBytes);
    // A packet that never left must not look lost.
    if (sent) this.#sequence = (this.#sequence + 1) & 0xffff;
    return sent;
  }

  #buffer(): Uint8Array {
    const bytes = this.#buffers[this.#nextBuffer] as Uint8Array;
    this.#nextBuffer = (this.#nextBuffer + 1) % BUFFERS;
    return bytes;
  }
}
