/** So many at once, and so many a second in the long run. */
export interface Allowance {
  readonly burst: number;
  readonly perSecond: number;
}

/** Holds an {@link Allowance}; time is told by whoever asks. */
export class TokenBucket {
  #tokens: number;

  constructor(
    private readonly allowance: Allowance,
    private atMs: number,
  ) {
    this.#tokens = allowance.burst;
  }

  /** Hot: whether there is one. */
  has(nowMs: number): boolean {
    this.give(0, nowMs);
    return this.#tokens >= 1;
  }

  /** Hot: takes one if there is one. */
  take(nowMs: number): boolean {
    if (!this.has(nowMs)) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Hot: gives so many back, never more than fit. */
  give(tokens: number, nowMs: number): void {
    const { burst, perSecond } = this.allowance;
    const refilled = this.#tokens + tokens + ((nowMs - this.atMs) * perSecond) / 1000;
    this.#tokens = Math.min(burst, refilled);
    this.atMs = nowMs;
  }
}
