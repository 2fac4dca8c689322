import type { Timer } from '../../core/clock.js';
import { StateMachine, type TransitionTable } from '../../core/state-machine.js';
import type { SipMessage } from './message.js';
import { longestWaitMs } from './timers.js';
import type { ServerMachine, TransactionContext } from './transaction.js';

type State = 'trying' | 'proceeding' | 'completed' | 'terminated';

/** RFC 3261 figure 8. */
const moves: TransitionTable<State> = {
  trying: ['proceeding', 'completed', 'terminated'],
  proceeding: ['completed', 'terminated'],
  completed: ['terminated'],
  terminated: [],
};

/** Answers any request but INVITE and ACK, once, and repeats the answer to whoever asks again (RFC 3261 §17.2.2). */
export class NonInviteServerTransaction implements ServerMachine {
  readonly #machine = new StateMachine<State>(moves, 'trying', (_, to) => this.#entered(to));
  #last: SipMessage | undefined;
  #limit: Timer | undefined;

  constructor(
    readonly request: SipMessage,
    private readonly context: TransactionContext,
  ) {}

  get state(): State {
    return this.#machine.state;
  }

  get lingering(): boolean {
    return this.state === 'completed';
  }

  /** Not in the RFC: a request that its user never answers is forgotten after 64*T1, when the peer has given up. */
  start(): void {
    this.#limit = this.context.clock.after(
      longestWaitMs(this.context.timers),
      () => void this.#machine.move('terminated'),
    );
  }

  retransmitted(): void {
    if (this.#last !== undefined) this.context.send(this.#last);
  }

  /** Sends a response that the state allows; returns whether it did. */
  respond(response: SipMessage): boolean {
    if (this.state === 'completed' || this.state === 'terminated') return false;
    this.#last = response;
    this.context.send(response);
    this.#machine.move(response.status >= 200 ? 'completed' : 'proceeding');
    return true;
  }

  transportFailed(): void {
    this.#machine.move('terminated');
  }

  close(): void {
    this.#machine.move('terminated');
  }

  #entered(to: State): void {
    if (to === 'proceeding') return;
    this.#limit?.cancel();
    if (to === 'terminated') {
      this.context.terminated();
      return;
    }
    const end = (): void => void this.#machine.move('terminated');
    if (this.context.reliable) end();
    else this.#limit = this.context.clock.after(longestWaitMs(this.context.timers), end); // timer J
  }
}
