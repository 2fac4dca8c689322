import { formatHostPort } from '../../core/address.js';
import { AnswerRetransmission } from '../sip/answer-retransmission.js';
import { DialogState } from '../sip/dialog-state.js';
import { cseqNumber, makeResponse, setBody } from '../sip/make-message.js';
import type { SipMessage } from '../sip/message.js';
import { tagOf } from '../sip/name-addr.js';
import type { ServerTransaction } from '../sip/transaction-layer.js';
import type { AppConnection, SipCommand } from './app-connection.js';
import { headerOf } from './app-message.js';
import type { CallContext } from './call-context.js';
import { CallDialog, endsSubscription } from './call-dialog.js';
import { applyHeaders } from './header-rules.js';
import { sentLeader } from './leader.js';
import { answerAlone } from './answer-alone.js';
import { ReliableResponses, requires100rel, supports100rel } from './reliable-responses.js';
import { keepSession } from './session-keeping.js';
import { agreeSession } from './session-timer.js';
import { renewSubscription } from './subscription-expiry.js';
import type { Waiting, WaitingRequests } from './waiting-requests.js';

/** What applications answer: sent as the RFCs want it, and what it means for the dialog. */
export class AppResponses {
  /** For a CANCEL that comes after our 200. */
  readonly #answered = new Map<ServerTransaction, CallDialog>();

  constructor(
    private readonly context: CallContext,
    private readonly waitings: WaitingRequests,
  ) {}

  /** The dialog that an INVITE has made by our 2xx, while its transaction lasts. */
  answeredBy(invite: ServerTransaction): CallDialog | undefined {
    return this.#answered.get(invite);
  }

  /** The transaction of an INVITE is over. */
  terminated(invite: ServerTransaction): void {
    this.#answered.delete(invite);
  }

  close(): void {
    this.#answered.clear();
  }

  respond(app: AppConnection, command: SipCommand): void {
    const waiting = this.waitings.byTxn(command.txn);
    const isOver = waiting?.held !== undefined || waiting?.transaction.pending !== true;
    if (waiting === undefined || waiting.app !== app || isOver) {
      app.nok(command.messageId, 'Response not sent due to unknown transaction');
      return;
    }
    const { status } = command.message;
    if (status >= 200 && status < 300 && waiting.reliable?.holdsFinal === true) {
      waiting.held = command;
      waiting.reliable.whenDrained(() => {
        waiting.held = undefined;
        this.#send(waiting, app, command);
      });
    } else this.#send(waiting, app, command);
  }

  #send(waiting: Waiting, app: AppConnection, command: SipCommand): void {
    const { transaction } = waiting;
    const { request, source } = transaction;
    const response = this.#build(waiting, command);
    const { status } = response;
    const isInterim = status > 100 && status < 200;
    if (isInterim && request.method === 'INVITE' && requires100rel(request) && !requires100rel(response)) {
      response.append('Require', '100rel');
    }
    const reliable = isInterim && requires100rel(response);
    if (reliable && (request.method !== 'INVITE' || !supports100rel(request))) {
      app.nok(command.messageId, 'Remote endpoint does not support 100rel');
      return;
    }
    const makesDialog =
      (request.method === 'INVITE' && status > 100 && status < 300) ||
      (request.method === 'SUBSCRIBE' && status >= 200 && status < 300);
    if (makesDialog && waiting.dialog === undefined) {
      const state = DialogState.uas(request, waiting.toTag, source);
      const kind = request.method === 'INVITE' ? 'INVITE' : 'SUBSCRIBE';
      waiting.dialog = new CallDialog(waiting.dialogId, state, kind, app);
      this.context.dialogs.add(waiting.dialog);
    }
    if (status >= 200 && status < 300) this.#agreeSession(waiting, response);
    if (reliable) this.#sendReliably(waiting, response);
    else transaction.respond(response);
    waiting.unanswered?.cancel();
    if (status >= 200) this.#finished(waiting, response);

    const bytes = response.toBuffer();
    const wallMs = this.context.layer.clock.wallMs();
    const id = makesDialog || waiting.inDialog || request.method === 'INVITE' ? waiting.dialogId : '';
    app.send(sentLeader(command.messageId, bytes.length, source, wallMs, waiting.txn, id), bytes);
  }

  #build(waiting: Waiting, { message }: SipCommand): SipMessage {
    const { transaction } = waiting;
    const { request, source } = transaction;
    const { method } = request;
    // The application may choose the tag, until one has been used.
    const chosen = tagOf(headerOf(message, 'to') ?? '');
    if (chosen !== undefined && waiting.dialog === undefined) waiting.toTag = chosen;
    const response = makeResponse(
      request,
      message.status,
      message.reason === '' ? undefined : message.reason,
      waiting.toTag,
    );
    const own = this.context.ownAddress(source.listener, source.host, false);
    const { status } = message;
    if (status > 100 && status < 300 && (method === 'INVITE' || method === 'SUBSCRIBE')) {
      response.append('Contact', this.context.contact(source.listener, own));
    }
    applyHeaders(response, message, { ownAddress: formatHostPort(own) });
    setBody(response, message.body);
    return response;
  }

  /** RFC 4028: every 2xx to INVITE or UPDATE says anew how long the session lives. */
  #agreeSession({ transaction, dialog }: Waiting, response: SipMessage): void {
    const { request } = transaction;
    if (dialog?.kind !== 'INVITE' || (request.method !== 'INVITE' && request.method !== 'UPDATE')) return;
    dialog.keepLocalSdp(response);
    keepSession(this.context, dialog, agreeSession(request, response, dialog.localSdp !== undefined));
  }

  #sendReliably(waiting: Waiting, response: SipMessage): void {
    const { clock, timers } = this.context.layer;
    waiting.reliable ??= new ReliableResponses(
      clock,
      timers,
      (provisional) => void waiting.transaction.respond(provisional),
      () => {
        // RFC 3262 §3: without PRACK the INVITE is refused.
        const { dialog, transaction } = waiting;
        this.waitings.forget(waiting);
        if (dialog !== undefined && !waiting.inDialog) this.context.dialogs.remove(dialog);
        answerAlone(transaction, { status: 504 }, waiting.toTag);
        this.context.cdrStop('application', transaction.request, 'call-rejected');
      },
    );
    if (waiting.dialog !== undefined) waiting.dialog.reliable = waiting.reliable;
    waiting.reliable.add(response);
  }

  #finished(waiting: Waiting, response: SipMessage): void {
    const { transaction, dialog, inDialog } = waiting;
    const { request } = transaction;
    const { status } = response;
    if (status < 300) {
      waiting.reliable?.cease();
      waiting.reliable = undefined; // its dialog keeps it
    }
    this.waitings.forget(waiting);
    if (status < 300 && (request.method === 'REGISTER' || request.method === 'SUBSCRIBE')) {
      this.context.registered.accepted(request, response, transaction.source);
    }
    if (dialog?.incomingOffer === transaction) dialog.incomingOffer = undefined;
    if (dialog?.kind === 'SUBSCRIBE') {
      dialog.confirmed = true;
      if (status < 300 && request.method === 'SUBSCRIBE') {
        renewSubscription(this.context, dialog, request, response);
      }
      if (status < 300 && endsSubscription(request)) this.context.dialogs.remove(dialog);
    }
    if (request.method !== 'INVITE') return;
    if (status >= 300) {
      if (inDialog) return;
      if (dialog !== undefined) this.context.dialogs.remove(dialog);
      this.context.cdrStop('application', response, 'call-rejected');
      return;
    }
    if (dialog === undefined) return;
    if (!inDialog) {
      dialog.confirmed = true;
      this.#answered.set(transaction, dialog);
      this.context.cdrStart('application', response, 'uas');
    }
    this.#awaitAck(dialog, transaction, response, !inDialog);
  }

  #awaitAck(
    dialog: CallDialog,
    transaction: ServerTransaction,
    response: SipMessage,
    isFirst: boolean,
  ): void {
    const { clock, timers } = this.context.layer;
    const retransmission = new AnswerRetransmission(
      clock,
      timers,
      () => transaction.respond(response),
      () => {
        if (!dialog.hangUpDeferred())
          this.context.hangUp(dialog, 'ACK timeout', 'system-initiated-termination');
      },
    );
    dialog.answer = { retransmission, cseq: cseqNumber(transaction.request), isFirst };
  }
}
