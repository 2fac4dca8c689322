import type { HostPort } from '../../core/address.js';
import type { AudioCodec } from '../rtp/codec.js';
import { canOpen } from '../rtp/codecs/open-codec.js';
import { offerFormats } from '../rtp/sdp-formats.js';
import { parseSecurityPolicy, SecurityNegotiation } from '../rtp/security-negotiation.js';
import { answerSdp, narrow, offerSdp, readRemoteMedia, sends, type RemoteMedia } from '../rtp/sdp.js';

/** The negotiation of one leg: what was said on both sides, first and after each re-INVITE. */
export class SdpLeg {
  localSdp = '';
  remoteSdp = '';
  remote: RemoteMedia | undefined;
  /** Whether the agreed direction lets us send. */
  maySend = true;
  #version: number;
  readonly #sessionId: number;

  constructor(
    /** What the other side is told to send to. */
    private readonly local: HostPort,
    wallMs: number,
    /** Ours; the other side's order decides. */
    private readonly codecs: readonly AudioCodec[],
    /** How the stream is protected. */
    readonly security = new SecurityNegotiation(),
  ) {
    this.#sessionId = Math.floor(wallMs);
    this.#version = this.#sessionId;
  }

  /** What the variable `rtp_secure_media` says, for the offers and answers that follow. */
  use(secureMedia: string | undefined): void {
    this.security.policy = parseSecurityPolicy(secureMedia);
  }

  /** Answers an offer; undefined when nothing fits (488), and then nothing has changed. */
  answer(offer: string): string | undefined {
    const answer = this.#openable((codecs) => answerSdp(offer, this.#media(codecs)));
    if (answer === undefined) return undefined;
    this.security.answered(answer.security);
    this.remoteSdp = offer;
    this.remote = this.#withoutEcho(answer);
    this.localSdp = answer.sdp;
    this.maySend = sends(answer.localDirection);
    return answer.sdp;
  }

  /** Our offer, when the other side left it to us. */
  offer(): string {
    this.localSdp = offerSdp(this.#media(this.codecs));
    return this.localSdp;
  }

  /** Takes the answer to {@link offer}; false when there is nothing usable in it. */
  accept(answer: string): boolean {
    const remote = this.#openable((codecs) => readRemoteMedia(answer, codecs, this.security));
    if (remote === undefined || !this.security.accept(remote.security)) return false;
    this.remoteSdp = answer;
    // An answer may give its own numbers (RFC 3264 §6.1): we send by them and receive by those that we offered.
    const offered = offerFormats(this.codecs, true);
    const agreed = offered.formats.filter((format) =>
      remote.formats.some(({ codec }) => codec === format.codec),
    );
    this.remote = this.#withoutEcho({
      ...remote,
      formats: [...remote.formats, ...agreed],
      events: remote.events.length === 0 ? [] : [...remote.events, ...offered.events],
    });
    this.maySend = sends(narrow('sendrecv', remote.direction));
    return true;
  }

  /** What `choose` chooses; without the codec that it chose first if that cannot be opened on this machine. */
  #openable<T extends RemoteMedia>(choose: (codecs: readonly AudioCodec[]) => T | undefined): T | undefined {
    const chosen = choose(this.codecs);
    if (chosen === undefined || canOpen(chosen.codec)) return chosen;
    return choose(this.codecs.filter((codec) => codec !== chosen.codec));
  }

  #media(codecs: readonly AudioCodec[]): Parameters<typeof offerSdp>[0] {
    this.#version += 1;
    return {
      address: this.local.host,
      port: this.local.port,
      sessionId: this.#sessionId,
      sessionVersion: this.#version,
      name: 'FreeSWITCH',
      codecs,
      protection: this.security,
    };
  }

  /**
   * drachtio-fsmrf answers our own offer with a copy of it until it knows the caller: sending to that address would be
   * sending to ourselves.
   */
  #withoutEcho(remote: RemoteMedia): RemoteMedia {
    const isEcho = remote.remote?.host === this.local.host && remote.remote.port === this.local.port;
    return isEcho ? { ...remote, remote: undefined } : remote;
  }
}
