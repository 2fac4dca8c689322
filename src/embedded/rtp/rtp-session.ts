import type { RemoteInfo } from 'node:dgram';
import { lookup } from 'node:dns';
import { isIP } from 'node:net';
import { formatHostPort, type HostPort } from '../../core/address.js';
import type { Clock } from '../../core/clock.js';
import { errorCode } from '../../core/errors.js';
import { OnceLogger, type Logger } from '../../core/logger.js';
import { TypedEmitter } from '../../core/typed-emitter.js';
import type { G711Codec } from '../../audio/g711.js';
import { rtpError } from './errors.js';
import { isRtcp } from './packet.js';
import type { RtpSocket } from './port-pool.js';
import { RtpReceiver, type AudioListener } from './rtp-receiver.js';
import { RtpSender } from './rtp-sender.js';
import { eventOfDigit } from './telephone-event.js';

export interface RtpSessionOptions {
  /** Closed by the session. */
  readonly socket: RtpSocket;
  readonly clock: Clock;
  readonly codec: G711Codec;
  /** What we send, and expect. */
  readonly payloadType: number;
  /** Undefined if it was not agreed: no keys then. */
  readonly telephoneEventType: number | undefined;
  /** Undefined until an answer tells: then the first packet received does. */
  readonly remote: HostPort | undefined;
  /** Length of a tick in which nothing is sent. */
  readonly ptimeMs: number;
  readonly logger: Logger;
  /** Default random. */
  readonly ssrc?: number;
}

export type { ReceivedPacket } from './rtp-receiver.js';

export type RtpSessionEvents = {
  /** Once per key, after its end. */
  dtmf: [digit: string, durationSamples: number];
  dtmfStart: [digit: string];
  /** The first packet with sound since the session, or the last setRemote, began. */
  audio: [];
};

export interface RtpStats {
  packetsSent: number;
  bytesSent: number;
  packetsReceived: number;
  bytesReceived: number;
  /** RTP packets of the caller that never came, by their sequence numbers. */
  lost: number;
  /** Packets from an address that is not the caller's. */
  strangers: number;
  /** Packets that are no RTP, or of a payload type that was not agreed. */
  malformed: number;
  /** On the session's clock. */
  lastReceivedMs: number | undefined;
}

/** Samples of a millisecond: G.711 is 8 kHz. */
const SAMPLES_PER_MS = 8;

/**
 * One call's RTP. The owner calls {@link send} or {@link skip} once per tick of its ticker; received sound goes to
 * {@link onAudio} as it comes.
 *
 * Symmetric RTP (RFC 4961): the first valid packet tells where the caller is, whatever the SDP said; from then on
 * packets from elsewhere are dropped and counted. Only the address of the SDP itself may take the lock over, so that
 * a stranger who is faster than the caller keeps nothing.
 */
export class RtpSession extends TypedEmitter<RtpSessionEvents> {
  readonly localPort: number;
  readonly stats: RtpStats = {
    packetsSent: 0,
    bytesSent: 0,
    packetsReceived: 0,
    bytesReceived: 0,
    lost: 0,
    strangers: 0,
    malformed: 0,
    lastReceivedMs: undefined,
  };
  /** Hot: called per packet with sound, in order of arrival, synchronously; see {@link AudioListener}. */
  onAudio: AudioListener | undefined;

  readonly #socket: RtpSocket;
  readonly #tickSamples: number;
  readonly #once: OnceLogger;
  readonly #receiver: RtpReceiver;
  readonly #sender: RtpSender;
  #codec: G711Codec;
  #payloadType: number;
  #telephoneEventType: number | undefined;
  /** What the SDP says. */
  #signalled: HostPort | undefined;
  /** Where the caller's packets come from. */
  #source: HostPort | undefined;
  /** Where ours go. */
  #target: HostPort | undefined;
  /** The SDP said to send nothing: hold with c=0.0.0.0. */
  #held = false;
  #heard = false;
  #closed = false;
  #keyWaiters: { done: () => void; failed: (error: Error) => void }[] = [];

  constructor(options: RtpSessionOptions) {
    super();
    this.#socket = options.socket;
    this.localPort = options.socket.port;
    this.#tickSamples = options.ptimeMs * SAMPLES_PER_MS;
    this.#once = new OnceLogger(options.logger);
    this.#codec = options.codec;
    this.#payloadType = options.payloadType;
    this.#telephoneEventType = options.telephoneEventType;
    this.#receiver = new RtpReceiver(
      options.clock,
      this.stats,
      {
        started: (digit) => void this.emit('dtmfStart', digit),
        ended: (digit, durationSamples) => void this.emit('dtmf', digit, durationSamples),
      },
      options,
    );
    this.#receiver.onAudio = (samples, position, packet) => {
      if (!this.#heard) {
        this.#heard = true;
        this.emit('audio');
      }
      this.onAudio?.(samples, position, packet);
    };
    this.#sender = new RtpSender(options.ssrc, (bytes, lengthBytes) => this.#write(bytes, lengthBytes));
    this.#signal(options.remote);
    this.#socket.onMessage = (bytes, source) => this.#receive(bytes, source);
  }

  /** Our SSRC. */
  get ssrc(): number {
    return this.#sender.ssrc;
  }

  /** Where packets go to now: the caller's real address once a packet came, before that the signalled one. */
  get target(): HostPort | undefined {
    return this.#target;
  }

  /**
   * After a new offer and answer: the next valid packet locks the source anew. `remote` undefined: hold without an
   * address (`c=0.0.0.0`); nothing is sent until the next call. Our timestamps and sequence numbers go on.
   */
  setRemote(
    remote: HostPort | undefined,
    codec: G711Codec,
    payloadType: number,
    telephoneEventType: number | undefined,
  ): void {
    this.#codec = codec;
    this.#payloadType = payloadType;
    this.#telephoneEventType = telephoneEventType;
    this.#receiver.codec = codec;
    this.#receiver.payloadType = payloadType;
    this.#receiver.telephoneEventType = telephoneEventType;
    this.#source = undefined;
    this.#heard = false;
    this.#held = remote === undefined;
    this.#signal(remote);
  }

  /**
   * Hot: one tick's sound, mono, 16 bit, 8 kHz. True if it went out: not while a key has the line, on hold without
   * an address, or before the other side's address is known; the timestamp goes on all the same.
   */
  send(samples: Int16Array): boolean {
    if (this.#closed) return false;
    if (this.#sender.keys.busy) {
      this.#sendKey(samples.length);
      return false;
    }
    return this.#sender.audio(samples, this.#codec, this.#payloadType);
  }

  /** Hot: nothing to send in this tick (but a key, if one waits). The next {@link send} begins a talk spurt. */
  skip(): void {
    if (this.#closed) return;
    if (this.#sender.keys.busy) this.#sendKey(this.#tickSamples);
    else this.#sender.silence(this.#tickSamples);
  }

  /**
   * Presses keys (0-9 * # A-D; other characters are passed over), each for `durationMs`, in the place of sound. It is
   * sent by the ticks: resolves in the tick that ends the last key of all that wait. Rejects RTP_NO_TELEPHONE_EVENT, RTP_CLOSED.
   */
  sendDtmf(digits: string, durationMs = 100): Promise<void> {
    if (this.#closed) return Promise.reject(rtpError('RTP_CLOSED'));
    if (this.#telephoneEventType === undefined) return Promise.reject(rtpError('RTP_NO_TELEPHONE_EVENT'));
    for (const digit of digits) {
      const event = eventOfDigit(digit);
      // Shorter than 40 ms is no key to most receivers (ITU-T Q.24).
      if (event !== undefined) this.#sender.keys.push(event, Math.max(40, durationMs) * SAMPLES_PER_MS);
    }
    if (!this.#sender.keys.busy) return Promise.resolve();
    return new Promise((done, failed) => this.#keyWaiters.push({ done, failed }));
  }

  /** Frees the ports; nothing is emitted after it. Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.onAudio = undefined;
    this.#receiver.close();
    this.#sender.keys.clear();
    this.#socket.close();
    for (const waiter of this.#keyWaiters.splice(0)) waiter.failed(rtpError('RTP_CLOSED'));
  }

  #sendKey(tickSamples: number): void {
    if (this.#telephoneEventType === undefined) this.#sender.keys.clear();
    else this.#sender.key(tickSamples, this.#telephoneEventType);
    if (this.#sender.keys.busy) return;
    for (const waiter of this.#keyWaiters.splice(0)) waiter.done();
  }

  /** Hot. */
  #receive(bytes: Buffer, source: RemoteInfo): void {
    if (isRtcp(bytes)) return;
    const known = this.#isSource(source);
    if (!known && this.#source !== undefined && !this.#isSignalled(source)) {
      this.stats.strangers++;
      this.#warnOf(source, 'RTP from a stranger is dropped');
      return;
    }
    if (!this.#receiver.read(bytes)) {
      this.stats.malformed++;
      this.#warnOf(source, 'packet is no RTP of this call');
      return;
    }
    if (!known) this.#lock(source);
    try {
      this.#receiver.take(bytes);
    } catch (error) {
      // What a listener throws must not end the call, and a packet must not end the process.
      this.#once.warn(errorCode(error), { code: errorCode(error), error }, 'received sound was not handled');
    }
  }

  #isSource(source: RemoteInfo): boolean {
    return this.#source?.port === source.port && this.#source.host === source.address;
  }

  #isSignalled(source: RemoteInfo): boolean {
    return this.#signalled?.port === source.port && this.#signalled.host === source.address;
  }

  #lock(source: RemoteInfo): void {
    if (this.#source !== undefined) this.#receiver.reset();
    this.#source = { host: source.address, port: source.port };
    this.#target = this.#source;
  }

  #signal(remote: HostPort | undefined): void {
    this.#signalled = remote;
    this.#target = remote;
    if (remote === undefined || isIP(remote.host) !== 0) return;
    // A name is allowed in SDP (RFC 4566 §5.7): resolved once, not per packet.
    this.#target = undefined;
    lookup(remote.host, (error, address) => {
      if (this.#signalled !== remote || this.#closed) return;
      if (error !== null) {
        this.#once.warn(remote.host, { host: remote.host, code: errorCode(error) }, 'RTP address not found');
        return;
      }
      this.#signalled = { host: address, port: remote.port };
      this.#target ??= this.#signalled;
    });
  }

  /** Hot. */
  #write(bytes: Uint8Array, lengthBytes: number): boolean {
    const target = this.#target;
    if (target === undefined || this.#held) return false;
    this.#socket.send(bytes, lengthBytes, target.port, target.host);
    this.stats.packetsSent++;
    this.stats.bytesSent += lengthBytes;
    return true;
  }

  #warnOf(source: RemoteInfo, message: string): void {
    const from = formatHostPort({ host: source.address, port: source.port });
    this.#once.warn(`${message} ${from}`, { from, localPort: this.localPort }, message);
  }
}
