import type { Clock, Timer } from '../../core/clock.js';
import { timestampDifference } from './packet.js';

/** Events 0 to 15 of RFC 4733 §3.2, by their number. */
const DIGITS = '0123456789*#ABCD';

/** Length of an event's payload. */
export const EVENT_BYTES = 4;

/** Longest duration that fits in one segment (RFC 4733 §2.5.1.3): 8.2 s at 8 kHz, 1.4 s at 48 kHz. */
export const MAX_SEGMENT_SAMPLES = 0xffff;

/** RFC 4733 §2.3.3: 0 is 0 dBm0, larger is quieter. What FreeSWITCH and most phones send. */
const VOLUME = 10;

/** A key whose end packets are all lost counts as released when nothing of it came for so long (senders repeat every 20-50 ms). */
const LOST_END_MS = 200;

/** A sender whose timestamp stands still presses the same key again no sooner; a packet of before is no longer on its way. */
const SAME_KEY_AGAIN_MS = 100;

/** How far back the timestamp of a reordered packet of an earlier key may lie: 2 s at 8 kHz. */
const LATE_SAMPLES = 16_000;

/** The event number of a key; undefined for what is no key. */
export function eventOfDigit(digit: string): number | undefined {
  const at = digit.length === 1 ? DIGITS.indexOf(digit.toUpperCase()) : -1;
  return at < 0 ? undefined : at;
}

/** The key of an event number; undefined for what is no key, such as 16, a flash. */
export function digitOfEvent(event: number): string | undefined {
  return DIGITS[event];
}

/** Hot: an event's payload (RFC 4733 §2.3). */
export function writeEvent(
  bytes: Uint8Array,
  at: number,
  event: number,
  end: boolean,
  durationSamples: number,
): void {
  bytes[at] = event;
  bytes[at + 1] = (end ? 0x80 : 0) | VOLUME;
  bytes[at + 2] = durationSamples >> 8;
  bytes[at + 3] = durationSamples & 0xff;
}

export interface KeyListener {
  started(digit: string): void;
  ended(digit: string, durationSamples: number): void;
}

/**
 * Makes keys out of telephone-event packets. A key is what has one timestamp: its first packet starts it, with or without
 * the marker bit; its end, sent three times, ends it once. It also ends when the next key starts, or when all its ends
 * are lost and nothing more of it comes. Some senders give all keys one timestamp: then another digit is another key, and so
 * is the same one with a marker after a pause.
 */
export class KeyReceiver {
  /** Of the events' clock in a sample of 8 kHz, in which durations are reported. */
  ticks = 1;
  readonly #clock: Clock;
  readonly #listener: KeyListener;
  #digit: string | undefined;
  /** The key that was last, whether it has ended or not, and the one before it. */
  #lastDigit: string | undefined;
  #earlierDigit: string | undefined;
  #timestamp = 0;
  #durationSamples = 0;
  /** Length of the segments before the present one. */
  #earlierSamples = 0;
  #lastPacketMs = 0;
  /** Whether any key was received: a timestamp says nothing before. */
  #known = false;
  #timer: Timer | undefined;

  constructor(clock: Clock, listener: KeyListener) {
    this.#clock = clock;
    this.#listener = listener;
  }

  /** One packet: four bytes from `at` on. What is too short or no key is ignored. */
  receive(bytes: Uint8Array, at: number, end: number, timestamp: number, marker: boolean): void {
    if (end - at < EVENT_BYTES) return;
    const digit = DIGITS[bytes[at] as number];
    if (digit === undefined) return;
    const isEnd = ((bytes[at + 1] as number) & 0x80) !== 0;
    const durationSamples = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
    const ahead = timestampDifference(timestamp, this.#timestamp);
    if (this.#known && ahead === 0 && !this.#isAnother(digit, marker, isEnd)) {
      // After the end: a repeated end, or an update that came late.
      if (this.#digit === undefined || digit !== this.#digit) return;
    } else if (this.#known && ahead < 0 && ahead > -LATE_SAMPLES * this.ticks) {
      return; // A late packet of an earlier key; further back the sender has set its clock anew.
    } else if (this.#continues(digit, ahead, marker)) {
      this.#earlierSamples += ahead;
      this.#timestamp = timestamp;
      this.#durationSamples = 0;
    } else {
      this.#start(digit, timestamp);
    }
    this.#lastPacketMs = this.#clock.nowMs();
    if (durationSamples > this.#durationSamples) this.#durationSamples = durationSamples;
    if (isEnd) this.#finish();
  }

  /** Another source speaks: its timestamps say nothing about the keys before. */
  reset(): void {
    this.#finish();
    this.#known = false;
  }

  /** Nothing is reported after this. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#digit = undefined;
  }

  /** With the timestamp of the last key. */
  #isAnother(digit: string, marker: boolean, isEnd: boolean): boolean {
    // An end of the key before may still be on its way.
    if (digit !== this.#lastDigit) return !(isEnd && digit === this.#earlierDigit);
    const silentMs = this.#clock.nowMs() - this.#lastPacketMs;
    return this.#digit === undefined && marker && !isEnd && silentMs >= SAME_KEY_AGAIN_MS;
  }

  /** RFC 4733 §2.5.1.3: a key held for longer than one segment goes on in the next, which starts where it ended. */
  #continues(digit: string, ahead: number, marker: boolean): boolean {
    return (
      !marker &&
      digit === this.#digit &&
      ahead >= 0xf000 &&
      ahead <= MAX_SEGMENT_SAMPLES + 1 &&
      this.#durationSamples >= 0xf000
    );
  }

  #start(digit: string, timestamp: number): void {
    this.#finish();
    this.#digit = digit;
    this.#earlierDigit = this.#lastDigit;
    this.#lastDigit = digit;
    this.#timestamp = timestamp;
    this.#known = true;
    this.#durationSamples = 0;
    this.#earlierSamples = 0;
    this.#watch(LOST_END_MS);
    this.#listener.started(digit);
  }

  #finish(): void {
    const digit = this.#digit;
    if (digit === undefined) return;
    this.#digit = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#listener.ended(digit, Math.round((this.#earlierSamples + this.#durationSamples) / this.ticks));
  }

  #watch(delayMs: number): void {
    this.#timer = this.#clock.after(delayMs, () => {
      const silentMs = this.#clock.nowMs() - this.#lastPacketMs;
      if (silentMs >= LOST_END_MS - 1) this.#finish();
      else this.#watch(LOST_END_MS - silentMs);
    });
  }
}

/** One key that waits to be sent. */
interface QueuedKey {
  readonly event: number;
  readonly durationSamples: number;
}

/** What the next tick of a {@link KeySender} puts on the wire. */
export interface EventPacket {
  event: number;
  /** First packet of the key. */
  marker: boolean;
  end: boolean;
  durationSamples: number;
  /** When the key (or its present segment) started. */
  timestamp: number;
}

/** RFC 4733 §2.5.1.4: the end is sent three times. */
const END_PACKETS = 3;

/** Ticks of silence between the last end packet and the next key; with the repeated ends at least 80 ms apart. */
const PAUSE_TICKS = 2;

/** Makes telephone-event packets out of keys, one packet per tick of the sender. */
export class KeySender {
  readonly #queue: QueuedKey[] = [];
  readonly #packet: EventPacket = { event: 0, marker: false, end: false, durationSamples: 0, timestamp: 0 };
  #key: QueuedKey | undefined;
  #sentSamples = 0;
  #segmentSamples = 0;
  #endsLeft = 0;
  #pauseLeft = 0;

  /** Whether the line is taken: by a key or by the pause after one. */
  get busy(): boolean {
    return this.#key !== undefined || this.#queue.length > 0 || this.#pauseLeft > 0;
  }

  push(event: number, durationSamples: number): void {
    this.#queue.push({ event, durationSamples });
  }

  clear(): void {
    this.#queue.length = 0;
    this.#key = undefined;
    this.#pauseLeft = 0;
  }

  /**
   * Hot: the packet of this tick, at media time `timestamp`, reused by the next call; undefined in a pause or when idle.
   * `ticks`: of the events' clock in a sample of 8 kHz; its times are in that clock.
   */
  next(timestamp: number, tickSamples: number, ticks = 1): EventPacket | undefined {
    if (this.#pauseLeft > 0) {
      this.#pauseLeft--;
      return undefined;
    }
    const packet = this.#packet;
    if (this.#key === undefined) {
      this.#key = this.#queue.shift();
      if (this.#key === undefined) return undefined;
      packet.event = this.#key.event;
      packet.marker = true;
      packet.timestamp = timestamp;
      this.#sentSamples = 0;
      this.#segmentSamples = 0;
      this.#endsLeft = END_PACKETS;
    } else {
      packet.marker = false;
    }
    if (this.#sentSamples < this.#key.durationSamples) {
      const step = Math.min(tickSamples, this.#key.durationSamples - this.#sentSamples);
      if ((this.#segmentSamples + step) * ticks > MAX_SEGMENT_SAMPLES) {
        packet.timestamp = (packet.timestamp + this.#segmentSamples * ticks) >>> 0;
        this.#segmentSamples = 0;
      }
      this.#sentSamples += step;
      this.#segmentSamples += step;
    }
    packet.end = this.#sentSamples >= this.#key.durationSamples;
    packet.durationSamples = this.#segmentSamples * ticks;
    if (packet.end && --this.#endsLeft === 0) {
      this.#key = undefined;
      this.#pauseLeft = PAUSE_TICKS;
    }
    return packet;
  }
}
