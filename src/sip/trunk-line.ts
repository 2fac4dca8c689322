import type { Clock } from '../core/clock.js';
import type { RegistrationState } from './trunk-registration.js';
import type { Trunk } from './trunk.js';

/** A trunk as it is now, for `xiangyin trunks list` and `/control/trunks`. */
export interface TrunkStatus {
  readonly name: string;
  readonly enabled: boolean;
  /** `sip:` URIs of its hosts. */
  readonly hosts: readonly string[];
  /** Null: it needs none. */
  readonly registration: RegistrationState | null;
  /** What OPTIONS says; null: not asked, or not yet. */
  readonly healthy: boolean | null;
  /** For how long it is passed over after a failure, ms; 0: it is not. */
  readonly coolDownMs: number;
  /** Calls out that are up or being dialled. */
  readonly calls: number;
  readonly maxCalls: number;
}

/** What a trunk carries and how it does: limits on calls out, cool-down after failures. Owned by `Trunks`. */
export class TrunkLine {
  /** From OPTIONS; undefined: nobody asks, or no answer yet. */
  healthy: boolean | undefined;
  #calls = 0;
  #coolUntilMs = Number.NEGATIVE_INFINITY;
  /** Calls that may begin now, refilled by the clock; a whole second's worth at most. */
  #credit: number;
  #creditAtMs: number;

  #trunk: Trunk;

  constructor(
    trunk: Trunk,
    private readonly clock: Clock,
  ) {
    this.#trunk = trunk;
    this.#credit = burst(trunk);
    this.#creditAtMs = clock.nowMs();
  }

  get trunk(): Trunk {
    return this.#trunk;
  }

  /** The file says something else of it now: what was held against it is forgotten. */
  change(trunk: Trunk): void {
    this.#trunk = trunk;
    this.healthy = undefined;
    this.worked();
  }

  get calls(): number {
    return this.#calls;
  }

  /** How long it is still passed over, ms. */
  get coolDownMs(): number {
    return Math.max(0, this.#coolUntilMs - this.clock.nowMs());
  }

  /** Whether it should be tried before those that failed lately. */
  get isFit(): boolean {
    return this.healthy !== false && this.coolDownMs === 0;
  }

  /** Takes the place of one call; {@link release} gives it back. Returns why not, in words, when there is none. */
  take(): string | undefined {
    const { name, maxCalls, callsPerSecond } = this.trunk;
    if (this.#calls >= maxCalls)
      return `all ${String(maxCalls)} lines of trunk '${name}' are taken (maxCalls)`;
    const nowMs = this.clock.nowMs();
    const earned = ((nowMs - this.#creditAtMs) / 1000) * callsPerSecond;
    this.#credit = Math.min(burst(this.trunk), this.#credit + earned);
    this.#creditAtMs = nowMs;
    if (this.#credit < 1) {
      return `trunk '${name}' takes ${String(callsPerSecond)} calls per second at most (callsPerSecond)`;
    }
    this.#credit -= 1;
    this.#calls += 1;
    return undefined;
  }

  release(): void {
    this.#calls = Math.max(0, this.#calls - 1);
  }

  /** It did not take a call for reasons of its own. */
  failed(): void {
    this.#coolUntilMs = this.clock.nowMs() + this.trunk.coolDownMs;
  }

  /** It took a call, or the callee answered one way or the other. */
  worked(): void {
    this.#coolUntilMs = Number.NEGATIVE_INFINITY;
  }
}

/** Below one call per second a single call must still be possible. */
function burst({ callsPerSecond }: Trunk): number {
  return Math.max(1, callsPerSecond);
}
