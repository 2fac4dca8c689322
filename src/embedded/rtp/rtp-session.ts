import type { RemoteInfo } from 'node:dgram';
import { lookup } from 'node:dns';
import { isIP } from 'node:net';
import { formatHostPort, type HostPort } from '../../core/address.js';
import type { Clock } from '../../core/clock.js';
import { errorCode } from '../../core/errors.js';
import { OnceLogger, type Logger } from '../../core/logger.js';
import { TypedEmitter } from '../../core/typed-emitter.js';
import { rtpError } from './errors.js';
import { isBesideRtp, isRtcp, RTP_HEADER_BYTES } from './packet.js';
import type { RtpSocket } from './port-pool.js';
import type { ReceptionStatistics } from './reception-statistics.js';
import { RtcpReporter, type RtcpStats } from './rtcp-reporter.js';
import { RtpReceiver, type AudioListener } from './rtp-receiver.js';
import type { AudioCodec } from './codec.js';
import { RtpSender } from './rtp-sender.js';
import type { AgreedFormats, AudioFormat } from './sdp-formats.js';
import type { RemoteRtcp } from './sdp-rtcp.js';
import { eventOfDigit } from './telephone-event.js';
import { ToneKeys } from './tone-keys.js';

export interface RtpSessionOptions extends AgreedFormats {
  /** Closed by the session. */
  readonly socket: RtpSocket;
  readonly clock: Clock;
  /** Undefined until an answer tells: then the first packet received does. */
  readonly remote: HostPort | undefined;
  /** Length of a tick in which nothing is sent. */
  readonly ptimeMs: number;
  readonly logger: Logger;
  /** Default random. */
  readonly ssrc?: number;
  /** Keys go as sound when telephone-event was not agreed; default false: they are refused. */
  readonly sendsToneKeys?: boolean;
  /** Under this name RTCP is sent and read (RFC 7022: random, of this call alone); default: no RTCP. */
  readonly cname?: string;
  /** Where the other side's RTCP is; default the port above. */
  readonly rtcp?: RemoteRtcp;
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

/** A caller whose own address was silent for so long may have moved: a NAT forgets, a telephone changes its network. */
const MOVED_AFTER_MS = 2000;

/** After so many packets from the address that the SDP names, a second of them, the socket is for it alone. */
const STEADY_PACKETS = 50;
/** So many ticks without a packet and it is for all again, 0.5 s: well before the caller counts as moved. */
const SILENT_TICKS = 25;

/** Samples of a millisecond: 8 kHz, whatever the codec's rate. */
const SAMPLES_PER_MS = 8;

/**
 * One call's RTP. The owner calls {@link send} or {@link skip} once per tick of its ticker; received sound goes to
 * {@link onAudio} as it comes.
 *
 * Symmetric RTP (RFC 4961): the first valid packet tells where the caller is, whatever the SDP said; from then on
 * packets from elsewhere are dropped and counted. Only the address of the SDP itself may take the lock over, so that
 * a stranger who is faster than the caller keeps nothing; and the very stream that was heard, when it goes on from another
 * address after the known one was silent for 2 s.
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

  /** Undefined: keys do not go as sound. */
  readonly #toneKeys: ToneKeys | undefined;
  readonly #toneFrame: Int16Array;
  readonly #clock: Clock;
  readonly #reporter: RtcpReporter | undefined;
  #rtcp: RemoteRtcp | undefined;
  /** Where the caller's RTCP comes from. */
  #rtcpSource: HostPort | undefined;
  readonly #socket: RtpSocket;
  readonly #tickSamples: number;
  readonly #once: OnceLogger;
  readonly #receiver: RtpReceiver;
  readonly #sender: RtpSender;
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
  /** Packets from where the caller is since that was found out, or since it fell silent; ticks since the last one. */
  #steadyPackets = 0;
  #silentTicks = 0;
  #staysWide = false;
  #closed = false;
  #keyWaiters: { done: () => void; failed: (error: Error) => void }[] = [];

  constructor(options: RtpSessionOptions) {
    super();
    this.#clock = options.clock;
    this.#rtcp = options.rtcp;
    this.#socket = options.socket;
    this.localPort = options.socket.port;
    this.#tickSamples = options.ptimeMs * SAMPLES_PER_MS;
    this.#toneKeys = options.sendsToneKeys === true ? new ToneKeys() : undefined;
    this.#toneFrame = new Int16Array(this.#tickSamples);
    this.#once = new OnceLogger(options.logger);
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
    this.#sendBy(options);
    this.#signal(options.remote);
    this.#socket.onMessage = (bytes, source) => this.#receive(bytes, source);
    if (options.cname !== undefined) this.#reporter = this.#report(options.cname);
    this.#socket.onRtcp = (bytes, source) => this.#receiveRtcp(bytes, source, false);
  }

  /** Loss and jitter of what is received. */
  get reception(): ReceptionStatistics {
    return this.#receiver.reception;
  }

  /** What the other side says about what it receives, and the round trip; undefined without RTCP. */
  get rtcpStats(): RtcpStats | undefined {
    return this.#reporter?.stats;
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
   * address (`c=0.0.0.0`); nothing is sent until the next call. Our timestamps and sequence numbers go on. `all`: what may
   * come besides, as in {@link AgreedFormats}, and where RTCP goes.
   */
  setRemote(
    remote: HostPort | undefined,
    codec: AudioCodec,
    payloadType: number,
    telephoneEventType: number | undefined,
    all?: Pick<AgreedFormats, 'formats' | 'events'> & { readonly rtcp?: RemoteRtcp },
  ): void {
    const agreed = { codec, payloadType, telephoneEventType, ...all };
    this.#telephoneEventType = telephoneEventType;
    this.#sendBy(agreed);
    this.#receiver.use(agreed);
    this.#rtcp = all?.rtcp;
    this.#rtcpSource = undefined;
    this.#source = undefined;
    this.#unsettle();
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
    if (++this.#silentTicks === SILENT_TICKS) this.#unsettle();
    if (this.#sender.keys.busy) {
      this.#sendKey(samples.length);
      return false;
    }
    if (this.#toneKeys?.busy === true) {
      this.#sendTone(this.#toneKeys);
      return false;
    }
    return this.#sender.audio(samples);
  }

  /** Hot: nothing to send in this tick (but a key, if one waits). The next {@link send} begins a talk spurt. */
  skip(): void {
    if (this.#closed) return;
    if (++this.#silentTicks === SILENT_TICKS) this.#unsettle();
    if (this.#sender.keys.busy) this.#sendKey(this.#tickSamples);
    else if (this.#toneKeys?.busy === true) this.#sendTone(this.#toneKeys);
    else this.#sender.silence(this.#tickSamples);
  }

  /**
   * Presses keys (0-9 * # A-D; other characters are passed over), each for `durationMs`, in the place of sound. It is
   * sent by the ticks: resolves in the tick that ends the last key of all that wait. Rejects RTP_NO_TELEPHONE_EVENT when it was
   * not agreed and keys may not go as sound, RTP_CLOSED.
   */
  sendDtmf(digits: string, durationMs = 100): Promise<void> {
    if (this.#closed) return Promise.reject(rtpError('RTP_CLOSED'));
    const tones = this.#telephoneEventType === undefined ? this.#toneKeys : undefined;
    if (this.#telephoneEventType === undefined && tones === undefined)
      return Promise.reject(rtpError('RTP_NO_TELEPHONE_EVENT'));
    for (const digit of digits) {
      const event = eventOfDigit(digit);
      // Shorter than 40 ms is no key to most receivers (ITU-T Q.24).
      const keyMs = Math.max(40, durationMs);
      if (tones !== undefined) tones.push(digit, keyMs);
      else if (event !== undefined) this.#sender.keys.push(event, keyMs * SAMPLES_PER_MS);
    }
    if (!this.#sender.keys.busy && tones?.busy !== true) return Promise.resolve();
    return new Promise((done, failed) => this.#keyWaiters.push({ done, failed }));
  }

  /** Frees the ports; nothing is emitted after it. Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.onAudio = undefined;
    this.#reporter?.close();
    this.#receiver.close();
    this.#sender.close();
    this.#toneKeys?.clear();
    this.#socket.close();
    for (const waiter of this.#keyWaiters.splice(0)) waiter.failed(rtpError('RTP_CLOSED'));
  }

  #sendBy({ codec, payloadType, telephoneEventType, formats, events }: AgreedFormats): void {
    const isIt = (format: AudioFormat): boolean =>
      format.codec === codec && format.payloadType === payloadType;
    this.#sender.use(
      formats?.find(isIt) ?? { codec, payloadType },
      events?.find((event) => event.payloadType === telephoneEventType),
    );
  }

  #sendKey(tickSamples: number): void {
    if (this.#telephoneEventType === undefined) this.#sender.keys.clear();
    else this.#sender.key(tickSamples, this.#telephoneEventType);
    if (this.#sender.keys.busy) return;
    for (const waiter of this.#keyWaiters.splice(0)) waiter.done();
  }

  #sendTone(keys: ToneKeys): void {
    keys.take(this.#toneFrame);
    this.#sender.audio(this.#toneFrame);
    if (keys.busy) return;
    for (const waiter of this.#keyWaiters.splice(0)) waiter.done();
  }

  /** Hot. */
  #receive(bytes: Buffer, source: RemoteInfo): void {
    if (isRtcp(bytes)) {
      this.#receiveRtcp(bytes, source, true);
      return;
    }
    const known = this.#isSource(source);
    if (!known && this.#source !== undefined && !this.#isSignalled(source) && !this.#hasMoved(bytes)) {
      this.stats.strangers++;
      this.#warnOf(source, 'RTP from a stranger is dropped');
      return;
    }
    if (!this.#receiver.read(bytes)) {
      this.stats.malformed++;
      if (!isBesideRtp(bytes)) this.#warnOf(source, 'packet is no RTP of this call');
      return;
    }
    if (!known) this.#lock(source);
    this.#silentTicks = 0;
    if (++this.#steadyPackets === STEADY_PACKETS && !this.#staysWide && this.#isSignalled(source))
      this.#socket.narrow(source.port, source.address);
    try {
      this.#receiver.take(bytes);
    } catch (error) {
      // What a listener throws must not end the call, and a packet must not end the process.
      this.#once.warn(errorCode(error), { code: errorCode(error), error }, 'received sound was not handled');
    }
  }

  #hasMoved(bytes: Buffer): boolean {
    const silentMs = this.#clock.nowMs() - (this.stats.lastReceivedMs ?? Infinity);
    return silentMs >= MOVED_AFTER_MS && this.#receiver.read(bytes) && this.#receiver.continues;
  }

  #report(cname: string): RtcpReporter {
    return new RtcpReporter({
      clock: this.#clock,
      ssrc: this.#sender.ssrc,
      cname,
      reception: this.#receiver.reception,
      sent: () => {
        const { packetsSent, bytesSent } = this.stats;
        const octets = bytesSent - RTP_HEADER_BYTES * packetsSent;
        const { now, clockHz } = this.#sender;
        return { packets: packetsSent, octets, rtpTimestamp: now, clockHz };
      },
      write: (bytes) => this.#writeRtcp(bytes),
    });
  }

  #receiveRtcp(bytes: Buffer, source: RemoteInfo, isMuxed: boolean): void {
    if (this.#reporter === undefined) return;
    if (source.address !== this.#source?.host && source.address !== this.#signalled?.host) {
      this.stats.strangers++;
      return;
    }
    if (!isMuxed) this.#rtcpSource = { host: source.address, port: source.port };
    this.#reporter.receive(bytes);
  }

  #writeRtcp(bytes: Uint8Array): boolean {
    const target = this.#target;
    if (target === undefined || isIP(target.host) === 0 || this.#held) return false;
    if (this.#rtcp?.isMuxed === true) {
      this.#socket.send(bytes, bytes.length, target.port, target.host);
      return true;
    }
    // What the SDP says of a caller behind a NAT leads nowhere, for RTCP as for RTP.
    const signalled = target.host === this.#signalled?.host ? this.#rtcp?.address : undefined;
    const above = { host: target.host, port: target.port + 1 };
    const { host, port } = this.#rtcpSource ?? signalled ?? above;
    if (isIP(host) === 0 || port > 65_535) return false;
    this.#socket.sendRtcp(bytes, port, host);
    return true;
  }

  /** The caller may come from elsewhere. If nothing at all came by the narrowed socket, it is left wide from now on. */
  #unsettle(): void {
    if (this.#steadyPackets === STEADY_PACKETS) this.#staysWide = true;
    this.#steadyPackets = 0;
    this.#socket.widen();
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
    this.#unsettle();
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
