import { formatHostPort } from '../../core/address.js';
import { paramOf } from './header-value.js';
import { cseqNumber } from './make-message.js';
import type { SipMessage } from './message.js';
import { tagOf } from './name-addr.js';
import type { DropReason, SipObserver } from './sip-observer.js';
import type { SourceBudget } from './source-budget.js';
import { acknowledgesRefusal, refuseStatelessly, type Refusal } from './stateless-refusal.js';
import type { ServerMachine, ServerTransaction, TransactionContext, TransactionUser } from './transaction.js';
import { InviteServerTransaction } from './transaction-server-invite.js';
import { NonInviteServerTransaction } from './transaction-server-noninvite.js';
import { defaultPort, type Listener, type Source, type Target } from './transport.js';
import { stampVia, type Via } from './via.js';

/** More new requests at a time are refused without keeping state: 32 s of 1500 requests per second. */
const maxTransactions = 50_000;
/** Those of known dialogs have room beyond that, as much again: a peer in a call cannot make them grow without end either. */
const maxTransactionsInDialogs = 100_000;
/** Of the dialogs of one Call-ID: ten keys a second by INFO for 20 s. */
const maxTransactionsPerCall = 200;
/** Beyond those, so that the call can end: BYE and CANCEL, which a proxied peer may send for ever too. */
const moreToEnd = 20;

/** What the server's half of the layer needs of it. */
export interface ServerSurroundings {
  readonly observer: SipObserver | undefined;
  /** Without one everybody may open transactions. */
  readonly budget: SourceBudget | undefined;
  context(
    reliable: boolean,
    machine: () => ServerMachine,
    send: (message: SipMessage, repeated: boolean, failed: (error: Error) => void) => void,
    terminated: () => void,
  ): TransactionContext;
  send(
    message: SipMessage,
    listener: Listener,
    target: Target,
    repeated: boolean,
    failed: (error: Error) => void,
  ): void;
}

interface Entry {
  readonly machine: InviteServerTransaction | NonInviteServerTransaction;
  readonly transaction: ServerTransaction;
}

/**
 * Matches requests to server transactions (RFC 3261 §17.2.3). What opens none costs no memory: refusals that depend on
 * nothing but the request, and what a flood brings beyond the budget of its source.
 */
export class ServerTransactions {
  readonly #entries = new Map<string, Entry>();
  /** How many of dialogs there are, by Call-ID: a stranger who knows one uses up nothing of its call. */
  readonly #perCall = new Map<string, number>();

  constructor(private readonly surroundings: ServerSurroundings) {}

  get size(): number {
    return this.#entries.size;
  }

  get lingering(): number {
    let count = 0;
    for (const { machine } of this.#entries.values()) if (machine.lingering) count++;
    return count;
  }

  /** Hot: a request that could be read. */
  receive(message: SipMessage, bytes: Buffer, via: Via, source: Source, user: TransactionUser): void {
    message.replaceFirst('Via', stampVia(message.get('via') as string, via, source.host, source.port));
    if (message.method === 'ACK') return this.#receiveAck(message, bytes, via, source, user);
    const { observer } = this.surroundings;
    const key = serverKey(message, via, message.method);
    const known = this.#entries.get(key);
    if (known !== undefined) {
      observer?.received(message, bytes, source, true);
      known.machine.retransmitted();
      return;
    }
    const isCancel = message.method === 'CANCEL';
    const invite = isCancel ? this.#entries.get(serverKey(message, via, 'INVITE')) : undefined;
    const inDialog = invite !== undefined || isKnown(user, message);
    if (!inDialog) {
      // RFC 3261 §9.2: a CANCEL of nothing.
      const refusal = isCancel ? { status: 481 } : user.refusal?.(message);
      if (refusal !== undefined) {
        if (!this.refuse(message, via, source, refusal, bytes)) this.#dropped('refusals', message, source);
        return;
      }
      const verdict = this.surroundings.budget?.admit(source, key) ?? 'pass';
      if (verdict !== 'pass') {
        this.#dropped(verdict === 'drop' ? 'budget' : 'budget_503', message, source);
        if (verdict === 'refuse') this.#respondStatelessly(message, via, source, overload);
        return;
      }
    }
    if (this.#isFull(message, inDialog)) {
      this.#dropped('full', message, source);
      if (this.#mayRefuse(source)) this.#respondStatelessly(message, via, source, overload);
      return;
    }
    observer?.received(message, bytes, source, false);
    const { transaction } = this.#open(message, via, source, key, inDialog);
    if (isCancel) user.cancel(transaction, invite?.transaction);
    else user.request(transaction);
  }

  /**
   * Answers a request without a transaction; `bytes` for the observer, unless it has heard of the request. False: its
   * address has had too many such answers lately, nothing was sent.
   */
  refuse(message: SipMessage, via: Via, source: Source, refusal: Refusal, bytes?: Buffer): boolean {
    if (!this.#mayRefuse(source)) return false;
    if (bytes !== undefined) this.surroundings.observer?.received(message, bytes, source, false);
    this.#respondStatelessly(message, via, source, refusal);
    return true;
  }

  close(): void {
    for (const { machine } of [...this.#entries.values()]) machine.close();
  }

  #receiveAck(ack: SipMessage, bytes: Buffer, via: Via, source: Source, user: TransactionUser): void {
    const { observer } = this.surroundings;
    const invite = this.#entries.get(serverKey(ack, via, 'INVITE'))?.machine;
    if (invite instanceof InviteServerTransaction) {
      observer?.received(ack, bytes, source, invite.state === 'confirmed');
      if (!invite.acknowledged()) user.ack(ack, source);
    } else if (isKnown(user, ack)) {
      observer?.received(ack, bytes, source, false);
      user.ack(ack, source);
    } else if (acknowledgesRefusal(ack)) observer?.received(ack, bytes, source, false);
    else this.#dropped('stray', ack, source);
  }

  #isFull(message: SipMessage, inDialog: boolean): boolean {
    if (this.#entries.size >= (inDialog ? maxTransactionsInDialogs : maxTransactions)) return true;
    if (!inDialog) return false;
    const ends = message.method === 'BYE' || message.method === 'CANCEL';
    const ofCall = this.#perCall.get(message.get('call-id') ?? '') ?? 0;
    return ofCall >= maxTransactionsPerCall + (ends ? moreToEnd : 0);
  }

  #count(callId: string, more: number): void {
    const count = (this.#perCall.get(callId) ?? 0) + more;
    if (count > 0) this.#perCall.set(callId, count);
    else this.#perCall.delete(callId);
  }

  #mayRefuse(source: Source): boolean {
    return this.surroundings.budget?.mayRefuse(source) ?? true;
  }

  #respondStatelessly(message: SipMessage, via: Via, source: Source, refusal: Refusal): void {
    const response = refuseStatelessly(message, refusal);
    this.surroundings.send(response, source.listener, responseTarget(via, source), false, () => undefined);
  }

  #dropped(reason: DropReason, message: SipMessage, source: Source): void {
    this.surroundings.observer?.dropped?.(reason, message, source);
  }

  #open(message: SipMessage, via: Via, source: Source, key: string, inDialog: boolean): Entry {
    const { observer, budget, context, send } = this.surroundings;
    const target = responseTarget(via, source);
    const { method } = message;
    const callId = message.get('call-id') ?? '';
    let isAnswered = false;
    const surroundings = context(
      source.protocol !== 'udp',
      () => machine,
      (outgoing, repeated, failed) => {
        const { status } = outgoing;
        if (status >= 200 && !repeated) observer?.finished('server', method, status);
        if (status > 100 && !repeated && !inDialog) {
          budget?.answered(source, method, status, !isAnswered);
          isAnswered = true;
        }
        send(outgoing, source.listener, target, repeated, failed);
      },
      () => {
        this.#entries.delete(key);
        if (inDialog) this.#count(callId, -1);
        transaction.onTerminated?.();
      },
    );
    const machine =
      method === 'INVITE'
        ? new InviteServerTransaction(message, surroundings)
        : new NonInviteServerTransaction(message, surroundings);
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
    this.#entries.set(key, entry);
    if (inDialog) this.#count(callId, 1);
    machine.start();
    return entry;
  }
}

/** By then a flood has passed, or the budget has something left. */
const overload: Refusal = { status: 503, headers: { 'Retry-After': '5' } };

function isKnown(user: TransactionUser, request: SipMessage): boolean {
  return user.knows?.(request) ?? tagOf(request.get('to') ?? '') !== undefined;
}

/** Where a response goes (RFC 3261 §18.2.2, RFC 3581 §4): back where it came from, never where `maddr` says. */
function responseTarget(via: Via, source: Source): Target {
  const { protocol } = source;
  const usesPort = protocol === 'udp' && paramOf(via.params, 'rport') !== undefined;
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
