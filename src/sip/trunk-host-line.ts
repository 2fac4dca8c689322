import type { Clock } from '../core/clock.js';
import { trunkUri, type TrunkHost } from './trunk.js';

/** How one host of a trunk does: what OPTIONS says of it, and for how long it is passed over. Owned by `TrunkLine`. */
export class TrunkHostLine {
  /** From OPTIONS; undefined: nobody asks, or no answer yet. */
  healthy: boolean | undefined;
  #coolUntilMs = Number.NEGATIVE_INFINITY;

  constructor(
    readonly host: TrunkHost,
    private readonly clock: Clock,
  ) {}

  /** `sip:HOST:PORT`. */
  get uri(): string {
    return trunkUri(this.host);
  }

  /** How long it is still passed over, ms. */
  get coolDownMs(): number {
    return Math.max(0, this.#coolUntilMs - this.clock.nowMs());
  }

  /** Whether it should be tried before those that failed lately. */
  get isFit(): boolean {
    return this.healthy !== false && this.coolDownMs === 0;
  }

  /** It did not take a call for reasons of its own. */
  failed(coolDownMs: number): void {
    this.#coolUntilMs = this.clock.nowMs() + coolDownMs;
  }

  /** It took a call, or the callee answered one way or the other. */
  worked(): void {
    this.#coolUntilMs = Number.NEGATIVE_INFINITY;
  }
}
