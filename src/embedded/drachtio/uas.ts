import { randomUUID } from 'node:crypto';
import { formatHostPort } from '../../core/address.js';
import type { Timer } from '../../core/clock.js';
import { AnswerRetransmission } from '../sip/answer-retransmission.js';
import { contactUri, DialogState } from '../sip/dialog-state.js';
import { cseqNumber, makeResponse, setBody } from '../sip/make-message.js';
import type { SipMessage } from '../sip/message.js';
import { tagOf } from '../sip/name-addr.js';
import { newTag } from '../sip/random-ids.js';
import type { Refusal } from '../sip/stateless-refusal.js';
import { longestWaitMs } from '../sip/timers.js';
import type { ServerTransaction } from '../sip/transaction-layer.js';
import type { Source } from '../sip/transport.js';
import type { AppConnection, SipCommand } from './app-connection.js';
import { headerOf } from './app-message.js';
import type { CallContext } from './call-context.js';
import { CallDialog, dialogIdOf, endsSubscription } from './call-dialog.js';
import { applyHeaders } from './header-rules.js';
import { newRequestLeader, sentLeader } from './leader.js';
import type { Proxy, ProxyClient } from './proxy.js';
import type { ProxyCommand } from './proxy-command.js';
import type { Decision, RequestRouting } from './request-routing.js';
import { ReliableResponses, supports100rel } from './reliable-responses.js';
import { keepSession } from './session-keeping.js';
import { agreeSession, isTooShort, minSessionSeconds } from './session-timer.js';
import { renewSubscription } from './subscription-expiry.js';

/** A request of the network that an application has not answered finally. */
interface Waiting {
  readonly txn: string;
  readonly transaction: ServerTransaction;
  /** Undefined while a request handler is asked for one. */
  app: AppConnection | undefined;
  readonly dialogId: string;
  /** Whether it came inside a dialog. */
  readonly inDialog: boolean;
  toTag: string;
  dialog: CallDialog | undefined;
  unanswered: Timer | undefined;
  reliable: ReliableResponses | undefined;
  /** A 2xx that waits for a PRACK; the application has given its last word. */
  held: SipCommand | undefined;
}

/** The half of the server that faces callers: requests from the network, responses of applications. */
export class Uas {
  readonly #waiting = new Map<string, Waiting>();
  readonly #byTransaction = new Map<ServerTransaction, Waiting>();
  /** INVITEs outside a dialog, by {@link inviteKey}. */
  readonly #invites = new Map<string, Waiting>();
  /** For a CANCEL that comes after our 200. */
  readonly #answered = new Map<ServerTransaction, CallDialog>();

  constructor(
    private readonly context: CallContext,
    private readonly proxy: Proxy,
    private readonly routing: RequestRouting,
  ) {}

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
    const status = request.method === 'INVITE' ? this.#merged(request) : undefined;
    if (status !== undefined) return this.#refuse(transaction, status);
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
  }

  cancel(cancel: ServerTransaction, invite: ServerTransaction | undefined): void {
    const waiting = invite === undefined ? undefined : this.#byTransaction.get(invite);
    if (waiting === undefined || invite?.pending !== true) {
      this.#refuse(cancel, 481);
      const answered = invite === undefined ? undefined : this.#answered.get(invite);
      if (answered?.answer !== undefined) this.context.hangUp(answered, 'CANCEL after 200 OK');
      return;
    }
    cancel.respond(makeResponse(cancel.request, 200, undefined, waiting.toTag));
    invite.respond(makeResponse(invite.request, 487, undefined, waiting.toTag));
    this.#forget(waiting);
    if (!waiting.inDialog) {
      if (waiting.dialog !== undefined) this.context.dialogs.remove(waiting.dialog);
      this.context.cdrStop('network', cancel.request, 'call-canceled');
    }
    const { app, txn, dialogId } = waiting;
    if (app !== undefined) this.context.up(app, cancel.request, cancel.source, txn, dialogId);
  }

  /** A response of an application. */
  respond(app: AppConnection, command: SipCommand): void {
    const waiting = this.#waiting.get(command.txn);
    const isOver = waiting?.held !== undefined || waiting?.transaction.pending !== true;
    if (waiting === undefined || waiting.app !== app || isOver) {
      app.nok(command.messageId, 'Response not sent due to unknown transaction');
      return;
    }
    const { status } = command.message;
    if (status >= 200 && status < 300 && waiting.reliable?.holdsFinal === true) {
      waiting.held = command;
      waiting.reliable.whenDrained(() => this.#send(waiting, app, command));
    } else this.#send(waiting, app, command);
  }

  /** An application wants a request forwarded that it was given. */
  forward(app: AppConnection, messageId: string, txn: string, command: ProxyCommand): void {
    const waiting = this.#waiting.get(txn);
    if (waiting === undefined || waiting.app !== app || waiting.inDialog || !waiting.transaction.pending) {
      app.nok(messageId, `Unknown transaction id: ${txn}`);
      return;
    }
    this.#toProxy(waiting, command, { app, messageId });
  }

  #toProxy(waiting: Waiting, command: ProxyCommand, client: ProxyClient | undefined): void {
    this.#forget(waiting);
    if (waiting.dialog !== undefined) this.context.dialogs.remove(waiting.dialog);
    this.proxy.start(waiting.transaction, command, client);
  }

  #send(waiting: Waiting, app: AppConnection, command: SipCommand): void {
    const { transaction } = waiting;
    const { request, source } = transaction;
    const response = this.#buildResponse(waiting, command);
    const { status } = response;
    const reliable = status > 100 && status < 200 && /\b100rel\b/i.test(response.get('require') ?? '');
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

  /** RFC 4028: every 2xx to INVITE or UPDATE says anew how long the session lives. */
  #agreeSession({ transaction, dialog }: Waiting, response: SipMessage): void {
    const { request } = transaction;
    if (dialog?.kind !== 'INVITE' || (request.method !== 'INVITE' && request.method !== 'UPDATE')) return;
    keepSession(this.context, dialog, agreeSession(request, response));
  }

  #sendReliably(waiting: Waiting, response: SipMessage): void {
    const { clock, timers } = this.context.layer;
    waiting.reliable ??= new ReliableResponses(
      clock,
      timers,
      (provisional) => void waiting.transaction.respond(provisional),
      () => {
        // RFC 3262 §3: without PRACK the INVITE is refused.
        const { app, held, dialog, transaction } = waiting;
        this.#forget(waiting);
        if (dialog !== undefined && !waiting.inDialog) this.context.dialogs.remove(dialog);
        this.#refuse(transaction, 504, waiting.toTag);
        if (held !== undefined) app?.nok(held.messageId, 'Response not sent due to missing PRACK');
        this.context.cdrStop('application', transaction.request, 'call-rejected');
      },
    );
    if (waiting.dialog !== undefined) waiting.dialog.reliable = waiting.reliable;
    waiting.reliable.add(response);
  }

  /** The application is gone: nobody will answer what it was given. */
  appClosed(app: AppConnection): void {
    for (const waiting of [...this.#waiting.values()]) {
      if (waiting.app !== app) continue;
      this.#forget(waiting);
      if (waiting.dialog !== undefined && !waiting.inDialog) {
        this.context.dialogs.remove(waiting.dialog);
      }
      this.#refuse(waiting.transaction, waiting.inDialog ? 481 : 503, waiting.toTag);
    }
  }

  close(): void {
    for (const waiting of this.#waiting.values()) {
      waiting.unanswered?.cancel();
      waiting.reliable?.stop();
    }
    this.#waiting.clear();
    this.#byTransaction.clear();
    this.#invites.clear();
    this.#answered.clear();
  }

  /** The same INVITE by another way (RFC 3261 §8.2.2.2). */
  #merged(request: SipMessage): number | undefined {
    if (this.context.dialogs.byId(dialogIdOf(request))?.confirmed === true) return 480;
    return this.#invites.has(inviteKey(request)) ? 482 : undefined;
  }

  #newRequest(transaction: ServerTransaction): void {
    const { request, source } = transaction;
    const { clock, timers } = this.context.layer;
    const invite = request.method === 'INVITE';
    if (invite) this.context.cdrAttempt('network', request);
    const handled = this.routing.handles(request.method);
    const app = handled ? undefined : this.context.apps.next(request.method.toLowerCase());
    if (app === undefined && !handled) {
      this.#refuse(transaction, 503);
      if (invite) this.context.cdrStop('application', request, 'call-rejected');
      return;
    }
    const waiting = this.#wait(transaction, app, dialogIdOf(request), newTag(), undefined);
    if (invite) {
      // An application that says nothing at all: 64 s, then the caller hears of it.
      waiting.unanswered = clock.after(2 * longestWaitMs(timers), () => {
        this.#forget(waiting);
        this.#refuse(transaction, 500, waiting.toTag);
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
    if (this.#waiting.get(waiting.txn) !== waiting || !transaction.pending) return;
    if (decision.action === 'give') return this.#give(waiting, decision.app);
    if (decision.action === 'proxy') return this.#toProxy(waiting, decision.command, undefined);
    this.#forget(waiting);
    const { request } = transaction;
    const response = makeResponse(request, decision.status, decision.reason, waiting.toTag);
    for (const contact of decision.contacts) response.append('Contact', contact);
    transaction.respond(response);
    if (request.method === 'INVITE') this.context.cdrStop('application', response, 'call-rejected');
  }

  #inDialog(transaction: ServerTransaction, dialog: CallDialog): void {
    const { request, source } = transaction;
    const { method } = request;
    if (!dialog.state.accepts(request)) return this.#refuse(transaction, 500);
    const { app } = dialog;
    if (method === 'BYE') {
      this.context.dialogs.remove(dialog);
      dialog.outgoingInvite?.cancel();
      if (dialog.incomingOffer?.pending === true) this.#refuse(dialog.incomingOffer, 487);
      this.context.cdrStop('network', request, 'normal-release');
    }
    if (app === undefined) return this.#refuse(transaction, 481);
    if (method === 'PRACK' && dialog.reliable?.acknowledge(request) !== true) {
      return this.#refuse(transaction, 481); // RFC 3262 §3
    }
    if (method === 'INVITE' || method === 'UPDATE') {
      if (isTooShort(request)) return this.#refuse(transaction, tooShort.status, undefined, tooShort.headers);
      const busy = dialog.incomingOffer?.pending === true;
      if (method === 'INVITE') {
        // RFC 3261 §14.2: one offer at a time.
        if (busy || dialog.answer !== undefined || dialog.outgoingInvite !== undefined) {
          return this.#refuse(transaction, 491);
        }
      } else if (busy) return this.#refuse(transaction, 500, undefined, { 'Retry-After': '1' });
      dialog.state.refreshTarget(request, source);
      dialog.incomingOffer = transaction;
    }
    const { txn } = this.#wait(transaction, app, dialog.id, dialog.state.localTag, dialog);
    this.context.up(app, request, source, txn, dialog.id);
  }

  #wait(
    transaction: ServerTransaction,
    app: AppConnection | undefined,
    dialogId: string,
    toTag: string,
    dialog: CallDialog | undefined,
  ): Waiting {
    const inDialog = dialog !== undefined;
    const txn = randomUUID();
    const waiting: Waiting = {
      txn,
      transaction,
      app,
      dialogId,
      inDialog,
      toTag,
      dialog,
      unanswered: undefined,
      reliable: undefined,
      held: undefined,
    };
    this.#waiting.set(txn, waiting);
    this.#byTransaction.set(transaction, waiting);
    if (!inDialog && transaction.request.method === 'INVITE') {
      this.#invites.set(inviteKey(transaction.request), waiting);
    }
    transaction.onTerminated = () => {
      this.#answered.delete(transaction);
      this.#forget(waiting);
      // The connection broke before there was an answer.
      const early = inDialog ? undefined : waiting.dialog;
      if (early !== undefined && !early.confirmed) this.context.dialogs.remove(early);
    };
    return waiting;
  }

  #forget(waiting: Waiting): void {
    waiting.unanswered?.cancel();
    waiting.reliable?.stop();
    this.#waiting.delete(waiting.txn);
    this.#byTransaction.delete(waiting.transaction);
    const key = inviteKey(waiting.transaction.request);
    if (this.#invites.get(key) === waiting) this.#invites.delete(key);
    if (waiting.dialog?.reliable === waiting.reliable && waiting.dialog !== undefined) {
      waiting.dialog.reliable = undefined;
    }
  }

  #buildResponse(waiting: Waiting, { message }: SipCommand): SipMessage {
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

  #finished(waiting: Waiting, response: SipMessage): void {
    const { transaction, dialog, inDialog } = waiting;
    const { request } = transaction;
    const { status } = response;
    this.#forget(waiting);
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
    const { clock, timers } = this.context.layer;
    const retransmission = new AnswerRetransmission(
      clock,
      timers,
      () => transaction.respond(response),
      () => {
        dialog.answer = undefined;
        this.context.hangUp(dialog, 'ACK timeout');
      },
    );
    dialog.answer = { retransmission, cseq: cseqNumber(request) };
  }

  #refuse(
    transaction: ServerTransaction,
    status: number,
    toTag?: string,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    const response = makeResponse(transaction.request, status, undefined, toTag);
    for (const [name, value] of Object.entries(headers)) response.append(name, value);
    transaction.respond(response);
  }
}

/** RFC 4028 §6. */
const tooShort = { status: 422, headers: { 'Min-SE': String(minSessionSeconds) } };

/** The same for the same INVITE that came by two ways (RFC 3261 §8.2.2.2). */
function inviteKey(request: SipMessage): string {
  return `${dialogIdOf(request)}|${cseqNumber(request)}`;
}
