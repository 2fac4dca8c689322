import type { Clock } from '../core/clock.js';

/** Names that are counted at once; who comes with more makes the oldest be forgotten. */
const maxNames = 10_000;

/** Counts failures by name (an address, a user) within a window that begins with the first. */
export class FailureLimit {
  readonly #counts = new Map<string, { readonly untilMs: number; failures: number }>();

  constructor(
    private readonly clock: Clock,
    private readonly limit: number,
    private readonly windowMs: number,
  ) {}

  isReached(name: string): boolean {
    const count = this.#counts.get(name);
    return count !== undefined && count.failures >= this.limit && this.clock.nowMs() < count.untilMs;
  }

  add(name: string): void {
    const nowMs = this.clock.nowMs();
    const count = this.#counts.get(name);
    if (count !== undefined && nowMs < count.untilMs) {
      count.failures += 1;
      return;
    }
    this.#counts.delete(name);
    this.#counts.set(name, { untilMs: nowMs + this.windowMs, failures: 1 });
    // In order of their windows' ends: the first is the oldest.
    for (const [oldest, { untilMs }] of this.#counts) {
      if (untilMs > nowMs && this.#counts.size <= maxNames) return;
      this.#counts.delete(oldest);
    }
  }
}
