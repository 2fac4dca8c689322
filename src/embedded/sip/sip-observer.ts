import type { SipMessage } from './message.js';
import type { Listener, Protocol, Source, Target } from './transport.js';

/** Who answers in a transaction: we (`server`) or the peer (`client`). */
export type Role = 'server' | 'client';

/**
 * Why nothing came of a packet: `budget` and `budget_503`, a new request of a source over its budget, without answer and
 * with 503; `refusals`, a refusal that was not sent, its address had too many; `stray`, a response or ACK that belongs to
 * nothing; `full`, all transactions that there may be are there.
 */
export const dropReasons = ['budget', 'budget_503', 'refusals', 'stray', 'full'] as const;
export type DropReason = (typeof dropReasons)[number];

/**
 * Watches the messages of a transaction layer. Hot: called for every message, in the order of the wire; must not throw,
 * change a message, or keep one (its bytes may be kept).
 */
export interface SipObserver {
  /** `repeated`: the peer sent it before (its transaction knows it), so that the user does not hear of it. */
  received(message: SipMessage, bytes: Buffer, source: Source, repeated: boolean): void;
  /** `repeated`: timers A, E, G, a 2xx without ACK, or the answer to a repetition. `target` may name a host. */
  sent(message: SipMessage, bytes: Buffer, listener: Listener, target: Target, repeated: boolean): void;
  /** What could not be read as SIP, or not without a guess; `code` is that of errors.ts. */
  malformed(code: string, protocol: Protocol): void;
  /** Instead of `received`, or after `malformed` (then without message): what a flood brings, or what has lost its way. */
  dropped?(reason: DropReason, message: SipMessage | undefined, source: Source): void;
  /** A transaction has its final status: sent, received, or made by us when nothing came (408, 503, 487). */
  finished(role: Role, method: string, status: number): void;
}
