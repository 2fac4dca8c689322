import { formatHostPort } from '../../core/address.js';
import type { Clock } from '../../core/clock.js';
import { errorCode } from '../../core/errors.js';
import { OnceLogger, type Logger } from '../../core/logger.js';
import { CountingClock } from '../counting-clock.js';
import { sipStackError } from './errors.js';
import { cancelFor, cseqNumber, makeResponse } from './make-message.js';
import type { SipMessage } from './message.js';
import { tagOf } from './name-addr.js';
import { readMessage } from './parse-message.js';
import { newBranch } from './random-ids.js';
import type { SipObserver } from './sip-observer.js';
import type { SipTimers } from './timers.js';
import type { ClientMachine, ClientTransaction, ResponseHandler, ServerMachine } from './transaction.js';
import { InviteClientTransaction } from './transaction-client-invite.js';
import { NonInviteClientTransaction } from './transaction-client-noninvite.js';
import { InviteServerTransaction } from './transaction-server-invite.js';
import { NonInviteServerTransaction } from './transaction-server-noninvite.js';
import { isTooLarge, RequestAttempts } from './request-attempts.js';
import { TransportLayer, type RoutedTarget, type TransportOptions } from './transport-layer.js';
import { defaultPort, type Listener, type Source, type Target } from './transport.js';
import { uriHost } from './uri.js';
import { parseVia, stampVia, type Via } from './via.js';

export type { ClientTransaction } from './transaction.js';

/** The layer's user: a user agent, or the drachtio server. */
export interface TransactionUser {
  /** A new request, once. INVITEs have got their 100 already. ACK and CANCEL do not come here. */
  request(transaction: ServerTransaction): void;
  /** A CANCEL; `invite` is what it wants to end, if we know it. The user answers both. */
  cancel(transaction: ServerTransaction, invite: ServerTransaction | undefined): void;
  /** An ACK that belongs to a 2xx. */
  ack(ack: SipMessage, source: Source): void;
}

/** A request received, and the one way to answer it. */
export interface ServerTransaction {
  readonly request: SipMessage;
  readonly source: Source;
  /** Whether a final response may still be sent. */
  readonly pending: boolean;
  /** Sends it if the state allows; a 2xx to INVITE may be sent again. Returns whether it was sent. */
  respond(response: SipMessage): boolean;
  /** Called once, when the transaction is over. */
  onTerminated: (() => void) | undefined;
}

export interface TransactionLayerOptions extends TransportOptions {
  readonly clock: Clock;
  readonly timers: SipTimers;
  readonly logger: Logger;
  /** Told of every message; without one nothing is counted. */
  readonly observer?: SipObserver | undefined;
}

/** More requests at a time are refused without keeping state: 32 s of 1500 requests per second. */
const maxServerTransactions = 50_000;
/** The same for requests inside dialogs: a flood of new ones must not refuse the BYE of a call that is up. */
const maxServerTransactionsInDialogs = 60_000;

/** Matches messages to transactions (RFC 3261 §17) over the sockets of a {@link TransportLayer}. */
export class TransactionLayer {
  readonly clock: CountingClock;
  readonly timers: SipTimers;
  readonly #once: OnceLogger;
  readonly #observer: SipObserver | undefined;
  readonly #clients = new Map<string, ClientMachine>();
  readonly #servers = new Map<string, ServerEntry>();
  #transport: TransportLayer | undefined;
  #user: TransactionUser | undefined;
  #open = true;

  static async listen(options: TransactionLayerOptions): Promise<TransactionLayer> {
    const layer = new TransactionLayer(options);
    layer.#transport = await TransportLayer.listen(options, (bytes, source) => {
      try {
        layer.#receive(bytes, source);
      } catch (error) {
        // No packet may end the process, whatever it makes its user do.
        layer.#once.warn(
          `receive ${errorCode(error)}`,
          { from: source.host, error: errorCode(error) },
          'a SIP message could not be handled',
        );
      }
    });
    return layer;
  }

  private constructor(options: TransactionLayerOptions) {
    this.clock = new CountingClock(options.clock);
    this.timers = options.timers;
    this.#once = new OnceLogger(options.logger);
    this.#observer = options.observer;
  }

  get transport(): TransportLayer {
    if (this.#transport === undefined) throw sipStackError('SIP_CLOSED');
    return this.#transport;
  }

  /** Until a user is set, whatever arrives is dropped. */
  set user(user: TransactionUser) {
    this.#user = user;
  }

  /**
   * `lingering` are finished transactions that RFC 3261 keeps to absorb repetitions (timers D, I, J, K, L, M); neither
   * they nor their one timer each count in `transactions` and `timers`.
   */
  counts(): { transactions: number; lingering: number; timers: number; sockets: number } {
    let lingering = 0;
    for (const machine of this.#clients.values()) if (machine.lingering) lingering++;
    for (const entry of this.#servers.values()) if (entry.machine.lingering) lingering++;
    return {
      transactions: this.#clients.size + this.#servers.size - lingering,
      lingering,
      timers: this.clock.pendingTimers - lingering,
      sockets: this.transport.sockets,
    };
  }

  /** The listener a message to `target` will leave by. Throws SIP_TRANSPORT_UNAVAILABLE. */
  listenerFor(target: Target): Listener {
    return this.#route(target).listener;
  }

  /** Adds the Via, sends, and hands every response to `respond`, at the earliest after this call has returned. */
  request(message: SipMessage, target: Target, respond: ResponseHandler): ClientTransaction {
    if (!this.#open) throw sipStackError('SIP_CLOSED');
    const routed = this.#route(target);
    const branch = this.#addVia(message, routed);
    if (routed.locate === undefined && !isTooLarge(message, routed)) {
      return this.#start(message, routed, branch, respond);
    }
    const attempts = new RequestAttempts(
      message,
      routed,
      this.transport,
      (next, heard) => {
        if (!this.#open) throw sipStackError('SIP_CLOSED');
        return this.#start(message, next, this.#addVia(message, next, true), heard);
      },
      respond,
    );
    attempts.begin();
    return attempts;
  }

  #route(target: Target): RoutedTarget {
    if (target.listener !== undefined) return target as RoutedTarget;
    const routed = this.transport.route(target);
    if (routed === undefined) throw sipStackError('SIP_TRANSPORT_UNAVAILABLE', { protocol: target.protocol });
    return routed;
  }

  #start(
    message: SipMessage,
    target: RoutedTarget,
    branch: string,
    respond: ResponseHandler,
  ): ClientTransaction {
    const { listener } = target;
    const key = `${branch}|${message.method}`;
    let cancelHeaders: Readonly<Record<string, string>> = {};
    const context = this.#context(
      target.protocol !== 'udp',
      () => machine,
      (outgoing, repeated, failed) => this.#send(outgoing, listener, target, repeated, failed),
      () => this.#clients.delete(key),
    );
    const heard = this.#observed(message.method, respond);
    const invite =
      message.method === 'INVITE'
        ? new InviteClientTransaction(message, context, heard, () =>
            this.#sendCancel(message, branch, listener, target, cancelHeaders),
          )
        : undefined;
    const machine: ClientMachine = invite ?? new NonInviteClientTransaction(message, context, heard);
    this.#clients.set(key, machine);
    machine.start();
    return {
      request: message,
      target,
      listener,
      cancel: (headers = {}) => {
        cancelHeaders = headers;
        invite?.cancel();
      },
    };
  }

  /** Sends an ACK for a 2xx: no transaction, nothing comes back. Returns it as sent. */
  sendAck(ack: SipMessage, target: Target): SipMessage {
    const routed = this.#route(target);
    const repeated = ack.has('via');
    if (!repeated) this.#addVia(ack, routed);
    return this.#sendAck(ack, routed, repeated);
  }

  /** A proxy's: the ACK of a 2xx goes on with our Via over the others (RFC 3261 §16.11). */
  forwardAck(ack: SipMessage, target: Target): void {
    const routed = this.#route(target);
    this.#addVia(ack, routed);
    this.#sendAck(ack, routed, false);
  }

  #sendAck(ack: SipMessage, routed: RoutedTarget, repeated: boolean): SipMessage {
    const send = (to: RoutedTarget): void => this.#send(ack, to.listener, to, repeated, () => undefined);
    if (routed.locate === undefined) send(routed);
    else {
      this.transport.locate(routed).then(
        ([found]) => {
          if (found === undefined) return;
          if (found.protocol !== routed.protocol) this.#addVia(ack, found, true);
          send(found);
        },
        () => undefined, // as if it was lost: the 2xx comes again
      );
    }
    return ack;
  }

  /** Ends every transaction and closes every socket at once; sends nothing. */
  async close(): Promise<void> {
    this.#open = false;
    for (const machine of [...this.#clients.values()]) machine.close();
    for (const entry of [...this.#servers.values()]) entry.machine.close();
    await this.#transport?.close();
  }

  /** Puts our Via on top, or in place of the one there. Returns its branch. */
  #addVia(message: SipMessage, { listener, host: remoteHost }: RoutedTarget, instead = false): string {
    const branch = newBranch();
    const { host, port } = this.transport.advertised(listener, remoteHost, true);
    const protocol = listener.address.protocol.toUpperCase();
    const via = `SIP/2.0/${protocol} ${uriHost(host)}:${port};rport;branch=${branch}`;
    if (instead) message.replaceFirst('Via', via);
    else message.prepend('Via', via);
    return branch;
  }

  #sendCancel(
    invite: SipMessage,
    branch: string,
    listener: Listener,
    target: Target,
    headers: Readonly<Record<string, string>>,
  ): void {
    const key = `${branch}|CANCEL`;
    const cancel = cancelFor(invite, headers);
    const context = this.#context(
      target.protocol !== 'udp',
      () => machine,
      (outgoing, repeated, failed) => this.#send(outgoing, listener, target, repeated, failed),
      () => this.#clients.delete(key),
    );
    const heard = this.#observed('CANCEL', () => undefined);
    const machine = new NonInviteClientTransaction(cancel, context, heard);
    this.#clients.set(key, machine);
    machine.start();
  }

  #context(
    reliable: boolean,
    machine: () => ClientMachine | ServerMachine,
    send: (message: SipMessage, repeated: boolean, failed: (error: Error) => void) => void,
    terminated: () => void,
  ) {
    let last: SipMessage | undefined;
    return {
      clock: this.clock,
      timers: this.timers,
      reliable,
      send: (message: SipMessage) => {
        const repeated = message === last;
        last = message;
        send(message, repeated, () => {
          if (this.#open) machine().transportFailed();
        });
      },
      terminated,
    };
  }

  #send(
    message: SipMessage,
    listener: Listener,
    target: Target,
    repeated: boolean,
    failed: (error: Error) => void,
  ): void {
    if (!this.#open) return;
    const bytes = message.toBuffer();
    this.#observer?.sent(message, bytes, listener, target, repeated);
    this.transport.send(bytes, listener, target, failed);
  }

  /** The same handler; the observer hears of the first final response before it. */
  #observed(method: string, respond: ResponseHandler): ResponseHandler {
    const observer = this.#observer;
    if (observer === undefined) return respond;
    let finished = false;
    return (response, source) => {
      if (response.status >= 200 && !finished) {
        finished = true;
        observer.finished('client', method, response.status);
      }
      respond(response, source);
    };
  }

  #receive(bytes: Buffer, source: Source): void {
    if (!this.#open || this.#user === undefined) return;
    const { message, problem } = readMessage(bytes);
    const via = message === undefined ? undefined : parseVia(message.get('via') ?? '');
    if (message === undefined || problem !== undefined || via === undefined) {
      const code = problem?.code ?? 'SIP_MALFORMED_HEADER';
      this.#observer?.malformed(code, source.protocol);
      this.#once.warn(
        `malformed ${source.host}`,
        { from: source.host, protocol: source.protocol, code },
        'a malformed SIP message was refused; more from this address are not logged',
      );
      if (message !== undefined && via !== undefined) {
        this.#refuse(message, via, source, problem?.sipStatus ?? 400);
      }
      return;
    }
    if (!message.isRequest) {
      const client = this.#clients.get(`${via.branch}|${message.method}`);
      this.#observer?.received(message, bytes, source, client?.lingering === true);
      client?.receive(message, source);
      return;
    }
    message.replaceFirst('Via', stampVia(message.get('via') as string, via, source.host, source.port));
    this.#receiveRequest(message, bytes, via, source, this.#user);
  }

  #receiveRequest(message: SipMessage, bytes: Buffer, via: Via, source: Source, user: TransactionUser): void {
    if (message.method === 'ACK') {
      const invite = this.#servers.get(serverKey(message, via, 'INVITE'))?.machine;
      this.#observer?.received(message, bytes, source, invite?.state === 'confirmed');
      if (invite instanceof InviteServerTransaction && invite.acknowledged()) return;
      user.ack(message, source);
      return;
    }
    const key = serverKey(message, via, message.method);
    const known = this.#servers.get(key);
    this.#observer?.received(message, bytes, source, known !== undefined);
    if (known !== undefined) {
      known.machine.retransmitted();
      return;
    }
    const inDialog = tagOf(message.get('to') ?? '') !== undefined;
    if (this.#servers.size >= (inDialog ? maxServerTransactionsInDialogs : maxServerTransactions)) {
      this.#refuse(message, via, source, 503);
      return;
    }
    const entry = this.#newServer(message, via, source, key);
    if (message.method === 'CANCEL') {
      user.cancel(entry.transaction, this.#servers.get(serverKey(message, via, 'INVITE'))?.transaction);
    } else user.request(entry.transaction);
  }

  #newServer(message: SipMessage, via: Via, source: Source, key: string): ServerEntry {
    const target = responseTarget(via, source);
    const context = this.#context(
      source.protocol !== 'udp',
      () => machine,
      (outgoing, repeated, failed) => {
        if (outgoing.status >= 200 && !repeated) {
          this.#observer?.finished('server', message.method, outgoing.status);
        }
        this.#send(outgoing, source.listener, target, repeated, failed);
      },
      () => {
        this.#servers.delete(key);
        transaction.onTerminated?.();
      },
    );
    const machine =
      message.method === 'INVITE'
        ? new InviteServerTransaction(message, context)
        : new NonInviteServerTransaction(message, context);
    const transaction: ServerTransaction = {
      request: message,
      source,
      get pending() {
        return machine.state === 'proceeding' || machine.state === 'trying';
      },
      respond: (response) => machine.respond(response),
      onTerminated: undefined,
    };
    const entry = { machine, transaction };
    this.#servers.set(key, entry);
    machine.start();
    return entry;
  }

  /** RFC 3261 §21.4.1: a request that can be answered although it is broken, without keeping state. */
  #refuse(message: SipMessage, via: Via, source: Source, status: number): void {
    if (!message.isRequest || message.method === 'ACK') return;
    message.replaceFirst('Via', stampVia(message.get('via') as string, via, source.host, source.port));
    const response = makeResponse(message, status);
    this.#send(response, source.listener, responseTarget(via, source), false, () => undefined);
  }
}

interface ServerEntry {
  readonly machine: InviteServerTransaction | NonInviteServerTransaction;
  readonly transaction: ServerTransaction;
}

/** Where a response goes (RFC 3261 §18.2.2, RFC 3581 §4): back where it came from, never where `maddr` says. */
function responseTarget(via: Via, source: Source): Target {
  const { protocol } = source;
  const usesPort = protocol === 'udp' && /;\s*rport/i.test(via.params);
  return {
    protocol,
    host: source.host,
    port: usesPort ? source.port : (via.port ?? defaultPort(protocol)),
    listener: source.listener,
    stream: source.stream,
    openOnly: protocol === 'ws' || protocol === 'wss',
  };
}

/** RFC 3261 §17.2.3; for peers before it (no cookie in the branch) what identifies the request instead. */
function serverKey(message: SipMessage, via: Via, method: string): string {
  const sentBy = formatHostPort({ host: via.host, port: via.port ?? 5060 });
  // The cookie alone is no name (RFC 4475 §3.2.1).
  if (via.branch.startsWith('z9hG4bK') && via.branch.length > 7) return `${via.branch}|${sentBy}|${method}`;
  const from = tagOf(message.get('from') ?? '') ?? '';
  return `2543|${message.get('call-id')}|${from}|${cseqNumber(message)}|${sentBy}|${via.branch}|${method}`;
}
