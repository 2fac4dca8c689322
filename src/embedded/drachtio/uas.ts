import { randomUUID } from 'node:crypto';
import { contactUri } from '../sip/dialog-state.js';
import { cancelFor, cseqNumber, makeResponse } from '../sip/make-message.js';
import type { SipMessage } from '../sip/message.js';
import { tagOf } from '../sip/name-addr.js';
import { newTag } from '../sip/random-ids.js';
import type { Refusal } from '../sip/stateless-refusal.js';
import { longestWaitMs } from '../sip/timers.js';
import type { ServerTransaction } from '../sip/transaction-layer.js';
import type { Source } from '../sip/transport.js';
import type { AppConnection, SipCommand } from './app-connection.js';
import { AppResponses } from './app-responses.js';
import type { CallContext } from './call-context.js';
import { dialogIdOf, type CallDialog } from './call-dialog.js';
import { newRequestLeader } from './leader.js';
import type { Proxy, ProxyClient } from './proxy.js';
import type { ProxyCommand } from './proxy-command.js';
import { answerAlone } from './answer-alone.js';
import type { Decision, RequestRouting } from './request-routing.js';
import { isTooShort, minSessionSeconds } from './session-timer.js';
import { WaitingRequests, type Waiting } from './waiting-requests.js';

/** The half of the server that faces callers: requests from the network, responses of applications. */
export class Uas {
  readonly #waitings = new WaitingRequests();
  readonly #responses: AppResponses;

  constructor(
    private readonly context: CallContext,
    private readonly proxy: Proxy,
    private readonly routing: RequestRouting,
  ) {
    this.#responses = new AppResponses(context, this.#waitings);
  }

  /** What is refused whatever an application may say (RFC 3261 §8.1.1, §10.3, §12.2.2), for a request of no dialog. */
  refusal(request: SipMessage): Refusal | undefined {
    const { method } = request;
    if (method === 'BYE' && this.context.hasCrossed(request)) return { status: 200 };
    if (method === 'BYE' || method === 'UPDATE' || method === 'PRACK') return { status: 481 };
    if (method === 'INVITE' && tagOf(request.get('to') ?? '') !== undefined) return { status: 481 };
    if (method === 'INVITE' || method === 'SUBSCRIBE') {
      if (contactUri(request) === undefined) return { status: 400 };
      if (tagOf(request.get('from') ?? '') === undefined) return { status: 400 };
    }
    if (method === 'REGISTER' && request.get('contact')?.trim() === '*') {
      if (Number.parseInt(request.get('expires') ?? '', 10) !== 0) return { status: 400 };
    }
    if (method === 'INVITE' && isTooShort(request)) return tooShort;
    if (this.context.earlyNotifies.expects(request)) return undefined;
    // Call-detail records tell of an INVITE that found nobody: once, so it gets a transaction.
    const { apps } = this.context;
    const nobody = !this.routing.handles(method) && !apps.has(method.toLowerCase());
    return nobody && !(method === 'INVITE' && apps.has('cdr:attempt')) ? { status: 503 } : undefined;
  }

  /** A request in a dialog, or one that has no {@link refusal}. */
  request(transaction: ServerTransaction): void {
    const { request } = transaction;
    const dialog = this.context.dialogs.forRequest(request);
    if (dialog !== undefined) return this.#inDialog(transaction, dialog);
    const { earlyNotifies } = this.context;
    if (earlyNotifies.expects(request)) {
      if (!earlyNotifies.hold(request, () => this.#overtaken(transaction)))
        answerAlone(transaction, { status: 503 });
      return;
    }
    const status = request.method === 'INVITE' ? this.#merged(request) : undefined;
    if (status !== undefined) return answerAlone(transaction, { status });
    this.#newRequest(transaction);
  }

  /** The ACK of a 2xx: goes to the application once, repetitions end here. */
  ack(ack: SipMessage, source: Source): void {
    const dialog = this.context.dialogs.forRequest(ack);
    if (dialog?.answer === undefined || cseqNumber(ack) !== dialog.answer.cseq) return;
    dialog.stopRetransmission();
    if (dialog.app !== undefined) {
      this.context.up(dialog.app, ack, source, randomUUID(), dialog.id);
    }
    dialog.hangUpDeferred();
  }

  cancel(cancel: ServerTransaction, invite: ServerTransaction | undefined): void {
    const waiting = invite === undefined ? undefined : this.#waitings.byTransaction(invite);
    if (waiting === undefined || invite?.pending !== true) {
      answerAlone(cancel, { status: 481 });
      const answered = invite === undefined ? undefined : this.#responses.answeredBy(invite);
      if (answered?.answer !== undefined && !answered.hangUpDeferred()) {
        this.context.hangUp(answered, 'CANCEL after 200 OK', 'system-initiated-termination');
      }
      return;
    }
    answerAlone(cancel, { status: 200 }, waiting.toTag);
    this.#cancelled(waiting, cancel.request, cancel.source);
  }

  /** The caller of an INVITE has given up: 487, and its application gets the CANCEL. */
  #cancelled(waiting: Waiting, cancel: SipMessage, source: Source): void {
    const { app, txn, dialogId, dialog, inDialog, transaction } = waiting;
    answerAlone(transaction, { status: 487 }, waiting.toTag);
    this.#waitings.forget(waiting);
    if (!inDialog) {
      if (dialog !== undefined) this.context.dialogs.remove(dialog);
      this.context.cdrStop('network', transaction.request, 'call-canceled');
    }
    if (app !== undefined) this.context.up(app, cancel, source, txn, dialogId);
  }

  /** A response of an application. */
  respond(app: AppConnection, command: SipCommand): void {
    this.#responses.respond(app, command);
  }

  /** An application wants a request forwarded that it was given. */
  forward(app: AppConnection, messageId: string, txn: string, command: ProxyCommand): void {
    const waiting = this.#waitings.byTxn(txn);
    if (waiting === undefined || waiting.app !== app || waiting.inDialog || !waiting.transaction.pending) {
      app.nok(messageId, `Unknown transaction id: ${txn}`);
      return;
    }
    this.#toProxy(waiting, command, { app, messageId });
  }

  #toProxy(waiting: Waiting, command: ProxyCommand, client: ProxyClient | undefined): void {
    this.#waitings.forget(waiting);
    if (waiting.dialog !== undefined) this.context.dialogs.remove(waiting.dialog);
    this.proxy.start(waiting.transaction, command, client);
  }

  /** The application is gone: nobody will answer what it was given. */
  appClosed(app: AppConnection): void {
    for (const waiting of this.#waitings.of(app)) {
      this.#waitings.forget(waiting);
      if (waiting.dialog !== undefined && !waiting.inDialog) {
        this.context.dialogs.remove(waiting.dialog);
      }
      answerAlone(waiting.transaction, { status: waiting.inDialog ? 481 : 503 }, waiting.toTag);
    }
  }

  close(): void {
    this.#waitings.close();
    this.#responses.close();
  }

  /** The same INVITE by another way (RFC 3261 §8.2.2.2). */
  #merged(request: SipMessage): number | undefined {
    if (this.context.dialogs.byId(dialogIdOf(request))?.confirmed === true) return 480;
    return this.#waitings.hasInvite(request) ? 482 : undefined;
  }

  /** The NOTIFY of a subscription that was made by now, or was refused. */
  #overtaken(transaction: ServerTransaction): void {
    const dialog = this.context.dialogs.forRequest(transaction.request);
    if (dialog === undefined) answerAlone(transaction, { status: 481 });
    else if (transaction.pending) this.#inDialog(transaction, dialog);
  }

  #newRequest(transaction: ServerTransaction): void {
    const { request, source } = transaction;
    const { clock, timers } = this.context.layer;
    const invite = request.method === 'INVITE';
    if (invite) this.context.cdrAttempt('network', request);
    const handled = this.routing.handles(request.method);
    const app = handled ? undefined : this.context.apps.next(request.method.toLowerCase());
    if (app === undefined && !handled) {
      answerAlone(transaction, { status: 503 });
      if (invite) this.context.cdrStop('application', request, 'call-rejected');
      return;
    }
    const waiting = this.#watched(
      this.#waitings.add(transaction, app, dialogIdOf(request), newTag(), undefined),
    );
    if (invite) {
      // An application that says nothing at all: 64 s, then the caller hears of it.
      waiting.unanswered = clock.after(2 * longestWaitMs(timers), () => {
        this.#waitings.forget(waiting);
        answerAlone(transaction, { status: 500 }, waiting.toTag);
      });
    }
    if (app !== undefined) this.#give(waiting, app);
    else void this.routing.decide(request, source).then((decision) => this.#decided(waiting, decision));
  }

  #give(waiting: Waiting, app: AppConnection): void {
    const { request, source } = waiting.transaction;
    waiting.app = app;
    const bytes = request.toBuffer();
    const { port } = source.listener.address;
    const { host } = this.context.ownAddress(source.listener, source.host, true);
    const wallMs = this.context.layer.clock.wallMs();
    app.send(newRequestLeader(bytes.length, source, wallMs, waiting.txn, { host, port }), bytes);
  }

  /** What a request handler wants done with a request; it may be over by now. */
  #decided(waiting: Waiting, decision: Decision): void {
    const { transaction } = waiting;
    if (this.#waitings.byTxn(waiting.txn) !== waiting || !transaction.pending) return;
    if (decision.action === 'give') return this.#give(waiting, decision.app);
    if (decision.action === 'proxy') return this.#toProxy(waiting, decision.command, undefined);
    this.#waitings.forget(waiting);
    const { request } = transaction;
    const response = makeResponse(request, decision.status, decision.reason, waiting.toTag);
    for (const contact of decision.contacts) response.append('Contact', contact);
    transaction.respond(response);
    if (request.method === 'INVITE') this.context.cdrStop('application', response, 'call-rejected');
  }

  #inDialog(transaction: ServerTransaction, dialog: CallDialog): void {
    const { request, source } = transaction;
    const { method } = request;
    if (!dialog.state.accepts(request)) return answerAlone(transaction, { status: 500 });
    if (method === 'BYE') {
      const invite = dialog.confirmed ? undefined : this.#waitings.inviteOf(dialog);
      if (invite !== undefined) return this.#earlyBye(transaction, invite);
      dialog.hangUpDeferred();
      dialog.outgoingOffer?.cancel();
      this.context.dialogs.remove(dialog);
      this.context.cdrStop('network', request, 'normal-release');
    }
    const { app } = dialog;
    if (app === undefined) return answerAlone(transaction, { status: 481 });
    const passOn = (): void => {
      const waiting = this.#waitings.add(transaction, app, dialog.id, dialog.state.localTag, dialog);
      const { txn } = this.#watched(waiting);
      this.context.up(app, request, source, txn, dialog.id);
    };
    if (method === 'PRACK') {
      const { reliable } = dialog;
      // One that our 2xx has overtaken: the library has a dialog by now, which knows no PRACK.
      const isLate = reliable?.hasCeased === true && request.body === '';
      const take = isLate ? () => answerAlone(transaction, { status: 200 }) : passOn;
      if (reliable?.acknowledge(request, take) !== true) answerAlone(transaction, { status: 481 }); // RFC 3262 §3
      return;
    }
    if (method === 'INVITE' || method === 'UPDATE') {
      const refusal = isTooShort(request) ? tooShort : glare(dialog, request);
      if (refusal !== undefined) return answerAlone(transaction, refusal);
      dialog.state.refreshTarget(request, source);
      dialog.incomingOffer = transaction;
    }
    passOn();
  }

  /**
   * A caller may give up by a BYE in its early dialog (RFC 3261 §15, §15.1.2). Applications expect a CANCEL of a call that they
   * have not answered.
   */
  #earlyBye(bye: ServerTransaction, invite: Waiting): void {
    answerAlone(bye, { status: 200 });
    const reasons = bye.request.getAll('reason');
    const cancel = cancelFor(invite.transaction.request);
    for (const reason of reasons) cancel.append('Reason', reason);
    this.#cancelled(invite, cancel, bye.source);
  }

  /** Forgets it when its transaction is over. */
  #watched(waiting: Waiting): Waiting {
    const { transaction } = waiting;
    transaction.onTerminated = () => {
      this.#responses.terminated(transaction);
      this.#waitings.forget(waiting);
      // The connection broke before there was an answer.
      const early = waiting.inDialog ? undefined : waiting.dialog;
      if (early !== undefined && !early.confirmed) this.context.dialogs.remove(early);
    };
    return waiting;
  }
}

/** RFC 4028 §6. */
const tooShort = { status: 422, headers: { 'Min-SE': String(minSessionSeconds) } };

/** One offer at a time, of either side (RFC 3261 §14.2, RFC 3311 §5.2). An UPDATE in an early dialog is none beside its INVITE. */
function glare(dialog: CallDialog, request: SipMessage): Refusal | undefined {
  const isInvite = request.method === 'INVITE';
  if (dialog.incomingOffer?.pending === true) {
    return { status: 500, headers: { 'Retry-After': String(Math.floor(Math.random() * 11)) } };
  }
  if (isInvite && dialog.answer !== undefined) return { status: 491 };
  const offers = isInvite || request.body !== '';
  return offers && dialog.outgoingOffer !== undefined ? { status: 491 } : undefined;
}
