import type { Clock } from '../../core/clock.js';
import type { SipMessage } from './message.js';
import type { SipTimers } from './timers.js';
import type { Source } from './transport.js';

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

/** A client transaction as the layer sees it. */
export interface ClientMachine {
  readonly lingering: boolean;
  start(): void;
  receive(response: SipMessage, source: Source): void;
  /** `reason` is the phrase of the 503 that the user gets, instead of the usual one. */
  transportFailed(reason?: string): void;
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
