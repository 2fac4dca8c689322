import type { Timer } from '../../core/clock.js';
import { StateMachine, type TransitionTable } from '../../core/state-machine.js';
import { makeResponse } from './make-message.js';
import type { SipMessage } from './message.js';
import { longestWaitMs } from './timers.js';
import type { ServerMachine, TransactionContext } from './transaction.js';

type State = 'proceeding' | 'accepted' | 'completed' | 'confirmed' | 'terminated';

/** RFC 3261 figure 7 with the Accepted state of RFC 6026 §7.1. */
const moves: TransitionTable<State> = {
  proceeding: ['accepted', 'completed', 'terminated'],
  accepted: ['terminated'],
  completed: ['confirmed', 'terminated'],
  confirmed: ['terminated'],
  terminated: [],
};

/**
 * Answers an INVITE (RFC 3261 §17.2.1): 100 Trying at once or when nothing else came in time, failures repeated until
 * their ACK. The 2xx is repeated by the user (§13.3.1.4), through {@link InviteServerTransaction.respond}.
 */
export class InviteServerTransaction implements ServerMachine {
  readonly #machine = new StateMachine<State>(moves, 'proceeding', (_, to) => this.#entered(to));
  #last: SipMessage | undefined;
  /** Until the 100. */
  #trying: Timer | undefined;
  #timerG: Timer | undefined;
  /** H while completed, I while confirmed, L while accepted. */
  #limit: Timer | undefined;

  constructor(
    readonly request: SipMessage,
    private readonly context: TransactionContext,
  ) {}

  get state(): State {
    return this.#machine.state;
  }

  get lingering(): boolean {
    return this.state === 'accepted' || this.state === 'confirmed';
  }

  start(): void {
    const { clock, timers } = this.context;
    if (timers.tryingMs === 0) this.#try();
    else this.#trying = clock.after(timers.tryingMs, () => this.#try());
  }

  retransmitted(): void {
    // Who repeats itself heard nothing.
    if (this.#last === undefined) {
      this.#try();
      return;
    }
    // In Accepted the user's own repetition of the 2xx is the answer (RFC 6026 §7.1).
    if (this.state !== 'proceeding' && this.state !== 'completed') return;
    this.context.send(this.#last);
  }

  /** Sends a response that the state allows; returns whether it did. */
  respond(response: SipMessage): boolean {
    if (this.state === 'accepted' && response.status >= 200 && response.status < 300) {
      this.context.send(response);
      return true;
    }
    if (this.state !== 'proceeding') return false;
    this.#trying?.cancel();
    this.#last = response;
    this.context.send(response);
    if (response.status >= 300) this.#machine.move('completed');
    else if (response.status >= 200) this.#machine.move('accepted');
    return true;
  }

  /** The ACK to a failure; returns false when it is none of this transaction's. */
  acknowledged(): boolean {
    if (this.state === 'completed') return this.#machine.move('confirmed');
    return this.state === 'confirmed';
  }

  transportFailed(): void {
    this.#machine.move('terminated');
  }

  close(): void {
    this.#machine.move('terminated');
  }

  #try(): void {
    this.#trying?.cancel();
    this.#last = makeResponse(this.request, 100, 'Trying');
    this.context.send(this.#last);
  }

  #entered(to: State): void {
    this.#trying?.cancel();
    this.#timerG?.cancel();
    this.#limit?.cancel();
    const { clock, timers, reliable } = this.context;
    const end = (): void => void this.#machine.move('terminated');
    if (to === 'terminated') this.context.terminated();
    else if (to === 'confirmed') {
      if (reliable) end();
      else this.#limit = clock.after(timers.t4Ms, end); // timer I
    } else {
      if (to === 'completed' && !reliable) this.#repeatAfter(timers.t1Ms);
      this.#limit = clock.after(longestWaitMs(timers), end); // timer H, or L when accepted
    }
  }

  #repeatAfter(delayMs: number): void {
    const { clock, timers } = this.context;
    this.#timerG = clock.after(delayMs, () => {
      if (this.#last !== undefined) this.context.send(this.#last);
      this.#repeatAfter(Math.min(2 * delayMs, timers.t2Ms));
    });
  }
}
