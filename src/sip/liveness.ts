import type { Clock, Timer } from '../core/clock.js';

/**
 * Asks the other side of a dialog from time to time whether it is still there. 408 and 481 say that it is not (RFC 3261
 * §12.2.1.2), if it gave another answer before: who never did cannot be asked, and is not. Owned by the dialog.
 */
export class Liveness {
  #next: Timer | undefined;
  #hasAnswered = false;
  #stopped = false;

  /** Begins to ask at once. `ask` resolves to the final status, or undefined if it could not be sent; `gone` comes once. */
  constructor(
    private readonly clock: Clock,
    private readonly everyMs: number,
    private readonly ask: () => Promise<number | undefined>,
    private readonly gone: (status: number) => void,
  ) {
    void this.#askOnce();
  }

  /** Safe to call twice. */
  stop(): void {
    this.#stopped = true;
    this.#next?.cancel();
  }

  async #askOnce(): Promise<void> {
    const status = await this.ask();
    if (this.#stopped) return;
    if (status === 408 || status === 481) {
      this.stop();
      if (this.#hasAnswered) this.gone(status);
      return;
    }
    if (status !== undefined) this.#hasAnswered = true;
    this.#next = this.clock.after(this.everyMs, () => void this.#askOnce());
  }
}
