import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { TypedEmitter } from '../core/typed-emitter.js';
import type { MediaEndpoint } from '../media/media-endpoint.js';
import type { CallDialog, SessionChange } from '../sip/call-dialog.js';
import { callError } from './errors.js';

export type SessionNegotiationEvents = {
  /** The answer that the ACK had to bring is applied: both sides hear each other. */
  ready: [];
  /** The ACK had to bring an answer, and brought none that can be used. */
  failed: [error: unknown];
  /** The other side asks for another session. */
  change: [offered: boolean];
};

/**
 * Keeps an endpoint's sound where its dialog's SDP says: re-INVITE, UPDATE, hold, and answers that come with an ACK
 * (RFC 3261 §14, RFC 3264). Lives as long as the dialog, whose listeners it is.
 */
export class SessionNegotiation extends TypedEmitter<SessionNegotiationEvents> {
  constructor(
    private readonly dialog: CallDialog,
    private readonly endpoint: MediaEndpoint,
    /** The next ACK brings an answer: to an INVITE or re-INVITE without an offer. */
    private answerFollows: boolean,
    private readonly logger: Logger,
  ) {
    super();
    dialog.on('ack', (sdp) => this.#acknowledged(sdp));
    dialog.on('change', (change) => this.#change(change));
  }

  #acknowledged(sdp: string | undefined): void {
    if (!this.answerFollows) return;
    this.answerFollows = false;
    if (sdp === undefined) {
      this.emit('failed', callError('CALL_NO_ANSWER_SDP'));
      return;
    }
    this.endpoint.modify(sdp).then(
      () => this.emit('ready'),
      (error: unknown) => this.emit('failed', error),
    );
  }

  #change(change: SessionChange): void {
    if (this.dialog.ending !== undefined) return;
    this.emit('change', change.offer !== undefined);
    if (change.offer === undefined) {
      this.answerFollows = true;
      change.accept(this.endpoint.localSdp);
      return;
    }
    this.endpoint.modify(change.offer).then(
      (answer) => change.accept(answer),
      (error: unknown) => {
        if (this.dialog.ending !== undefined) return;
        this.logger.warn({ code: errorCode(error) }, 're-INVITE refused: the media server cannot follow it');
        change.refuse(488);
      },
    );
  }
}
