import type { Clock } from '../core/clock.js';
import { StateMachine, type TransitionTable } from '../core/state-machine.js';

/** `closed`: used; `open`: left alone; `halfOpen`: one probe is on its way. */
export type BreakerState = 'closed' | 'open' | 'halfOpen';

export interface BreakerOptions {
  readonly clock: Clock;
  /** So many failures in a row open it. Default 3. */
  readonly failuresToOpen?: number;
  /** How long it stays open first, ms; twice as long after each probe that failed. Default 5000. */
  readonly openMs?: number;
  /** It never stays open longer, ms. Default 60000. */
  readonly maxOpenMs?: number;
  /** A probe that has said nothing for so long counts as failed, ms: longer than the longest sentence. Default 150000. */
  readonly probeLimitMs?: number;
  /** Where nobody else is left it is tried so soon after it opened, ms. Default 1000. */
  readonly lastResortMs?: number;
  /** Called after each change of the state. */
  readonly changed?: (from: BreakerState, to: BreakerState) => void;
}

/** Leave to use the engine once. The first verdict counts, later ones are ignored. */
export interface Permit {
  succeed(): void;
  fail(): void;
  /** It was not tried to the end (the caller hung up): says nothing about the engine. */
  release(): void;
}

const breakerDefaults = {
  failuresToOpen: 3,
  openMs: 5_000,
  maxOpenMs: 60_000,
  probeLimitMs: 150_000,
  lastResortMs: 1_000,
} as const;

const moves: TransitionTable<BreakerState> = {
  closed: ['open'],
  open: ['halfOpen'],
  halfOpen: ['closed', 'open'],
};

/**
 * Keeps calls away from an engine that fails. Holds no timer: what is due is decided when somebody asks, so nothing is
 * left when it is forgotten. It cannot stick: a probe without a verdict is one that failed, and the next who asks after
 * the wait is the next probe.
 */
export class CircuitBreaker {
  readonly #options: Required<BreakerOptions>;
  readonly #machine: StateMachine<BreakerState>;
  #failures = 0;
  #openMs: number;
  #openUntilMs = 0;
  #openedAtMs = 0;
  #probeAtMs = 0;
  /** Goes up with each change: what an older permit says is about a time that is over. */
  #period = 0;

  constructor(options: BreakerOptions) {
    this.#options = { ...breakerDefaults, changed: () => undefined, ...options };
    this.#openMs = this.#options.openMs;
    this.#machine = new StateMachine<BreakerState>(moves, 'closed', (from, to) => {
      this.#period += 1;
      this.#options.changed(from, to);
    });
  }

  /** As it is now: a wait that is over shows as `open` until somebody asks to use the engine. */
  get state(): BreakerState {
    return this.#machine.state;
  }

  /** Whether {@link acquire} would give leave now. */
  get available(): boolean {
    const nowMs = this.#options.clock.nowMs();
    if (this.state === 'closed') return true;
    if (this.state === 'open') return nowMs >= this.#openUntilMs;
    return false;
  }

  /**
   * Leave to use the engine, or undefined: it is to be left alone. In half-open exactly one has leave. `lastResort`: there
   * is no other engine, so that a long wait would only keep one that is back from callers.
   */
  acquire(lastResort = false): Permit | undefined {
    const nowMs = this.#options.clock.nowMs();
    if (this.state === 'halfOpen' && nowMs - this.#probeAtMs >= this.#options.probeLimitMs)
      this.#probeFailed();
    const isResort =
      lastResort && this.state === 'open' && nowMs - this.#openedAtMs >= this.#options.lastResortMs;
    if (!this.available && !isResort) return undefined;
    if (this.state === 'open') {
      this.#move('halfOpen');
      this.#probeAtMs = nowMs;
    }
    return this.#permit(this.#period);
  }

  #permit(period: number): Permit {
    let told = false;
    const once = (tell: () => void) => () => {
      if (told) return;
      told = true;
      if (period === this.#period) tell();
    };
    return {
      succeed: once(() => this.#succeeded()),
      fail: once(() => this.#failed()),
      release: once(() => this.#released()),
    };
  }

  #succeeded(): void {
    this.#failures = 0;
    if (this.state !== 'halfOpen') return;
    this.#openMs = this.#options.openMs;
    this.#move('closed');
  }

  #failed(): void {
    if (this.state === 'halfOpen') {
      this.#probeFailed();
      return;
    }
    this.#failures += 1;
    if (this.#failures >= this.#options.failuresToOpen) this.#open();
  }

  /** The probe was called off: the next who asks is the probe, without another wait. */
  #released(): void {
    if (this.state !== 'halfOpen') return;
    this.#move('open');
    this.#openUntilMs = this.#options.clock.nowMs();
  }

  #probeFailed(): void {
    this.#openMs = Math.min(this.#options.maxOpenMs, 2 * this.#openMs);
    this.#open();
  }

  #open(): void {
    this.#failures = 0;
    this.#openedAtMs = this.#options.clock.nowMs();
    this.#openUntilMs = this.#openedAtMs + this.#openMs;
    this.#move('open');
  }

  #move(to: BreakerState): void {
    this.#machine.move(to);
  }
}
