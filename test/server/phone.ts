import type { Test } from 'tap';
import { systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import { MediaTicker } from '../../src/embedded/rtp/media-ticker.js';
import { PortPool, type RtpSocket } from '../../src/embedded/rtp/port-pool.js';
import { RtpSession } from '../../src/embedded/rtp/rtp-session.js';
import { offerSdp, readRemoteMedia, type Direction } from '../../src/embedded/rtp/sdp.js';
import type { Dialog } from '../../src/embedded/sip/dialog.js';
import type { SipMessage } from '../../src/embedded/sip/message.js';
import type { IncomingInvite } from '../../src/embedded/sip/incoming-invite.js';
import type { OutgoingInvite } from '../../src/embedded/sip/outgoing-invite.js';
import { UserAgent } from '../../src/embedded/sip/user-agent.js';
import { eventually } from './house.js';

const frameSamples = 160;
/** 40 dB below full scale, as root mean square. */
const audible = 327;

export interface DialOptions {
  /** Default: our own offer; `none`: an INVITE without one; else this SDP. */
  readonly offer?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A SIP phone with real RTP, driven step by step. */
export class Phone {
  readonly #incoming: IncomingInvite[] = [];

  private constructor(
    readonly agent: UserAgent,
    private readonly ports: PortPool,
    readonly ticker: MediaTicker,
  ) {
    agent.on('invite', (incoming) => void this.#incoming.push(incoming));
  }

  /** Closed by the test's teardown. */
  static async open(t: Test): Promise<Phone> {
    const agent = await UserAgent.listen({
      listen: ['udp:127.0.0.1:0', 'tcp:127.0.0.1:0'],
      name: 'test-phone',
      clock: systemClock,
      logger: silentLogger,
    });
    const ports = new PortPool({ address: '127.0.0.1', minPort: 0, maxPort: 0 });
    const ticker = new MediaTicker({ clock: systemClock, logger: silentLogger });
    t.teardown(async () => {
      ticker.close();
      ports.close();
      await agent.close();
    });
    return new Phone(agent, ports, ticker);
  }

  socket(): Promise<RtpSocket> {
    return this.ports.acquire();
  }

  /** The next call that comes to this phone; waits for it. Calls that nobody takes are left without an answer. */
  async taken(limitMs = 15_000): Promise<TakenCall> {
    const incoming = await eventually(() => this.#incoming.shift(), limitMs);
    return new TakenCall(this, incoming, await this.socket());
  }

  /** Calls that came and that nobody has taken. */
  get waiting(): number {
    return this.#incoming.length;
  }

  /** Where it is called. */
  uri(name = 'phone'): string {
    return `sip:${name}@127.0.0.1:${this.agent.addresses[0]?.port ?? 0}`;
  }

  async dial(uri: string, options: DialOptions = {}): Promise<PhoneCall> {
    const socket = await this.socket();
    const own = offerSdp({ address: '127.0.0.1', port: socket.port });
    const body = options.offer === 'none' ? undefined : (options.offer ?? own);
    const invite = this.agent.invite(uri, {
      ...(body !== undefined && { body }),
      ...(options.headers !== undefined && { headers: options.headers }),
    });
    return new PhoneCall(this, invite, socket);
  }
}

/** How an INVITE ended. */
export type Outcome =
  | { readonly status: 200; readonly response: SipMessage }
  | { readonly status: number; readonly response: SipMessage | undefined };

/** What a phone hears and says in one call. It says silence until {@link PhoneLine.sing}. */
export class PhoneLine {
  dialog: Dialog | undefined;
  session: RtpSession | undefined;
  /** The far side has hung up. */
  hungUp = false;
  bye: SipMessage | undefined;
  #frames: Int16Array[] = [];
  /** How many of the frames so far are audible: who waits for one asks again and again. */
  #loud: { of: readonly Int16Array[]; looked: number; count: number } = { of: [], looked: 0, count: 0 };
  #hz = 0;
  #sampleAt = 0;
  #words: Int16Array[] = [];
  readonly #out = new Int16Array(frameSamples);
  readonly #sockets: RtpSocket[];
  readonly #tick = (): void => this.#send();

  constructor(
    private readonly phone: Phone,
    socket: RtpSocket,
  ) {
    this.#sockets = [socket];
  }

  /** The dialog is there. */
  protected established(dialog: Dialog): void {
    this.dialog = dialog;
    dialog.on('bye', (bye) => {
      this.bye = bye;
      this.hungUp = true;
    });
  }

  get socket(): RtpSocket {
    const socket = this.#sockets.at(-1);
    if (socket === undefined) throw new Error('no socket');
    return socket;
  }

  /** Begins to send and to hear; `sdp` is the far side's. */
  talk(sdp: string): void {
    const remote = readRemoteMedia(sdp);
    if (remote === undefined) throw new Error('an answer that fits nothing');
    const { codec, payloadType, telephoneEventType } = remote;
    this.session = new RtpSession({
      socket: this.socket,
      clock: systemClock,
      logger: silentLogger,
      codec,
      payloadType,
      telephoneEventType,
      remote: remote.remote,
      ptimeMs: 20,
    });
    this.session.onAudio = (samples) => void this.#frames.push(samples.slice());
    this.phone.ticker.add(this.#tick);
  }

  /** Offers again, from a new pair of ports: what comes to the old one is counted no more. */
  async move(): Promise<SipMessage | undefined> {
    const socket = await this.phone.socket();
    const response = await this.dialog?.reinvite(offerSdp({ address: '127.0.0.1', port: socket.port }));
    if (response?.status === 200) {
      this.phone.ticker.remove(this.#tick);
      this.session?.close();
      this.#sockets.push(socket);
      this.talk(response.body);
    }
    return response;
  }

  async reinvite(direction: Direction): Promise<SipMessage | undefined> {
    return this.dialog?.reinvite(this.offer(direction));
  }

  offer(direction: Direction = 'sendrecv'): string {
    return offerSdp({ address: '127.0.0.1', port: this.socket.port, direction });
  }

  /** A steady tone from now on, 0 for silence. */
  sing(hz: number): void {
    this.#hz = hz;
  }

  /** Says these samples, mono at 8 kHz, from the next frame on; then what it sings. */
  say(samples: Int16Array): void {
    for (let at = 0; at < samples.length; at += frameSamples) {
      const frame = new Int16Array(frameSamples);
      frame.set(samples.subarray(at, at + frameSamples));
      this.#words.push(frame);
    }
  }

  /** Sends no sound any more, not even silence, as a phone whose network is gone. */
  stop(): void {
    this.phone.ticker.remove(this.#tick);
  }

  /** After {@link stop}. */
  resume(): void {
    this.phone.ticker.add(this.#tick);
  }

  async press(keys: string): Promise<void> {
    await this.session?.sendDtmf(keys, 80);
  }

  /** Forgets what was heard. */
  forget(): void {
    this.#frames = [];
  }

  /** What was heard since {@link forget}. */
  get samples(): Int16Array {
    const all = new Int16Array(this.#frames.length * frameSamples);
    this.#frames.forEach((frame, index) => all.set(frame.subarray(0, frameSamples), index * frameSamples));
    return all;
  }

  get packets(): number {
    return this.#frames.length;
  }

  /** Waits until a tone of this frequency has been heard for `frames` frames. */
  hears(hz: number, frames = 3, limitMs = 15_000): Promise<number> {
    let heard: readonly Int16Array[] = [];
    let looked = 0;
    let count = 0;
    return eventually(() => {
      // Each frame once, and all anew after forget: asking comes every few milliseconds, in calls of a minute.
      if (heard !== this.#frames) [heard, looked, count] = [this.#frames, 0, 0];
      for (const frame of heard.slice(looked)) if (hasTone(frame, hz)) count += 1;
      looked = heard.length;
      return count >= frames ? count : undefined;
    }, limitMs);
  }

  /** Frames in which anything is audible. */
  get audibleFrames(): number {
    if (this.#loud.of !== this.#frames) this.#loud = { of: this.#frames, looked: 0, count: 0 };
    const loud = this.#loud;
    for (const frame of loud.of.slice(loud.looked)) if (rms(frame) > audible) loud.count += 1;
    loud.looked = loud.of.length;
    return loud.count;
  }

  /** Waits for the far side's BYE. */
  farEnd(limitMs = 15_000): Promise<true> {
    return eventually(() => this.hungUp || undefined, limitMs);
  }

  /** Hangs up if nobody did, and frees the ports. */
  async end(): Promise<void> {
    this.phone.ticker.remove(this.#tick);
    await this.dialog?.bye();
    this.session?.close();
    for (const socket of this.#sockets) socket.close();
  }

  #send(): void {
    const word = this.#words.shift();
    if (word !== undefined) return void this.session?.send(word);
    for (let i = 0; i < frameSamples; i += 1) {
      const angle = (2 * Math.PI * this.#hz * this.#sampleAt) / 8000;
      this.#out[i] = this.#hz === 0 ? 0 : Math.round(8000 * Math.sin(angle));
      this.#sampleAt += 1;
    }
    this.session?.send(this.#out);
  }
}

/** A call that the phone places. */
export class PhoneCall extends PhoneLine {
  /** Settles with the final response. */
  readonly outcome: Promise<Outcome>;

  constructor(
    phone: Phone,
    readonly invite: OutgoingInvite,
    socket: RtpSocket,
  ) {
    super(phone, socket);
    this.outcome = new Promise((resolve) => {
      invite.on('accepted', (response, dialog) => {
        this.established(dialog);
        resolve({ status: 200, response });
      });
      invite.on('failed', (status, response) => {
        socket.close();
        resolve({ status, response });
      });
    });
  }

  get sipCallId(): string {
    return this.invite.request.get('call-id') ?? '';
  }

  /** Waits for the 200, acknowledges it, and opens the media. Rejects if the call is refused. */
  async answered(): Promise<this> {
    const { status, response } = await this.outcome;
    if (status !== 200 || response === undefined) throw new Error(`refused with ${status}`);
    this.invite.ack();
    this.talk(response.body);
    return this;
  }
}

/** A call that comes to the phone. */
export class TakenCall extends PhoneLine {
  /** The caller gave up. */
  cancelled = false;

  constructor(
    phone: Phone,
    readonly incoming: IncomingInvite,
    socket: RtpSocket,
  ) {
    super(phone, socket);
    incoming.on('cancel', () => (this.cancelled = true));
  }

  ring(): void {
    this.incoming.respond(180);
  }

  /** Sound before the answer. */
  early(): void {
    this.incoming.respond(183, undefined, { body: this.offer() });
    this.talk(this.incoming.request.body);
  }

  answer(): this {
    this.established(this.incoming.accept({ body: this.offer() }));
    if (this.session === undefined) this.talk(this.incoming.request.body);
    return this;
  }

  refuse(status: number): void {
    this.incoming.respond(status);
  }

  /** Waits for the CANCEL. */
  givenUp(limitMs = 15_000): Promise<true> {
    return eventually(() => this.cancelled || undefined, limitMs);
  }
}

/** Whether a frame holds the tone: at least half of its power lies there (Goertzel). */
export function hasTone(frame: Int16Array, hz: number): boolean {
  const power = rms(frame) ** 2;
  return power > audible ** 2 && toneShare(frame, hz) > 0.5;
}

/** Share of the samples' power that lies at one frequency, 0 to 1. */
export function toneShare(samples: Int16Array, hz: number): number {
  const w = (2 * Math.PI * hz) / 8000;
  let re = 0;
  let im = 0;
  let total = 0;
  samples.forEach((sample, i) => {
    re += sample * Math.cos(w * i);
    im += sample * Math.sin(w * i);
    total += sample * sample;
  });
  return total === 0 ? 0 : (2 * (re * re + im * im)) / (samples.length * total);
}

/** Frames of 20 ms in which the tone is. */
export function countTone(samples: Int16Array, hz: number): number {
  let count = 0;
  for (let at = 0; at + frameSamples <= samples.length; at += frameSamples) {
    if (hasTone(samples.subarray(at, at + frameSamples), hz)) count += 1;
  }
  return count;
}

export function rms(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return samples.length === 0 ? 0 : Math.sqrt(sum / samples.length);
}
