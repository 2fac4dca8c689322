/** Time as rooms see it: injected, so that tests move it and nothing sleeps. */
export interface Clock {
  /** Monotonic milliseconds, with fractions. The zero point means nothing. */
  nowMs(): number;
  /** Wall-clock milliseconds since 1970, for records and logs. */
  wallMs(): number;
  /** Calls `fn` once after `delayMs`. A throw of `fn` is the owner's fault and is not caught here. */
  after(delayMs: number, fn: () => void): Timer;
}

/** A pending call of {@link Clock.after}. */
export interface Timer {
  /** Never fires after this; safe to call twice and after firing. */
  cancel(): void;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, fn) {
    const handle = setTimeout(fn, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};

interface Pending {
  readonly dueMs: number;
  readonly order: number;
  readonly fn: () => void;
}

/** A clock that moves only when told to. Timers fire in order of due time, then of creation. */
export class ManualClock implements Clock {
  #nowMs = 0;
  #order = 0;
  readonly #pending = new Set<Pending>();

  constructor(private readonly startWallMs = 1_700_000_000_000) {}

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.startWallMs + this.#nowMs;
  }

  after(delayMs: number, fn: () => void): Timer {
    const entry: Pending = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, fn };
    this.#pending.add(entry);
    return { cancel: () => void this.#pending.delete(entry) };
  }

  /** Number of timers still waiting: a test of "nothing is left" asserts 0. */
  get pendingTimers(): number {
    return this.#pending.size;
  }

  /** Moves time forward, firing what falls due on the way, each at its own due time. */
  advance(byMs: number): void {
    const endMs = this.#nowMs + byMs;
    for (;;) {
      let next: Pending | undefined;
      for (const entry of this.#pending) {
        if (entry.dueMs > endMs) continue;
        if (
          next === undefined ||
          entry.dueMs < next.dueMs ||
          (entry.dueMs === next.dueMs && entry.order < next.order)
        ) {
          next = entry;
        }
      }
      if (next === undefined) break;
      this.#pending.delete(next);
      this.#nowMs = next.dueMs;
      next.fn();
    }
    this.#nowMs = endMs;
  }
}
