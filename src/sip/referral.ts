import type { Clock, Timer } from '../core/clock.js';
import { StateMachine, type TransitionTable } from '../core/state-machine.js';

/** How a REFER of ours ended (RFC 3515). */
export type ReferralEnd =
  /** The peer did not take it: its final status, 408 when it said nothing. */
  | { readonly kind: 'refused'; readonly sipStatus: number }
  /** It took it, and told the final status of its call to the target. */
  | { readonly kind: 'told'; readonly sipStatus: number }
  /** It took it, and ended the subscription without a final status, or said nothing until the limit. */
  | { readonly kind: 'untold' }
  /** It hung up before it told. */
  | { readonly kind: 'gone'; readonly accepted: boolean };

export interface ReferralLimits {
  /** From the REFER to its final response, ms. */
  readonly responseMs: number;
  /** From its acceptance to the NOTIFY with a final status, ms. */
  readonly notifyMs: number;
}

type State = 'sent' | 'accepted' | 'over';

const moves: TransitionTable<State> = {
  sent: ['accepted', 'over'],
  accepted: ['over'],
  over: [],
};

/** One REFER and its implicit subscription, from the request to the end. Knows no wire: the dialog tells it what came. */
export class Referral {
  readonly ended: Promise<ReferralEnd>;
  readonly #machine = new StateMachine<State>(moves, 'sent');
  #settle: (end: ReferralEnd) => void = () => undefined;
  #limit: Timer;

  constructor(
    private readonly clock: Clock,
    private readonly limits: ReferralLimits,
  ) {
    this.ended = new Promise((resolve) => (this.#settle = resolve));
    this.#limit = clock.after(limits.responseMs, () => this.#end({ kind: 'refused', sipStatus: 408 }));
  }

  /** The final response to the REFER. RFC 3515 §2.4.2: 202, and 200 from older peers, accept it. */
  answered(sipStatus: number): void {
    if (sipStatus < 200) return;
    if (sipStatus >= 300) this.#end({ kind: 'refused', sipStatus });
    else this.#accept();
  }

  /** A NOTIFY of the subscription; it may come before the response to the REFER. */
  notified(sipfrag: string, subscriptionState: string): void {
    this.#accept();
    const sipStatus = Number(/^\s*SIP\/2\.0\s+(\d{3})/.exec(sipfrag)?.[1] ?? 0);
    if (sipStatus >= 200) this.#end({ kind: 'told', sipStatus });
    else if (/^\s*terminated/i.test(subscriptionState)) this.#end({ kind: 'untold' });
  }

  /** The dialog is over. */
  gone(): void {
    this.#end({ kind: 'gone', accepted: this.#machine.state === 'accepted' });
  }

  #accept(): void {
    if (!this.#machine.move('accepted')) return;
    this.#limit.cancel();
    this.#limit = this.clock.after(this.limits.notifyMs, () => this.#end({ kind: 'untold' }));
  }

  #end(end: ReferralEnd): void {
    if (!this.#machine.move('over')) return;
    this.#limit.cancel();
    this.#settle(end);
  }
}
