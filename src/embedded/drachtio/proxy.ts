import { formatHostPort } from '../../core/address.js';
import { splitValues } from '../sip/header-value.js';
import { cseqNumber, makeResponse } from '../sip/make-message.js';
import type { SipMessage } from '../sip/message.js';
import { tagOf } from '../sip/name-addr.js';
import type { ServerTransaction } from '../sip/transaction-layer.js';
import { defaultPort, type Protocol, type Target } from '../sip/transport.js';
import { parseVia } from '../sip/via.js';
import type { AppConnection } from './app-connection.js';
import type { CallContext } from './call-context.js';
import { dialogIdOf } from './call-dialog.js';
import { Challenges } from './challenges.js';
import { applyHeaders } from './header-rules.js';
import { proxiedLeader, replyLeader } from './leader.js';
import type { ProxyCommand } from './proxy-command.js';
import { countHop, nextHop, targetOf, type RecordRoute } from './record-route.js';
import { ResponseContext, type ContextEvents, type Forwarded } from './response-context.js';

/** Whom to tell how the forwarding of a request goes. Nobody: a request handler ordered it. */
export interface ProxyClient {
  readonly app: AppConnection;
  readonly messageId: string;
}

/** The server as stateful proxy (RFC 3261 §16): forwards requests to where applications, or their own Routes, say. */
export class Proxy {
  readonly #contexts = new Map<ServerTransaction, ResponseContext>();
  /** What is being forwarded, to see it come back to us (RFC 3261 §16.3 step 4). */
  readonly #underway = new Set<string>();
  readonly #challenges = new Challenges();

  constructor(
    private readonly context: CallContext,
    private readonly recordRoute: RecordRoute,
  ) {}

  /** Forwards a request that an application was given, as it says. */
  start(transaction: ServerTransaction, command: ProxyCommand, client: ProxyClient | undefined): void {
    const { request } = transaction;
    const nok = (status: number, reason: string): void => {
      const response = makeResponse(request, status);
      transaction.respond(response);
      if (request.method === 'INVITE') this.context.cdrStop('application', response, 'call-rejected');
      client?.app.nok(client.messageId, reason);
    };
    const key = loopKey(request);
    if (this.#underway.has(key) && this.#hasOwnVia(request)) {
      nok(482, 'Rejected with 482 Loop Detected');
      return;
    }
    const onward = request.clone();
    if (!countHop(onward)) {
      nok(483, 'Rejected with 483 Too Many Hops due to Max-Forwards value of 0');
      return;
    }
    this.recordRoute.strip(onward);
    const { clock } = this.context.layer;
    const challenged = this.#challenges.answered(request, clock.nowMs());
    const destinations = challenged === undefined ? command.destinations : [challenged];
    const fork = new ResponseContext(
      this.context.layer,
      transaction,
      command,
      (destination, redirected) => this.#forward(onward, transaction, command, destination, redirected),
      this.#events(transaction, command, client, key),
    );
    this.#underway.add(key);
    this.#hold(transaction, fork);
    if (!fork.start(destinations)) {
      this.#contexts.delete(transaction);
      this.#underway.delete(key);
      nok(500, 'error proxying request to destination');
    } else if (!command.fullResponse) client?.app.send(replyLeader(client.messageId, 'OK|done'));
  }

  /** Hot: whether a request (or ACK) names us in its Route, from a dialog that we stay in. */
  isRouted(request: SipMessage): boolean {
    return this.#onward(request) !== undefined;
  }

  #nextHop(onward: SipMessage): Target | undefined {
    const registered = onward.has('route') ? undefined : this.context.registered.find(onward.uri);
    return registered ?? nextHop(onward);
  }

  /** Such a request without our Route. */
  #onward(request: SipMessage): SipMessage | undefined {
    if (!request.has('route') && !request.uri.includes('pass=')) return undefined;
    if (tagOf(request.get('to') ?? '') === undefined) return undefined;
    const onward = request.clone();
    return this.recordRoute.strip(onward) ? onward : undefined;
  }

  /** A request that {@link isRouted}: forwarded without an application. False: it is none. */
  routed(transaction: ServerTransaction): boolean {
    const { request } = transaction;
    const onward = this.#onward(request);
    if (onward === undefined) return false;
    if (!countHop(onward)) {
      transaction.respond(makeResponse(request, 483));
      return true;
    }
    const isBye = request.method === 'BYE';
    const fork = new ResponseContext(
      this.context.layer,
      transaction,
      { simultaneous: false, followRedirects: false, provisionalMs: undefined, finalMs: undefined },
      () => {
        const target = this.#nextHop(onward);
        return target === undefined ? undefined : { request: onward, target };
      },
      {
        attempt: (sent) => {
          if (!isBye) return;
          this.context.cdrStop('network', request, 'normal-release');
          this.context.cdrStop('application', sent, 'normal-release');
        },
        final: () => undefined,
        answered: () => undefined,
        done: () => void this.#contexts.delete(transaction),
      },
    );
    this.#hold(transaction, fork);
    if (!fork.start(['route'])) {
      this.#contexts.delete(transaction);
      transaction.respond(makeResponse(request, 500));
    }
    return true;
  }

  /** The ACK of a 2xx that passes through us: forwarded without state. False: it is not for us to forward. */
  ack(ack: SipMessage): boolean {
    const onward = this.#onward(ack);
    if (onward === undefined) return false;
    if (!countHop(onward)) return true;
    const target = this.#nextHop(onward);
    if (target !== undefined) this.context.layer.forwardAck(onward, target);
    return true;
  }

  /** A CANCEL for something that we forward: answered here, passed on to all destinations. */
  cancel(cancel: ServerTransaction, invite: ServerTransaction | undefined): boolean {
    const fork = invite === undefined ? undefined : this.#contexts.get(invite);
    if (fork === undefined || invite?.pending !== true) return false;
    cancel.respond(makeResponse(cancel.request, 200));
    const response = makeResponse(invite.request, 487);
    invite.respond(response);
    this.context.cdrStop('application', response, 'call-canceled');
    fork.cancel(cancel.request.get('reason'));
    return true;
  }

  close(): void {
    for (const fork of this.#contexts.values()) fork.close();
    this.#contexts.clear();
    this.#underway.clear();
  }

  #hold(transaction: ServerTransaction, fork: ResponseContext): void {
    this.#contexts.set(transaction, fork);
    transaction.onTerminated = () => {
      // The caller's connection broke, or its transaction ended with the answer.
      if (this.#contexts.has(transaction)) fork.cancel();
    };
  }

  /** The request as one destination gets it (RFC 3261 §16.6). */
  #forward(
    onward: SipMessage,
    { source }: ServerTransaction,
    { recordRoute, message }: ProxyCommand,
    destination: string,
    redirected: boolean,
  ): Forwarded | undefined {
    const target = this.context.registered.find(destination) ?? targetOf(destination);
    if (target === undefined) return undefined;
    const { layer } = this.context;
    const listener = layer.listenerFor(target);
    const own = this.context.ownAddress(listener, target.host, true);
    const request = onward.clone();
    if (redirected || this.#isOwnUri(request.uri)) request.uri = destination;
    const callId = request.get('call-id') ?? '';
    const entry = this.recordRoute.entry(this.context.contact(listener, own), callId);
    if (recordRoute && request.method === 'REGISTER') {
      request.prepend('Path', entry);
      request.append('Require', 'path');
    } else if (recordRoute) {
      if (listener !== source.listener) {
        // Each side finds us by its own transport (RFC 5658 §3.2).
        const inner = this.context.ownAddress(source.listener, source.host, true);
        request.prepend(
          'Record-Route',
          this.recordRoute.entry(this.context.contact(source.listener, inner), callId),
        );
      }
      request.prepend('Record-Route', entry);
    }
    if (message !== undefined) applyHeaders(request, message, { ownAddress: formatHostPort(own) });
    return { request, target };
  }

  #events(
    transaction: ServerTransaction,
    command: ProxyCommand,
    client: ProxyClient | undefined,
    key: string,
  ): ContextEvents {
    const invite = transaction.request.method === 'INVITE';
    const tells = command.fullResponse ? client : undefined;
    let isDone = false;
    return {
      attempt: (request) => {
        if (invite) this.context.cdrAttempt('application', request);
      },
      final: (response, source, destination) => {
        const { status } = response;
        if (source !== undefined && (status === 401 || status === 407)) {
          this.#challenges.made(response, destination, this.context.layer.clock.nowMs());
        }
        if (invite) this.#cdr('network', 'proxy-uac', response);
        if (tells === undefined || source === undefined || isDone) return;
        const bytes = response.toBuffer();
        const wallMs = this.context.layer.clock.wallMs();
        tells.app.send(proxiedLeader(tells.messageId, bytes.length, source, wallMs), bytes);
      },
      answered: (response) => {
        if (invite) this.#cdr('application', 'proxy-uas', response);
      },
      done: () => {
        isDone = true;
        this.#contexts.delete(transaction);
        this.#underway.delete(key);
        if (tells !== undefined) tells.app.send(replyLeader(tells.messageId, 'OK|done'));
      },
    };
  }

  #cdr(source: 'network' | 'application', role: 'proxy-uas' | 'proxy-uac', response: SipMessage): void {
    const { status } = response;
    if (status < 300) this.context.cdrStart(source, response, role);
    else this.context.cdrStop(source, response, status === 487 ? 'call-canceled' : 'call-rejected');
  }

  /** Addressed to us: the destination says who is meant. */
  #isOwnUri(uri: string): boolean {
    const target = targetOf(uri);
    return target !== undefined && this.#isOwn(target.protocol, target.host, target.port);
  }

  #hasOwnVia(request: SipMessage): boolean {
    return request
      .getAll('via')
      .flatMap(splitValues)
      .some((value) => {
        const via = parseVia(value);
        if (via === undefined) return false;
        const protocol = via.transport.toLowerCase() as Protocol;
        return this.#isOwn(protocol, via.host, via.port ?? defaultPort(protocol));
      });
  }

  #isOwn(protocol: Protocol, host: string, port: number): boolean {
    return this.context.layer.transport.isOwn(protocol, host, port);
  }
}

function loopKey(request: SipMessage): string {
  return `${dialogIdOf(request)}|${cseqNumber(request)}|${request.method}|${request.uri}`;
}
