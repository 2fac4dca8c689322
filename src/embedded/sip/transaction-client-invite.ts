import type { Timer } from '../../core/clock.js';
import { StateMachine, type TransitionTable } from '../../core/state-machine.js';
import type { SipMessage } from './message.js';
import { ackForFailure, localResponse } from './make-message.js';
import { longestWaitMs } from './timers.js';
import type { ClientMachine, ResponseHandler, TransactionContext } from './transaction.js';
import type { Source } from './transport.js';

type State = 'calling' | 'proceeding' | 'accepted' | 'completed' | 'terminated';

/** RFC 3261 figure 5 with the Accepted state of RFC 6026 §7.2. */
const moves: TransitionTable<State> = {
  calling: ['proceeding', 'accepted', 'completed', 'terminated'],
  proceeding: ['accepted', 'completed', 'terminated'],
  accepted: ['terminated'],
  completed: ['terminated'],
  terminated: [],
};

/**
 * RFC 3261 §16.6 gives a proxy more than 3 minutes; we hold our own INVITEs to the same, so that a peer that dies
 * while ringing leaves nothing behind.
 */
export const ringingLimitMs = 185_000;

/** Sends an INVITE until something answers (RFC 3261 §17.1.1); acknowledges failures itself. */
export class InviteClientTransaction implements ClientMachine {
  readonly #machine = new StateMachine<State>(moves, 'calling', (_, to) => this.#entered(to));
  #timerA: Timer | undefined;
  /** B while calling, C while proceeding, D or M after the end. */
  #limit: Timer | undefined;
  #ack: SipMessage | undefined;
  #cancelled = false;

  constructor(
    readonly request: SipMessage,
    private readonly context: TransactionContext,
    private readonly respond: ResponseHandler,
    /** Sends the CANCEL: called at most once, not before a provisional response (RFC 3261 §9.1). */
    private readonly sendCancel: () => void,
  ) {}

  get state(): State {
    return this.#machine.state;
  }

  get lingering(): boolean {
    return this.state === 'completed' || this.state === 'accepted';
  }

  start(): void {
    this.context.send(this.request);
    const { clock, timers, reliable } = this.context;
    if (!reliable) this.#retransmitAfter(timers.t1Ms);
    this.#limit = clock.after(longestWaitMs(timers), () => this.#finish(408)); // timer B
  }

  /** Asks the peer to give up. Held back until the peer has shown that it knows the INVITE. */
  cancel(): void {
    if (this.#cancelled || (this.state !== 'calling' && this.state !== 'proceeding')) return;
    this.#cancelled = true;
    if (this.state === 'proceeding') this.#cancelNow();
  }

  receive(response: SipMessage, source: Source): void {
    if (this.state === 'terminated') return;
    if (response.status < 200) {
      if (this.lingering) return;
      const first = this.#machine.move('proceeding');
      if (first && this.#cancelled) this.#cancelNow();
      else if (!this.#cancelled) this.#waitForFinal();
      this.respond(response, source);
    } else if (response.status < 300) {
      // Each 2xx goes up: retransmissions and other forks are the user's (RFC 6026 §8.4).
      if (this.state === 'completed') return;
      this.#machine.move('accepted');
      this.respond(response, source);
    } else if (this.state === 'completed') {
      if (this.#ack !== undefined) this.context.send(this.#ack);
    } else if (this.state !== 'accepted') {
      this.#ack = ackForFailure(this.request, response);
      this.context.send(this.#ack);
      this.#machine.move('completed');
      this.respond(response, source);
      if (this.context.reliable) this.#machine.move('terminated');
    }
  }

  transportFailed(): void {
    if (!this.lingering) this.#finish(503);
    else this.#machine.move('terminated');
  }

  close(): void {
    this.#machine.move('terminated');
  }

  #entered(to: State): void {
    this.#timerA?.cancel();
    this.#limit?.cancel();
    const { clock, timers } = this.context;
    if (to === 'terminated') this.context.terminated();
    else if (to !== 'proceeding') {
      // timer D (at least 32 s) after a failure, timer M after a 2xx
      this.#limit = clock.after(longestWaitMs(timers), () => void this.#machine.move('terminated'));
    }
  }

  #retransmitAfter(delayMs: number): void {
    this.#timerA = this.context.clock.after(delayMs, () => {
      this.context.send(this.request);
      this.#retransmitAfter(2 * delayMs);
    });
  }

  #waitForFinal(): void {
    this.#limit?.cancel();
    this.#limit = this.context.clock.after(ringingLimitMs, () => {
      this.sendCancel();
      this.#finish(408);
    });
  }

  #cancelNow(): void {
    this.sendCancel();
    // RFC 3261 §9.1: without a final response in 64*T1 the INVITE counts as cancelled.
    this.#limit?.cancel();
    this.#limit = this.context.clock.after(longestWaitMs(this.context.timers), () => this.#finish(487));
  }

  /** Ends without an answer of the peer: the user gets a response of our making. */
  #finish(status: number): void {
    if (!this.#machine.move('terminated')) return;
    this.respond(localResponse(this.request, status), undefined);
  }
}
