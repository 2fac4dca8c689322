import { randomUUID } from 'node:crypto';
import { formatHostPort } from '../../core/address.js';
import { XiangyinError } from '../../core/errors.js';
import { DialogState } from '../sip/dialog-state.js';
import { cancelFor, cseqNumber, setBody } from '../sip/make-message.js';
import { SipMessage } from '../sip/message.js';
import { asNameAddr, tagOf, withoutTag } from '../sip/name-addr.js';
import { newCallId, newTag } from '../sip/random-ids.js';
import type { ClientTransaction } from '../sip/transaction.js';
import { UnwantedAnswers } from '../sip/unwanted-answers.js';
import type { Source, Target } from '../sip/transport.js';
import { parseUri, uriTarget } from '../sip/uri.js';
import type { AppConnection, SipCommand } from './app-connection.js';
import { headerOf, type AppMessage } from './app-message.js';
import type { CallContext } from './call-context.js';
import { CallDialog, dialogIdOf, endsSubscription } from './call-dialog.js';
import { EarlyForks } from './early-forks.js';
import { applyHeaders, ownHost } from './header-rules.js';
import { sentLeader, type Hop } from './leader.js';
import { keepSession } from './session-keeping.js';
import { agreedSession, supportsTimer } from './session-timer.js';
import { renewSubscription } from './subscription-expiry.js';

const methods = new Set(
  'INVITE ACK BYE CANCEL OPTIONS REGISTER INFO UPDATE REFER NOTIFY SUBSCRIBE MESSAGE PUBLISH PRACK'.split(
    ' ',
  ),
);
/** What needs our Contact when the application gives none. */
const withContact = new Set(['INVITE', 'SUBSCRIBE', 'REFER', 'UPDATE', 'NOTIFY']);

/** A request of an application on its way. */
interface Sent {
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

/** Why a request is refused; the text goes to the application, which matches some of them. */
class Refusal extends Error {}

/** The half of the server that faces called parties: requests of applications, responses from the network. */
export class Uac {
  readonly #sent = new Map<string, Sent>();

  constructor(private readonly context: CallContext) {}

  /** A request of an application: inside a dialog, a CANCEL, or new. */
  request(app: AppConnection, command: SipCommand): void {
    try {
      if (command.message.method === 'CANCEL') this.#cancel(app, command);
      else if (command.dialogId !== '') this.#inDialog(app, command);
      else this.#newRequest(app, command);
    } catch (error) {
      if (error instanceof Refusal) app.nok(command.messageId, error.message);
      else if (error instanceof XiangyinError) {
        app.nok(command.messageId, 'requested protocol/transport not available');
      } else throw error;
    }
  }

  /** The application is gone: what rings for it is given up. Answered calls are left to their peers. */
  appClosed(app: AppConnection): void {
    for (const sent of this.#sent.values()) {
      if (sent.app !== app || sent.transaction.request.method !== 'INVITE') continue;
      sent.cancelled = true;
      sent.transaction.cancel();
    }
  }

  close(): void {
    this.#sent.clear();
  }

  #newRequest(app: AppConnection, command: SipCommand): void {
    const { message, route } = command;
    const { method } = message;
    const known = this.context.dialogs.byId(
      `${headerOf(message, 'call-id')};from-tag=${tagOf(headerOf(message, 'from') ?? '')}`,
    );
    if (known?.confirmed === true) {
      this.#sendInDialog(app, command, known);
      return;
    }
    const target = this.#target(message, route);
    const request = this.#buildNew(message, target);
    if (method === 'INVITE') this.context.cdrAttempt('application', request);
    if (method === 'SUBSCRIBE') this.context.earlyNotifies.expect(request);
    this.#send(app, command, request, target, undefined, dialogIdOf(request));
  }

  #target({ startLine, uri, method }: AppMessage, route: string): Target {
    const parsed = parseUri(route === '' ? uri : route.replace(/^<|>$/g, ''));
    if (!methods.has(method) || parsed === undefined) {
      throw new Refusal(`invalid request-uri: ${startLine}`);
    }
    const { transport } = this.context.layer;
    const registered = route === '' ? this.context.registered.find(uri) : undefined;
    if (registered !== undefined) return registered;
    const found = uriTarget(parsed);
    const target = found === undefined ? undefined : transport.route(found);
    if (target === undefined) throw new Refusal('requested protocol/transport not available');
    if (transport.isOwn(target.protocol, target.host, target.port)) {
      throw new Refusal('can not send request to myself');
    }
    return target;
  }

  #buildNew(message: AppMessage, target: Target): SipMessage {
    const { method, uri } = message;
    const listener = this.context.layer.listenerFor(target);
    const own = this.context.ownAddress(listener, target.host, true);
    const ownAddress = formatHostPort(own);
    const contact = this.context.contact(listener, own);
    const given = headerOf(message, 'from');
    const from = given === undefined ? contact : asNameAddr(ownHost(given, ownAddress));
    const request = SipMessage.request(method, uri);
    request.append('Max-Forwards', '70');
    request.append('From', tagOf(from) === undefined ? `${from};tag=${newTag()}` : from);
    const to = headerOf(message, 'to');
    request.append('To', to === undefined ? asNameAddr(uri) : withoutTag(ownHost(to, ownAddress)));
    request.append('Call-ID', headerOf(message, 'call-id') ?? newCallId());
    request.append('CSeq', `${appCseq(message) ?? firstCseq()} ${method}`);
    if (method === 'INVITE' || method === 'SUBSCRIBE') request.append('Contact', contact);
    this.#fill(request, message, ownAddress);
    return request;
  }

  /** Headers and body of the application over ours. */
  #fill(request: SipMessage, message: AppMessage, ownAddress: string): void {
    applyHeaders(request, message, { ownAddress });
    setBody(request, message.body);
    if (message.body !== '' && !request.has('content-type')) throw new Refusal('missing content-type');
  }

  #inDialog(app: AppConnection, command: SipCommand): void {
    const dialog = this.context.dialogs.byId(command.dialogId);
    if (dialog === undefined) {
      throw new Refusal(
        command.message.method === 'ACK'
          ? 'ACK for non-success final response is automatically generated by server'
          : 'Server error: unable to find dialog for dialog id provided',
      );
    }
    if (command.message.method === 'ACK') this.#acknowledge(app, command, dialog);
    else if (command.message.method === 'PRACK') {
      const rack = headerOf(command.message, 'rack') ?? '';
      this.#sendInDialog(app, command, dialog.acknowledgedFork?.(rack) ?? dialog);
    } else if (command.message.method === 'BYE' && dialog.deferHangUp(() => this.request(app, command))) {
      return;
    } else this.#sendInDialog(app, command, dialog);
  }

  #acknowledge(app: AppConnection, command: SipCommand, dialog: CallDialog): void {
    const pending = dialog.unacknowledged;
    const target = dialog.state.target();
    if (pending === undefined || target === undefined) {
      throw new Refusal('ACK for non-success final response is automatically generated by server');
    }
    dialog.unacknowledged = undefined;
    const { layer } = this.context;
    const own = this.context.ownAddress(layer.listenerFor(target), target.host, true);
    const ack = dialog.state.buildRequest('ACK', pending.cseq);
    this.#fill(ack, command.message, formatHostPort(own));
    layer.sendAck(ack, target);
    pending.sent(ack);
    dialog.keepLocalSdp(ack);
    this.#echo(app, command.messageId, ack, { ...own, protocol: target.protocol }, randomUUID());
    if (dialog.hangUpOnAck) {
      this.context.hangUp(dialog, 'ACK-BYE due to cancel race condition', 'system-initiated-termination');
    }
  }

  #sendInDialog(app: AppConnection, command: SipCommand, dialog: CallDialog): void {
    const { message } = command;
    const { method, uri } = message;
    const { routeSet, remoteTarget } = dialog.state;
    // A phone that has registered anew in the call may have changed its network.
    const handedOver = routeSet.length === 0 ? this.context.registered.find(remoteTarget) : undefined;
    const target = handedOver ?? dialog.state.target();
    if (target === undefined) throw new Refusal('requested protocol/transport not available');
    const { layer } = this.context;
    const listener = layer.listenerFor(target);
    const own = this.context.ownAddress(listener, target.host, true);
    const cseq = appCseq(message);
    if (cseq !== undefined) dialog.state.localCseq = Math.max(cseq, dialog.state.localCseq);
    const request = dialog.state.buildRequest(method, cseq);
    // The library writes the URI of the INVITE into a PRACK, as into an ACK.
    const isGiven = !uri.startsWith('sip:placeholder') && method !== 'PRACK';
    if (isGiven && dialog.state.routeSet.length === 0) request.uri = uri;
    if (withContact.has(method)) request.append('Contact', this.context.contact(listener, own));
    this.#fill(request, message, formatHostPort(own));
    if (method === 'BYE') {
      dialog.outgoingOffer?.cancel();
      this.context.cdrStop('application', request, 'normal-release');
    }
    const sent = this.#send(app, command, request, target, dialog, dialog.id);
    if (method === 'INVITE' || (method === 'UPDATE' && message.body !== '')) {
      dialog.outgoingOffer = sent.transaction;
    }
  }

  #cancel(app: AppConnection, { messageId, txn, message }: SipCommand): void {
    const sent = this.#sent.get(txn);
    if (sent === undefined || sent.final || sent.app !== app) {
      throw new Refusal(`unable to cancel unknown transaction id: ${txn}`);
    }
    const { transaction } = sent;
    const headers: Record<string, string> = {};
    const cancel = cancelFor(transaction.request);
    applyHeaders(cancel, message, { ownAddress: '', cancel: true });
    for (const [name, value] of cancel.headers()) {
      if (!transaction.request.has(name) || name === 'Reason') headers[name] = value;
    }
    sent.cancelled = true;
    transaction.cancel(headers);
    this.#echo(app, messageId, cancel, this.#hop(transaction), randomUUID());
  }

  #send(
    app: AppConnection,
    command: SipCommand,
    request: SipMessage,
    target: Target,
    dialog: CallDialog | undefined,
    dialogId: string,
  ): Sent {
    const txn = randomUUID();
    // Responses come at the earliest after layer.request has returned, so `sent` is there for them.
    const transaction = this.context.layer.request(request, target, (response, source) =>
      this.#receive(sent, response, source),
    );
    const sent: Sent = {
      txn,
      app,
      dialogId,
      transaction,
      dialog,
      inDialog: dialog !== undefined,
      ack: undefined,
      unwanted: undefined,
      forks:
        dialog === undefined && request.method === 'INVITE'
          ? new EarlyForks(this.context.dialogs)
          : undefined,
      cancelled: false,
      final: false,
    };
    this.#sent.set(txn, sent);
    this.#echo(app, command.messageId, request, this.#hop(transaction), txn);
    return sent;
  }

  /** A response from the network, or one that the transaction made itself (source undefined). */
  #receive(sent: Sent, response: SipMessage, source: Source | undefined): void {
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
      this.#sent.delete(txn);
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

  #acknowledgeAlone({ dialog }: Sent): void {
    const target = dialog?.state.target();
    if (dialog?.unacknowledged === undefined || target === undefined) return;
    const ack = dialog.state.buildRequest('ACK', dialog.unacknowledged.cseq);
    this.context.layer.sendAck(ack, target);
    dialog.unacknowledged.sent(ack);
    this.context.hangUp(dialog, 'application gone', 'system-initiated-termination');
  }

  /** The address of ours that a request left by. */
  #hop({ listener, target }: ClientTransaction): Hop {
    const own = this.context.ownAddress(listener, target.host, true);
    return { ...own, protocol: listener.address.protocol };
  }

  /** Tells the application that its request was sent, and how. Must come before any response to it. */
  #echo(app: AppConnection, messageId: string, request: SipMessage, hop: Hop, txn: string): void {
    const bytes = request.toBuffer();
    const wallMs = this.context.layer.clock.wallMs();
    app.send(sentLeader(messageId, bytes.length, hop, wallMs, txn, undefined), bytes);
  }
}

/** The application's own CSeq number: it counts a request up that it repeats with credentials. */
function appCseq(message: AppMessage): number | undefined {
  const number = Number.parseInt(headerOf(message, 'cseq') ?? '', 10);
  return Number.isInteger(number) && number > 0 && number < 2 ** 31 ? number : undefined;
}

/** A random start (RFC 3261 §8.1.1.5), small enough to be read by people. */
function firstCseq(): number {
  return 1 + Math.floor(Math.random() * 1_000_000);
}
