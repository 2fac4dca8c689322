import type { Clock, Timer } from '../../core/clock.js';
import { longestWaitMs, type SipTimers } from './timers.js';

/**
 * Repeats a 2xx to an INVITE until its ACK comes: at T1, doubling up to T2, for 64*T1 (RFC 3261 §13.3.1.4). The 2xx
 * is repeated over TCP too, because a proxy behind may use UDP.
 */
export class AnswerRetransmission {
  #repeat: Timer | undefined;
  #limit: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly timers: SipTimers,
    private readonly send: () => void,
    noAck: () => void,
  ) {
    this.#repeatAfter(timers.t1Ms);
    this.#limit = clock.after(longestWaitMs(timers), () => {
      this.stop();
      noAck();
    });
  }

  /** The ACK is here, or nobody waits for it any more. */
  stop(): void {
    this.#repeat?.cancel();
    this.#limit?.cancel();
    this.#repeat = undefined;
    this.#limit = undefined;
  }

  #repeatAfter(delayMs: number): void {
    this.#repeat = this.clock.after(delayMs, () => {
      this.send();
      this.#repeatAfter(Math.min(2 * delayMs, this.timers.t2Ms));
    });
  }
}
