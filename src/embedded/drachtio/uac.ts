import { randomUUID } from 'node:crypto';
import { formatHostPort } from '../../core/address.js';
import { XiangyinError } from '../../core/errors.js';
import { cancelFor, setBody } from '../sip/make-message.js';
import { SipMessage } from '../sip/message.js';
import { asNameAddr, tagOf, withoutTag } from '../sip/name-addr.js';
import { newCallId, newTag } from '../sip/random-ids.js';
import type { ClientTransaction } from '../sip/transaction.js';
import type { Target } from '../sip/transport.js';
import { parseUri, uriTarget } from '../sip/uri.js';
import type { AppConnection, SipCommand } from './app-connection.js';
import { headerOf, type AppMessage } from './app-message.js';
import type { CallContext } from './call-context.js';
import { dialogIdOf, type CallDialog } from './call-dialog.js';
import { EarlyForks } from './early-forks.js';
import { applyHeaders, ownHost } from './header-rules.js';
import { sentLeader, type Hop } from './leader.js';
import { NetworkResponses, type Sent } from './network-responses.js';

const methods = new Set(
  'INVITE ACK BYE CANCEL OPTIONS REGISTER INFO UPDATE REFER NOTIFY SUBSCRIBE MESSAGE PUBLISH PRACK'.split(
    ' ',
  ),
);
/** What needs our Contact when the application gives none. */
const withContact = new Set(['INVITE', 'SUBSCRIBE', 'REFER', 'UPDATE', 'NOTIFY']);

/** Why a request is refused; the text goes to the application, which matches some of them. */
class Refusal extends Error {}

/** The half of the server that faces called parties: requests of applications. */
export class Uac {
  readonly #sent = new Map<string, Sent>();
  readonly #responses: NetworkResponses;

  constructor(private readonly context: CallContext) {
    this.#responses = new NetworkResponses(context, ({ txn }) => this.#sent.delete(txn));
  }

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
      this.#responses.receive(sent, response, source),
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
