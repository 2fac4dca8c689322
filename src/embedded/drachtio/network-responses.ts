import { DialogState } from '../sip/dialog-state.js';
import { cseqNumber } from '../sip/make-message.js';
import type { SipMessage } from '../sip/message.js';
import { tagOf } from '../sip/name-addr.js';
import type { ClientTransaction } from '../sip/transaction.js';
import type { Source } from '../sip/transport.js';
import { UnwantedAnswers } from '../sip/unwanted-answers.js';
import type { AppConnection } from './app-connection.js';
import type { CallContext } from './call-context.js';
import { CallDialog, endsSubscription } from './call-dialog.js';
import type { EarlyForks } from './early-forks.js';
import { keepSession } from './session-keeping.js';
import { agreedSession, supportsTimer } from './session-timer.js';
import { renewSubscription } from './subscription-expiry.js';

/** A request of an application on its way. */
export interface Sent {
  readonly txn: string;
  readonly app: AppConnection;
  readonly dialogId: string;
  readonly transaction: ClientTransaction;
  /** In-dialog: from the start. Else from the first response that makes one. */
  dialog: CallDialog | undefined;
  readonly inDialog: boolean;
  /** The ACK that the application sent for the 2xx; repeated for each repetition of it. */
  ack: SipMessage | undefined;
  /** Other forks that answered too. */
  unwanted: UnwantedAnswers | undefined;
  /** Of a new INVITE. */
  readonly forks: EarlyForks | undefined;
  cancelled: boolean;
  final: boolean;
}

/** What the called answer: handed to the application that asked, and what it means for the dialog. */
export class NetworkResponses {
  constructor(
    private readonly context: CallContext,
    /** A request has its final response. */
    private readonly answered: (sent: Sent) => void,
  ) {}

  /** A response from the network, or one that the transaction made itself (source undefined). */
  receive(sent: Sent, response: SipMessage, source: Source | undefined): void {
    const { app, transaction, txn } = sent;
    const { method } = transaction.request;
    const { status } = response;
    const invite = method === 'INVITE';
    if (sent.final) {
      if (invite && source !== undefined) this.#repeated(sent, response, source);
      return;
    }
    // For the next hop alone; the real server keeps it to itself too.
    if (status === 100) return;
    if (status >= 200) {
      sent.final = true;
      this.answered(sent);
      if (sent.dialog?.outgoingOffer === transaction) sent.dialog.outgoingOffer = undefined;
    }
    if (source !== undefined) this.#track(sent, response, source);
    // A To tag is of somebody who answered (RFC 3261 §8.2.6.2): by its lack an application knows that nobody did.
    else response.set('To', transaction.request.get('to') ?? '');
    const rseq = Number.parseInt(response.get('rseq') ?? '', 10);
    const { dialog } = sent;
    if (status < 200 && dialog !== undefined && !Number.isNaN(rseq)) {
      if (sent.forks?.reliable(dialog, transaction.request, rseq) === false) return;
    }
    if (status >= 300) this.#failed(sent, response);
    if (!app.isOpen && status >= 200 && status < 300) {
      // Nobody is left to acknowledge it, or to hear of what it subscribed to.
      if (invite) return this.#acknowledgeAlone(sent);
      if (sent.dialog?.kind === 'SUBSCRIBE') this.context.dialogs.remove(sent.dialog);
    }
    const tellsDialog = invite || method === 'SUBSCRIBE' || sent.inDialog;
    const hop = source ?? transaction.target;
    this.context.up(app, response, hop, txn, tellsDialog ? sent.dialogId : '');
    if (method === 'SUBSCRIBE' && !sent.inDialog && status >= 200) {
      this.context.earlyNotifies.settle(transaction.request);
    }
    // The library repeats a challenged BYE, inside the dialog.
    const challenged = status === 401 || status === 407;
    const ends = method === 'BYE' || endsSubscription(transaction.request);
    if (sent.dialog !== undefined && ends && status >= 200 && !challenged) {
      if (method === 'BYE' || sent.dialog.kind === 'SUBSCRIBE') {
        this.context.dialogs.remove(sent.dialog);
      }
    }
  }

  /** What a response means for the dialog: made, moved, confirmed. */
  #track(sent: Sent, response: SipMessage, source: Source): void {
    const { transaction, app, dialogId, inDialog } = sent;
    const { request } = transaction;
    const { status, method } = response;
    const invite = method === 'INVITE';
    const accepted = status >= 200 && status < 300;
    const makes = invite ? status > 100 && status < 300 : method === 'SUBSCRIBE' && accepted;
    const toTag = tagOf(response.get('to') ?? '');
    if (!inDialog && makes && toTag !== undefined) {
      let isNew = false;
      const make = (): CallDialog => {
        isNew = true;
        const state = DialogState.uac(request, response, source);
        return new CallDialog(dialogId, state, invite ? 'INVITE' : 'SUBSCRIBE', app);
      };
      const dialog = sent.forks?.heard(toTag, make) ?? make();
      sent.dialog = dialog;
      if (!invite) this.context.dialogs.add(dialog);
      if (accepted && !isNew) dialog.state.confirm(response, source);
      if (accepted) sent.forks?.settle(dialog);
    } else if (accepted && (invite || method === 'UPDATE')) {
      sent.dialog?.state.refreshTarget(response, source);
    }
    if (!accepted || sent.dialog === undefined) return;
    if (!inDialog) sent.dialog.confirmed = true;
    if (method === 'SUBSCRIBE') renewSubscription(this.context, sent.dialog, request, response);
    if (invite || method === 'UPDATE') {
      const knows = sent.dialog.session !== undefined || supportsTimer(request);
      sent.dialog.keepLocalSdp(request);
      keepSession(this.context, sent.dialog, knows ? agreedSession(response) : undefined);
    }
    if (!invite) return;
    sent.dialog.unacknowledged = {
      cseq: cseqNumber(request),
      sent: (ack) => {
        sent.ack = ack;
      },
    };
    if (!inDialog) {
      sent.dialog.hangUpOnAck = sent.cancelled;
      this.context.cdrStart('network', response, 'uac');
    }
  }

  #failed(sent: Sent, response: SipMessage): void {
    if (sent.inDialog || response.method !== 'INVITE') return;
    sent.forks?.settle(undefined);
    this.context.cdrStop('network', response, response.status === 487 ? 'call-canceled' : 'call-rejected');
  }

  /** A 2xx again, or from another fork (RFC 3261 §13.2.2.4). */
  #repeated(sent: Sent, response: SipMessage, source: Source): void {
    const { layer } = this.context;
    const toTag = tagOf(response.get('to') ?? '');
    if (sent.dialog?.state.remoteTag === toTag) {
      const target = sent.dialog?.state.target();
      if (sent.ack !== undefined && target !== undefined) layer.sendAck(sent.ack, target);
      return;
    }
    sent.unwanted ??= new UnwantedAnswers(layer);
    sent.unwanted.hangUp(sent.transaction.request, response, source);
  }

  /** A call that nobody has taken is over; one that has been answered before goes on. */
  #acknowledgeAlone({ dialog, inDialog }: Sent): void {
    const target = dialog?.state.target();
    if (dialog?.unacknowledged === undefined || target === undefined) return;
    const ack = dialog.state.buildRequest('ACK', dialog.unacknowledged.cseq);
    this.context.layer.sendAck(ack, target);
    dialog.unacknowledged.sent(ack);
    if (!inDialog) this.context.hangUp(dialog, 'application gone', 'system-initiated-termination');
  }
}
