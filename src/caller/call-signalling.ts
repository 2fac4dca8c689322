import { answerSdp, narrow, offerSdp, readRemoteMedia, type Direction } from '../embedded/rtp/sdp.js';
import type { Dialog } from '../embedded/sip/dialog.js';
import type { SipMessage } from '../embedded/sip/message.js';
import type { OutgoingInvite } from '../embedded/sip/outgoing-invite.js';
import type { IncomingRequest } from '../embedded/sip/request-options.js';
import type { UserAgent } from '../embedded/sip/user-agent.js';
import type { CallMedia } from './call-media.js';
import type { CallerEvent } from './caller-event.js';

export interface CallSignallingOptions {
  readonly userAgent: UserAgent;
  readonly uri: string;
  readonly from: string | undefined;
  readonly offer: 'sdp' | 'none';
  /** Of our RTP. */
  readonly address: string;
  readonly port: number;
  readonly media: CallMedia;
  readonly nowMs: () => number;
  readonly onEvent: (event: CallerEvent) => void;
}

const BAD_ANSWER = "the far side's SDP has no stream that fits PCMU or PCMA";

/** The SIP half of a scripted call: INVITE to BYE, and the SDP in between (RFC 3264). */
export class CallSignalling {
  readonly #options: CallSignallingOptions;
  readonly #sessionId = Date.now();
  #sessionVersion = Date.now();
  #direction: Direction = 'sendrecv';
  #outgoing: OutgoingInvite | undefined;
  #dialog: Dialog | undefined;

  constructor(options: CallSignallingOptions) {
    this.#options = options;
  }

  invite(): void {
    const { userAgent, uri, from, offer } = this.#options;
    const outgoing = userAgent.invite(uri, {
      ...(offer === 'sdp' ? { body: this.#offer() } : {}),
      ...(from === undefined ? {} : { from }),
    });
    this.#outgoing = outgoing;
    outgoing.on('provisional', ({ status }) =>
      this.#tell({ type: 'provisional', status, atMs: this.#nowMs }),
    );
    outgoing.on('accepted', (response, dialog) => this.#accepted(response, dialog));
    outgoing.on('failed', (status, response) =>
      this.#tell({ type: 'refused', status, reason: response?.reason ?? '', atMs: this.#nowMs }),
    );
  }

  /** Gives up before the answer; after it (its SDP was of no use, say) hangs up. */
  cancel(): void {
    if (this.#dialog === undefined) this.#outgoing?.cancel();
    else this.bye();
  }

  bye(): void {
    const done = () => this.#tell({ type: 'byeDone', atMs: this.#nowMs });
    if (this.#dialog === undefined) done();
    else void this.#dialog.bye().then(done);
  }

  /** Offers the same stream in another direction. */
  reinvite(direction: Direction): void {
    const dialog = this.#dialog;
    if (dialog === undefined) return;
    this.#direction = direction;
    void dialog.reinvite(this.#offer()).then((response) => {
      if (response.status < 300 && !this.#agree(response.body)) return;
      this.#tell({ type: 'reinvited', status: response.status, atMs: this.#nowMs });
    });
  }

  /** Keys as `application/dtmf-relay`, one request per key, each sent when the key would have ended. */
  async pressByInfo(keys: string, toneMs: number): Promise<void> {
    const dialog = this.#dialog;
    if (dialog === undefined) return;
    this.#tell({ type: 'inputBegan', atMs: this.#nowMs });
    let sentMs = this.#nowMs;
    for (const key of keys) {
      sentMs = this.#nowMs;
      const response = await dialog.request('INFO', {
        headers: { 'Content-Type': 'application/dtmf-relay' },
        body: `Signal=${key}\r\nDuration=${toneMs}\r\n`,
      });
      if (response.status >= 300) {
        this.#tell({
          type: 'broken',
          atMs: this.#nowMs,
          reason: `the far side refused a key by INFO with ${response.status}`,
        });
        return;
      }
    }
    this.#tell({ type: 'inputDone', atMs: sentMs });
  }

  #accepted(response: SipMessage, dialog: Dialog): void {
    this.#dialog = dialog;
    dialog.on('bye', () => {
      this.#options.media.flush();
      this.#tell({ type: 'farEndHangup', atMs: this.#nowMs });
    });
    dialog.on('ended', (reason) => {
      if (reason === 'error') {
        this.#tell({
          type: 'broken',
          atMs: this.#nowMs,
          reason: 'the far side does not know the call any more',
        });
      }
    });
    dialog.on('request', (incoming) => this.#request(incoming));
    if (this.#options.offer === 'sdp') {
      this.#outgoing?.ack();
      if (!this.#agree(response.body)) return;
    } else {
      // RFC 3261 §13.2.1: the offer came in the 200, the answer goes in the ACK.
      const answer = this.#answer(response.body);
      this.#outgoing?.ack(answer === undefined ? {} : { body: answer });
      if (answer === undefined) {
        this.#tell({ type: 'broken', atMs: this.#nowMs, reason: BAD_ANSWER });
        return;
      }
    }
    this.#tell({ type: 'answered', atMs: this.#nowMs });
  }

  #request(incoming: IncomingRequest): void {
    const { method, body } = incoming.request;
    if (method !== 'INVITE' && !(method === 'UPDATE' && body !== '')) {
      incoming.respond(method === 'UPDATE' || method === 'INFO' || method === 'NOTIFY' ? 200 : 501);
      return;
    }
    if (body === '') {
      // An offerless re-INVITE: our offer goes in the 200, the answer comes in the ACK.
      this.#dialog?.once('ack', (ack) => void this.#agree(ack.body));
      incoming.respond(200, undefined, { body: this.#offer() });
      return;
    }
    const answer = this.#answer(body);
    if (answer === undefined) {
      incoming.respond(488);
      return;
    }
    incoming.respond(200, undefined, { body: answer });
    const direction = readRemoteMedia(body)?.direction ?? 'sendrecv';
    this.#tell({ type: 'farEndReinvite', direction, atMs: this.#nowMs });
  }

  #offer(): string {
    const { address, port } = this.#options;
    return offerSdp({ address, port, direction: this.#direction, ...this.#session() });
  }

  /** Our answer to an offer, already in effect; undefined if nothing fits. */
  #answer(offer: string): string | undefined {
    const { address, port, media } = this.#options;
    const answer = answerSdp(offer, { address, port, direction: this.#direction, ...this.#session() });
    if (answer !== undefined) media.agreed(answer, answer.localDirection);
    return answer?.sdp;
  }

  /** Puts the far side's answer to our offer into effect. */
  #agree(answer: string): boolean {
    const remote = readRemoteMedia(answer);
    if (remote === undefined) {
      this.#tell({ type: 'broken', atMs: this.#nowMs, reason: BAD_ANSWER });
      return false;
    }
    this.#options.media.agreed(remote, narrow(this.#direction, remote.direction));
    return true;
  }

  #session(): { sessionId: number; sessionVersion: number } {
    return { sessionId: this.#sessionId, sessionVersion: this.#sessionVersion++ };
  }

  #tell(event: CallerEvent): void {
    this.#options.onEvent(event);
  }

  get #nowMs(): number {
    return this.#options.nowMs();
  }
}
