import type { Clock } from '../core/clock.js';
import { isTarget, type OperatorTransfer } from './call-transfers.js';
import { callError } from './errors.js';
import type { CallSession, LiveCallSummary } from './call-session.js';

/** The calls of this process that are not over yet. */
export class LiveCalls {
  readonly #calls = new Map<string, CallSession>();
  #empty: (() => void)[] = [];

  get size(): number {
    return this.#calls.size;
  }

  add(call: CallSession): void {
    this.#calls.set(call.id, call);
    call.on('ended', () => {
      this.#calls.delete(call.id);
      if (this.#calls.size > 0) return;
      for (const resolve of this.#empty) resolve();
      this.#empty = [];
    });
  }

  list(): LiveCallSummary[] {
    return [...this.#calls.values()].map((call) => call.summary);
  }

  /** Those whose id is this, or begins with it; the first alone when it is the whole id. */
  find(key: string): readonly LiveCallSummary[] {
    const whole = this.#calls.get(key);
    if (whole !== undefined) return [whole.summary];
    return key === '' ? [] : this.list().filter(({ id }) => id.startsWith(key));
  }

  /** False if there is no live call of this id. */
  hangup(id: string, detail: string): boolean {
    const call = this.#calls.get(id);
    call?.hangup(detail);
    return call !== undefined;
  }

  /** False if there is no live call of this id. Throws CALL_NOT_TRANSFERABLE. */
  transfer(id: string, order: OperatorTransfer): boolean {
    if (!isTarget(order.to)) throw callError('CALL_TARGET_INVALID');
    const call = this.#calls.get(id);
    if (call !== undefined && !call.transfer(order)) throw callError('CALL_NOT_TRANSFERABLE');
    return call !== undefined;
  }

  /** Waits until the last call is over, at most `limitMs`; then hangs up what is left and waits for that. */
  async drain(clock: Clock, limitMs: number): Promise<void> {
    if (this.#calls.size === 0) return;
    const empty = new Promise<void>((resolve) => this.#empty.push(resolve));
    const timer = clock.after(limitMs, () => {
      for (const call of this.#calls.values()) call.hangup('the server was shut down');
    });
    await empty;
    timer.cancel();
  }
}
