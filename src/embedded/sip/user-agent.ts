import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/logger.js';
import { TypedEmitter } from '../../core/typed-emitter.js';
import type { ConnectionLimits } from './connection-limits.js';
import { contactUri } from './dialog-state.js';
import { splitValues } from './header-value.js';
import { IncomingInvite } from './incoming-invite.js';
import { localResponse, makeResponse } from './make-message.js';
import { SipMessage } from './message.js';
import { asNameAddr, tagOf } from './name-addr.js';
import { OutgoingInvite } from './outgoing-invite.js';
import { newCallId, newTag } from './random-ids.js';
import type { IncomingRequest, RequestOptions } from './request-options.js';
import { sipTimers, type TimerOptions } from './timers.js';
import type { TlsOptions } from './tls-identity.js';
import { TransactionLayer, type ServerTransaction, type TransactionUser } from './transaction-layer.js';
import type { ListenAddress, Target } from './transport.js';
import { parseUri, uriTarget } from './uri.js';
import {
  allowedMethods,
  buildResponse,
  complete,
  contactFor,
  incomingRequest,
  type KnownDialog,
  type UserAgentContext,
} from './user-agent-context.js';

export interface UserAgentOptions {
  /** `udp:127.0.0.1:0`, `tcp:127.0.0.1:5080`, tls:, ws:, wss:; port 0 lets the system choose. */
  readonly listen: readonly string[];
  /** Certificate and whom to trust, for tls: and wss:. */
  readonly tls?: TlsOptions | undefined;
  readonly connections?: Partial<ConnectionLimits> | undefined;
  readonly dnsServers?: readonly string[] | undefined;
  /** What Via and Contact say instead of the address listened on. Default: that address. */
  readonly externalAddress?: string | undefined;
  /** User-Agent and Server header, and the user part of the default From and Contact. */
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default 500, 4000, 5000 ms (RFC 3261 §17.1.1.1). */
  readonly timers?: TimerOptions | undefined;
}

export type UserAgentEvents = {
  /** A new call; without a listener it is refused with 480. */
  invite: [incoming: IncomingInvite];
  /** Any other request outside a dialog; without a listener OPTIONS gets 200 and the rest 405. */
  request: [incoming: IncomingRequest];
};

/** A SIP phone without media: places and takes calls over its own sockets (RFC 3261 §8). */
export class UserAgent extends TypedEmitter<UserAgentEvents> {
  readonly #dialogs = new Map<string, KnownDialog>();
  readonly #pending = new Map<ServerTransaction, IncomingInvite>();
  readonly #context: UserAgentContext;

  /** Rejects SIP_ADDRESS_IN_USE naming the port, SIP_BAD_LISTEN_ADDRESS, SIP_LISTEN_FAILED. */
  static async listen(options: UserAgentOptions): Promise<UserAgent> {
    const layer = await TransactionLayer.listen({
      ...options,
      timers: sipTimers(options.timers),
    });
    return new UserAgent(layer, options);
  }

  private constructor(
    private readonly layer: TransactionLayer,
    options: UserAgentOptions,
  ) {
    super();
    this.#context = {
      layer,
      logger: options.logger,
      name: options.name,
      dialogStarted: (dialog) => void this.#dialogs.set(keyOf(dialog), dialog),
      dialogEnded: (dialog) => void this.#dialogs.delete(keyOf(dialog)),
    };
    const user: TransactionUser = {
      knows: (request) => this.#dialogs.has(keyOfReceived(request)),
      request: (transaction) => this.#receive(transaction),
      cancel: (cancel, invite) => this.#receiveCancel(cancel, invite),
      ack: (ack) => this.#dialogs.get(keyOfReceived(ack))?.receiveAck(ack),
    };
    layer.user = user;
  }

  /** As really bound, in the order of `listen`. */
  get addresses(): readonly ListenAddress[] {
    return this.layer.transport.addresses;
  }

  /** Places a call. Never throws for what the network does: see the events of {@link OutgoingInvite}. */
  invite(uri: string, options: RequestOptions = {}): OutgoingInvite {
    const { request, target } = this.#newRequest('INVITE', uri, options);
    return new OutgoingInvite(request, target, this.#context);
  }

  /** Resolves with the final response; 408 and 503 are made here when nobody answers. Never rejects. */
  request(method: string, uri: string, options: RequestOptions = {}): Promise<SipMessage> {
    const { request, target } = this.#newRequest(method, uri, options);
    return new Promise((resolve) => {
      if (target === undefined) {
        resolve(localResponse(request, 503));
        return;
      }
      try {
        this.layer.request(request, target, (response) => {
          if (response.status >= 200) resolve(response);
        });
      } catch {
        resolve(localResponse(request, 503));
      }
    });
  }

  /**
   * What is there now. `lingering` are finished transactions that RFC 3261 keeps for up to 32 s to absorb repetitions;
   * they and their timers are in no other figure.
   */
  counts(): {
    transactions: number;
    lingering: number;
    dialogs: number;
    timers: number;
    sockets: number;
  } {
    return { ...this.layer.counts(), dialogs: this.#dialogs.size };
  }

  /** Closes all sockets and timers at once; sends nothing, no event follows. */
  async close(): Promise<void> {
    for (const dialog of [...this.#dialogs.values()]) dialog.close();
    this.#pending.clear();
    await this.layer.close();
  }

  #newRequest(
    method: string,
    uri: string,
    options: RequestOptions,
  ): { request: SipMessage; target: Target | undefined } {
    const request = SipMessage.request(method, uri);
    const parsed = parseUri(uri);
    const found = parsed === undefined ? undefined : uriTarget(parsed);
    const target = found === undefined ? undefined : this.layer.transport.route(found);
    const contact =
      target === undefined
        ? `<sip:${this.#context.name}@invalid>`
        : contactFor(this.#context, target.listener, target, true);
    const from = options.from === undefined ? contact.replace(/;transport=\w+/, '') : options.from;
    request.append('Max-Forwards', '70');
    request.append('From', `${asNameAddr(from)};tag=${options.fromTag ?? newTag()}`);
    request.append('To', asNameAddr(uri));
    request.append('Call-ID', options.callId ?? newCallId());
    request.append('CSeq', `1 ${method}`);
    if (method === 'INVITE' || method === 'SUBSCRIBE') request.append('Contact', contact);
    if (method === 'INVITE') request.append('Allow', allowedMethods);
    request.append('User-Agent', this.#context.name);
    return {
      request: complete(request, options),
      target,
    };
  }

  #receive(transaction: ServerTransaction): void {
    const { request } = transaction;
    const refuse = (status: number, headers?: Record<string, string>): void => {
      transaction.respond(buildResponse(this.#context, transaction, status, undefined, { headers }));
    };
    const inDialog = tagOf(request.get('to') ?? '') !== undefined;
    const dialog = inDialog ? this.#dialogs.get(keyOfReceived(request)) : undefined;
    if (inDialog && dialog === undefined) return refuse(481);
    // We have no extension that a peer could require, in a dialog or outside (RFC 3261 §8.2.2.3).
    const required = request.getAll('require').flatMap(splitValues);
    if (required.length > 0) return refuse(420, { Unsupported: required.join(', ') });
    if (dialog !== undefined) return dialog.receive(transaction);
    if (request.method !== 'INVITE') {
      if (!this.emit('request', incomingRequest(this.#context, transaction))) {
        refuse(request.method === 'OPTIONS' ? 200 : 405);
      }
      return;
    }
    // A peer before RFC 3261 tells neither From tag nor Contact (RFC 4475 §3.4.1): its From is where it is reached.
    const legacy = tagOf(request.get('from') ?? '') === undefined && !request.has('contact');
    if (!legacy && (contactUri(request) === undefined || tagOf(request.get('from') ?? '') === undefined)) {
      return refuse(400);
    }
    if (request.body !== '' && !isSessionDescription(request.get('content-type'))) {
      return refuse(415, { Accept: 'application/sdp' });
    }
    if (!acceptsSessionDescription(request)) return refuse(406);
    const incoming = new IncomingInvite(transaction, this.#context);
    this.#pending.set(transaction, incoming);
    transaction.onTerminated = () => void this.#pending.delete(transaction);
    if (!this.emit('invite', incoming)) incoming.respond(480);
  }

  #receiveCancel(cancel: ServerTransaction, invite: ServerTransaction | undefined): void {
    if (invite === undefined) {
      cancel.respond(makeResponse(cancel.request, 481));
      return;
    }
    const incoming = this.#pending.get(invite);
    // RFC 3261 §9.2: the same To tag as the responses to the INVITE.
    cancel.respond(makeResponse(cancel.request, 200, undefined, incoming?.localTag));
    if (incoming !== undefined) incoming.cancelled();
    else if (invite.pending) invite.respond(makeResponse(invite.request, 487)); // a re-INVITE
  }
}

/** What we can read in an INVITE, or what names no type; parts of a multipart are the application's to find (RFC 5621). */
function isSessionDescription(contentType: string | undefined): boolean {
  return contentType === undefined || /^\s*(application\/sdp|multipart\/)/i.test(contentType);
}

/** RFC 3261 §20.1: without Accept everything is; the answer that we would give is a session description. */
function acceptsSessionDescription(request: SipMessage): boolean {
  const accepted = request.getAll('accept').flatMap(splitValues);
  if (accepted.length === 0) return true;
  return accepted.some((range) => /^(application\/(sdp|\*)|\*\/\*)\s*(;|$)/i.test(range));
}

function keyOf(dialog: KnownDialog): string {
  return `${dialog.callId}|${dialog.localTag}|${dialog.remoteTag}`;
}

/** The key of the dialog that a received request belongs to: To is ours, From the peer's. */
function keyOfReceived(request: SipMessage): string {
  const localTag = tagOf(request.get('to') ?? '') ?? '';
  const remoteTag = tagOf(request.get('from') ?? '') ?? '';
  return `${request.get('call-id')}|${localTag}|${remoteTag}`;
}
