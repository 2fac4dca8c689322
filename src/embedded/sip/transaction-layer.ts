import type { Clock } from '../../core/clock.js';
import { errorCode } from '../../core/errors.js';
import type { Logger, OnceLogger } from '../../core/logger.js';
import { CountingClock } from '../counting-clock.js';
import { sipStackError } from './errors.js';
import { cancelFor } from './make-message.js';
import type { SipMessage } from './message.js';
import { readMessage } from './parse-message.js';
import { newBranch } from './random-ids.js';
import { ServerTransactions } from './server-transactions.js';
import type { SipObserver } from './sip-observer.js';
import type { SourceBudget } from './source-budget.js';
import { strangersLog } from './strangers-log.js';
import type { SipTimers } from './timers.js';
import type {
  ClientMachine,
  ClientTransaction,
  ResponseHandler,
  ServerMachine,
  TransactionUser,
} from './transaction.js';
import { InviteClientTransaction } from './transaction-client-invite.js';
import { NonInviteClientTransaction } from './transaction-client-noninvite.js';
import { isTooLarge, RequestAttempts } from './request-attempts.js';
import { RequestDelivery } from './request-delivery.js';
import { TransportLayer, type RoutedTarget, type TransportOptions } from './transport-layer.js';
import type { Listener, SendFailed, Source, Target } from './transport.js';
import { uriHost } from './uri.js';
import { parseVia, stampVia, viaCount, type Via } from './via.js';

export type { ClientTransaction, ServerTransaction, TransactionUser } from './transaction.js';

export interface TransactionLayerOptions extends TransportOptions {
  readonly clock: Clock;
  readonly timers: SipTimers;
  readonly logger: Logger;
  /** Told of every message; without one nothing is counted. */
  readonly observer?: SipObserver | undefined;
  /** What strangers may cost; without one every request opens a transaction. */
  readonly budget?: SourceBudget | undefined;
}

/** Matches messages to transactions (RFC 3261 §17) over the sockets of a {@link TransportLayer}. */
export class TransactionLayer {
  readonly clock: CountingClock;
  readonly timers: SipTimers;
  readonly #once: OnceLogger;
  readonly #observer: SipObserver | undefined;
  readonly #clients = new Map<string, ClientMachine>();
  readonly #servers: ServerTransactions;
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
    this.#once = strangersLog(options.logger, options.clock);
    this.#observer = options.observer;
    this.#servers = new ServerTransactions({
      observer: options.observer,
      budget: options.budget,
      context: (...args) => this.#context(...args),
      send: (...args) => this.#send(...args),
    });
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
    lingering += this.#servers.lingering;
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
    const isStream = target.protocol !== 'udp';
    let wasSent = false;
    const deliver = (failed: SendFailed): void => {
      this.#send(message, listener, target, wasSent, failed);
      wasSent = true;
    };
    const delivery = isStream ? new RequestDelivery(listener, target, deliver) : undefined;
    const context = this.#context(
      isStream,
      () => machine,
      (outgoing, repeated, failed) => {
        if (outgoing === message && delivery !== undefined) delivery.send(failed);
        else this.#send(outgoing, listener, target, repeated, failed);
      },
      () => {
        delivery?.end();
        this.#clients.delete(key);
      },
    );
    const heard = this.#observed(message.method, (response, source) => {
      delivery?.end();
      respond(response, source);
    });
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
      abandon: () => machine.close(),
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
    this.#servers.close();
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
    if (message.isRequest) {
      this.#servers.receive(message, bytes, via, source, this.#user);
      return;
    }
    const client = this.#clients.get(`${via.branch}|${message.method}`);
    // A response brings the Vias of its request back, and no others (RFC 3261 §8.1.3.3, §16.7).
    if (client === undefined || viaCount(message) > viaCount(client.request)) {
      this.#observer?.dropped?.('stray', message, source);
      return;
    }
    this.#observer?.received(message, bytes, source, client.lingering);
    client.receive(message, source);
  }

  /** RFC 3261 §21.4.1: a request that can be answered although it is broken. */
  #refuse(message: SipMessage, via: Via, source: Source, status: number): void {
    if (!message.isRequest || message.method === 'ACK') return;
    message.replaceFirst('Via', stampVia(message.get('via') as string, via, source.host, source.port));
    const isSent = this.#servers.refuse(message, via, source, { status });
    if (!isSent) this.#observer?.dropped?.('refusals', undefined, source);
  }
}
