import type { Clock } from '../../core/clock.js';
import type { SipMessage } from './message.js';
import type { Refusal } from './stateless-refusal.js';
import type { SipTimers } from './timers.js';
import type { Listener, Source, Target } from './transport.js';

/** What a transaction needs from below and above; given by the transaction layer, or by a test. */
export interface TransactionContext {
  readonly clock: Clock;
  readonly timers: SipTimers;
  /** Whether the transport delivers by itself (TCP): nothing is retransmitted then. */
  readonly reliable: boolean;
  /** To the transport; a failure comes back later by `transportFailed`. */
  send(message: SipMessage): void;
  /** Called once, when nothing of the transaction is left. */
  terminated(): void;
}

/** What the user of a client transaction hears. */
export interface ResponseHandler {
  /** Each provisional and the final response; `source` is undefined when we made it ourselves (408, 503, 487). */
  (response: SipMessage, source: Source | undefined): void;
}

/** A request on its way. */
export interface ClientTransaction {
  /** As really sent, Via included. */
  readonly request: SipMessage;
  readonly target: Target;
  readonly listener: Listener;
  /** INVITE only: see {@link file://./transaction-client-invite.ts}. */
  cancel(headers?: Readonly<Record<string, string>>): void;
  /** Nobody waits for a response any more: not sent again. */
  abandon(): void;
}

/** A client transaction as the layer sees it. */
export interface ClientMachine {
  readonly request: SipMessage;
  readonly lingering: boolean;
  start(): void;
  receive(response: SipMessage, source: Source): void;
  transportFailed(): void;
  close(): void;
}

/** A server transaction as the layer sees it. */
export interface ServerMachine {
  readonly lingering: boolean;
  start(): void;
  /** The same request again. */
  retransmitted(): void;
  respond(response: SipMessage): boolean;
  transportFailed(): void;
  close(): void;
}

/** The layer's user: a user agent, or the drachtio server. */
export interface TransactionUser {
  /** Hot: whether a request belongs to a dialog, so that no flood of others may hold it up. Without it: if its To has a tag. */
  knows?(request: SipMessage): boolean;
  /**
   * Hot: the refusal of a request that {@link knows} does not know, if nothing but the request decides: it is answered
   * without a transaction, and again when it comes again. Undefined: it goes to {@link request}.
   */
  refusal?(request: SipMessage): Refusal | undefined;
  /** A new request, once. INVITEs have got their 100, or get it in time. ACK and CANCEL do not come here. */
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
