import { TypedEmitter } from '../../core/typed-emitter.js';
import { Dialog } from './dialog.js';
import { DialogState } from './dialog-state.js';
import { sipStackError } from './errors.js';
import type { SipMessage } from './message.js';
import { newTag } from './random-ids.js';
import type { ResponseOptions } from './request-options.js';
import type { ServerTransaction } from './transaction-layer.js';
import type { Source } from './transport.js';
import { buildResponse, type UserAgentContext } from './user-agent-context.js';

export type IncomingInviteEvents = {
  /** The caller gave up; already answered (200 to the CANCEL, 487 to the INVITE). */
  cancel: [];
};

/** An INVITE that asks for a new call. 100 Trying is on its way already. */
export class IncomingInvite extends TypedEmitter<IncomingInviteEvents> {
  /** The To tag of all our responses. */
  readonly localTag = newTag();

  /** Called by the user agent only. */
  constructor(
    private readonly transaction: ServerTransaction,
    private readonly context: UserAgentContext,
  ) {
    super();
  }

  get request(): SipMessage {
    return this.transaction.request;
  }

  get source(): Source {
    return this.transaction.source;
  }

  /** Whether a final response may still be sent: false after one, and after the caller's CANCEL. */
  get isPending(): boolean {
    return this.transaction.pending;
  }

  /** Sends 101-199 or 300-699; ignored when the INVITE is over. For 2xx use {@link accept}. */
  respond(status: number, reason?: string, options: ResponseOptions = {}): void {
    if (status >= 200 && status < 300) {
      throw sipStackError('SIP_WRONG_STATE', { what: 'respond with 2xx', state: 'use accept' });
    }
    this.transaction.respond(
      buildResponse(this.context, this.transaction, status, reason, options, this.localTag),
    );
  }

  /** Sends 200, repeated until its ACK. Throws SIP_WRONG_STATE when the INVITE is over (cancelled, say). */
  accept(options: ResponseOptions): Dialog {
    if (!this.transaction.pending) {
      throw sipStackError('SIP_WRONG_STATE', { what: 'accept', state: 'the INVITE is over' });
    }
    const response = buildResponse(this.context, this.transaction, 200, undefined, options, this.localTag);
    const dialog = new Dialog(DialogState.uas(this.request, this.localTag, this.source), this.context);
    this.transaction.respond(response);
    dialog.awaitAck(this.transaction, response);
    return dialog;
  }

  /** From the user agent: the caller's CANCEL. */
  cancelled(): void {
    if (!this.transaction.pending) return;
    this.respond(487);
    this.emit('cancel');
  }
}
