import type { HostPort } from '../../core/address.js';
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
  ) {
    this.#sessionId = Math.floor(wallMs);
    this.#version = this.#sessionId;
  }

  /** Answers an offer; undefined when nothing fits (488), and then nothing has changed. */
  answer(offer: string): string | undefined {
    const answer = answerSdp(offer, this.#media());
    if (answer === undefined) return undefined;
    this.remoteSdp = offer;
    this.remote = this.#withoutEcho(answer);
    this.localSdp = answer.sdp;
    this.maySend = sends(answer.localDirection);
    return answer.sdp;
  }

  /** Our offer, when the other side left it to us. */
  offer(): string {
    this.localSdp = offerSdp(this.#media());
    return this.localSdp;
  }

  /** Takes the answer to {@link offer}; false when there is nothing usable in it. */
  accept(answer: string): boolean {
    const remote = readRemoteMedia(answer);
    if (remote === undefined) return false;
    this.remoteSdp = answer;
    this.remote = this.#withoutEcho(remote);
    this.maySend = sends(narrow('sendrecv', remote.direction));
    return true;
  }

  #media(): Parameters<typeof offerSdp>[0] {
    this.#version += 1;
    return {
      address: this.local.host,
      port: this.local.port,
      sessionId: this.#sessionId,
      sessionVersion: this.#version,
      name: 'FreeSWITCH',
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
