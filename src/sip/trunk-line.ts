import type { Clock } from '../core/clock.js';
import { TokenBucket } from '../core/token-bucket.js';
import { TrunkHostLine } from './trunk-host-line.js';
import type { RegistrationState } from './trunk-registration.js';
import type { Trunk } from './trunk.js';

/** One host of a trunk as it is now. */
export interface TrunkHostStatus {
  /** `sip:HOST:PORT`. */
  readonly uri: string;
  /** Null: it needs none. */
  readonly registration: RegistrationState | null;
  /** Status with which the carrier refused the last attempt to register; null: it did not, or said nothing. */
  readonly registrationStatus: number | null;
  /** What OPTIONS says; null: not asked, or not yet. */
  readonly healthy: boolean | null;
  /** For how long it is passed over after a failure, ms; 0: it is not. */
  readonly coolDownMs: number;
}

/** A trunk as it is now, for `xiangyin trunks list` and `/control/trunks`. */
export interface TrunkStatus {
  readonly name: string;
  readonly enabled: boolean;
  /** In the file's order. */
  readonly hosts: readonly TrunkHostStatus[];
  /** Of the host that is furthest. Null: it needs none. */
  readonly registration: RegistrationState | null;
  /** Whether one of its hosts answers OPTIONS; null: none is asked, or not yet. */
  readonly healthy: boolean | null;
  /** How long no host of it is fit, ms; 0: one is. */
  readonly coolDownMs: number;
  /** Calls out that are up or being dialled. */
  readonly calls: number;
  readonly maxCalls: number;
}

/** What a trunk carries and how it does: limits on calls out, and how each host does. Owned by `Trunks`. */
export class TrunkLine {
  #calls = 0;
  #trunk: Trunk;
  #hosts: readonly TrunkHostLine[];
  /** Calls that may begin now. */
  #beginnings: TokenBucket;

  constructor(
    trunk: Trunk,
    private readonly clock: Clock,
  ) {
    this.#trunk = trunk;
    this.#hosts = hostsOf(trunk, clock);
    this.#beginnings = beginningsOf(trunk, clock);
  }

  get trunk(): Trunk {
    return this.#trunk;
  }

  /** The file says something else of it now: what was held against it is forgotten. */
  change(trunk: Trunk): void {
    this.#trunk = trunk;
    this.#hosts = hostsOf(trunk, this.clock);
    this.#beginnings = beginningsOf(trunk, this.clock);
  }

  /** In the file's order. */
  get hosts(): readonly TrunkHostLine[] {
    return this.#hosts;
  }

  /** In the order in which they are to be tried: those that failed lately last, rather than not at all. */
  get hostsInOrder(): readonly TrunkHostLine[] {
    return [...this.#hosts.filter((host) => host.isFit), ...this.#hosts.filter((host) => !host.isFit)];
  }

  /** Whether a host answers OPTIONS; undefined: nobody asks, or no answer yet. */
  get healthy(): boolean | undefined {
    if (this.#hosts.some((host) => host.healthy === true)) return true;
    return this.#hosts.every((host) => host.healthy === false) ? false : undefined;
  }

  get calls(): number {
    return this.#calls;
  }

  /** How long all of its hosts are still passed over, ms. */
  get coolDownMs(): number {
    return Math.min(...this.#hosts.map((host) => host.coolDownMs));
  }

  /** Whether it should be tried before those that failed lately. */
  get isFit(): boolean {
    return this.#hosts.some((host) => host.isFit);
  }

  /** Takes the place of one call; {@link release} gives it back. Returns why not, in words, when there is none. */
  take(): string | undefined {
    const { name, maxCalls, callsPerSecond } = this.trunk;
    if (this.#calls >= maxCalls)
      return `all ${String(maxCalls)} lines of trunk '${name}' are taken (maxCalls)`;
    if (!this.#beginnings.take(this.clock.nowMs())) {
      return `trunk '${name}' takes ${String(callsPerSecond)} calls per second at most (callsPerSecond)`;
    }
    this.#calls += 1;
    return undefined;
  }

  release(): void {
    this.#calls = Math.max(0, this.#calls - 1);
  }
}

function hostsOf(trunk: Trunk, clock: Clock): readonly TrunkHostLine[] {
  return trunk.hosts.map((host) => new TrunkHostLine(host, clock));
}

/** Below one call per second a single call must still be possible. */
function beginningsOf({ callsPerSecond }: Trunk, clock: Clock): TokenBucket {
  const allowance = { burst: Math.max(1, callsPerSecond), perSecond: callsPerSecond };
  return new TokenBucket(allowance, clock.nowMs());
}
