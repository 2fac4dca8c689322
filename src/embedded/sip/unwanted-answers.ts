import { DialogState } from './dialog-state.js';
import { cseqNumber } from './make-message.js';
import type { SipMessage } from './message.js';
import { tagOf } from './name-addr.js';
import type { TransactionLayer } from './transaction-layer.js';
import type { Source, Target } from './transport.js';

/** More answers to one INVITE are no forks: each would cost us a BYE, repeated to wherever its Contact points. */
export const mostForks = 16;

/**
 * Who answered one INVITE that left here although it was cancelled, or somebody else had answered before (RFC 3261
 * §13.2.2.4): each is acknowledged, as often as his 2xx comes, and hung up once. For servers; a user agent makes dialogs of
 * them.
 */
export class UnwantedAnswers {
  /** By To tag. */
  readonly #acks = new Map<string, { readonly ack: SipMessage; readonly target: Target }>();

  constructor(private readonly layer: Pick<TransactionLayer, 'sendAck' | 'request'>) {}

  /** Never throws: who cannot be reached hears nothing, and gives up for want of an ACK. */
  hangUp(invite: SipMessage, answer: SipMessage, source: Source): void {
    const tag = tagOf(answer.get('to') ?? '') ?? '';
    try {
      const known = this.#acks.get(tag);
      if (known !== undefined) this.layer.sendAck(known.ack, known.target);
      else if (this.#acks.size < mostForks)
        this.#hangUpFirst(tag, DialogState.uac(invite, answer, source), invite);
    } catch {
      // no such transport, or closed
    }
  }

  #hangUpFirst(tag: string, state: DialogState, invite: SipMessage): void {
    const target = state.target();
    if (target === undefined) return;
    const ack = state.buildRequest('ACK', cseqNumber(invite));
    this.#acks.set(tag, { ack, target });
    this.layer.sendAck(ack, target);
    this.layer.request(state.buildRequest('BYE'), target, () => undefined);
  }
}
