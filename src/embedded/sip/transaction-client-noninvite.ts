import type { Timer } from '../../core/clock.js';
import { StateMachine, type TransitionTable } from '../../core/state-machine.js';
import { localResponse } from './make-message.js';
import type { SipMessage } from './message.js';
import { longestWaitMs } from './timers.js';
import type { ClientMachine, ResponseHandler, TransactionContext } from './transaction.js';
import type { Source } from './transport.js';

type State = 'trying' | 'proceeding' | 'completed' | 'terminated';

/** RFC 3261 figure 6. */
const moves: TransitionTable<State> = {
  trying: ['proceeding', 'completed', 'terminated'],
  proceeding: ['completed', 'terminated'],
  completed: ['terminated'],
  terminated: [],
};

/** Sends any request but INVITE and ACK until its final response or timer F (RFC 3261 §17.1.2). */
export class NonInviteClientTransaction implements ClientMachine {
  readonly #machine = new StateMachine<State>(moves, 'trying', (_, to) => this.#entered(to));
  #timerE: Timer | undefined;
  #timerF: Timer | undefined;
  #timerK: Timer | undefined;

  constructor(
    readonly request: SipMessage,
    private readonly context: TransactionContext,
    private readonly respond: ResponseHandler,
  ) {}

  get state(): State {
    return this.#machine.state;
  }

  get lingering(): boolean {
    return this.state === 'completed';
  }

  start(): void {
    this.context.send(this.request);
    const { clock, timers, reliable } = this.context;
    if (!reliable) this.#retransmitAfter(timers.t1Ms);
    this.#timerF = clock.after(longestWaitMs(timers), () => this.#finish(408));
  }

  receive(response: SipMessage, source: Source): void {
    if (this.state === 'completed' || this.state === 'terminated') return;
    if (response.status < 200) {
      this.#machine.move('proceeding');
      this.respond(response, source);
      return;
    }
    this.#machine.move('completed');
    this.respond(response, source);
    if (this.context.reliable) this.#machine.move('terminated');
  }

  transportFailed(): void {
    if (this.state === 'completed') this.#machine.move('terminated');
    else this.#finish(503);
  }

  close(): void {
    this.#machine.move('terminated');
  }

  #entered(to: State): void {
    if (to === 'proceeding') return; // E and F run on
    this.#timerE?.cancel();
    this.#timerF?.cancel();
    this.#timerK?.cancel();
    if (to === 'terminated') this.context.terminated();
    else if (!this.context.reliable) {
      this.#timerK = this.context.clock.after(
        this.context.timers.t4Ms,
        () => void this.#machine.move('terminated'),
      );
    }
  }

  #retransmitAfter(delayMs: number): void {
    const { clock, timers } = this.context;
    this.#timerE = clock.after(delayMs, () => {
      this.context.send(this.request);
      // In Proceeding every T2, else doubling up to T2 (§17.1.2.2).
      this.#retransmitAfter(this.state === 'proceeding' ? timers.t2Ms : Math.min(2 * delayMs, timers.t2Ms));
    });
  }

  #finish(status: number): void {
    if (!this.#machine.move('terminated')) return;
    this.respond(localResponse(this.request, status), undefined);
  }
}
