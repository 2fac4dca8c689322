import type { Clock } from '../../core/clock.js';
import type { SipMessage } from './message.js';
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
}

/** A client transaction as the layer sees it. */
export interface ClientMachine {
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
