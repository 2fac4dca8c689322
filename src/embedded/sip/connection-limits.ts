import { networkOf } from '../../core/address.js';
import { TokenBucket, type Allowance } from '../../core/token-bucket.js';
import { Recent } from './recent.js';

/** What peers may take of us by connecting. */
export interface ConnectionLimits {
  /** Connections from outside at the same time, over all stream listeners. Default 2000. */
  readonly maxConnections: number;
  /** The same from one IPv4 address or one IPv6 /64; a site behind a NAT is one address. Default 200. */
  readonly maxConnectionsPerAddress: number;
  /** New connections of such an address; a TLS handshake takes up to a millisecond of CPU. Default 1000, 200 a second. */
  readonly newPerAddress: Allowance;
  /** From connecting (TLS and WebSocket handshakes included) to the first whole message, ms. Default 10 000. */
  readonly firstMessageMs: number;
  /** How long a connection of ours may take to be opened, ms: then the next target is tried. Default 5000. */
  readonly connectMs: number;
  /** A connection on which nothing comes or goes, keep-alives included, is closed, ms. Default 1 800 000. */
  readonly idleMs: number;
}

export const defaultConnectionLimits: ConnectionLimits = {
  maxConnections: 2000,
  maxConnectionsPerAddress: 200,
  newPerAddress: { burst: 1000, perSecond: 200 },
  firstMessageMs: 10_000,
  connectMs: 5000,
  idleMs: 30 * 60_000,
};

/** Addresses of which we know how many connections came lately. */
const mostRemembered = 10_000;

/** Admits connections from outside, to each address its share. One for all listeners of a stack. */
export class ConnectionGate {
  /** How to end the connections of an address, the oldest first. */
  readonly #open = new Map<string, Set<() => void>>();
  readonly #newcomers = new Recent<TokenBucket>(mostRemembered);
  #total = 0;

  constructor(private readonly limits: ConnectionLimits) {}

  /**
   * Whether one more may come in: if so it is counted until the function returned is called, or until `drop` was called: when
   * all places are taken, the address that has most gives its newest one up to an address that has fewer.
   */
  enter(address: string, nowMs: number, drop: () => void): (() => void) | undefined {
    const network = networkOf(address);
    if (!this.#newcomersOf(network, nowMs).take(nowMs)) return undefined;
    const own = this.#open.get(network) ?? new Set();
    const { maxConnections, maxConnectionsPerAddress } = this.limits;
    if (own.size >= maxConnectionsPerAddress) return undefined;
    if (this.#total >= maxConnections && !this.#makeRoom(own.size)) return undefined;
    this.#total += 1;
    this.#open.set(network, own.add(drop));
    return () => this.#leave(network, drop);
  }

  #newcomersOf(network: string, nowMs: number): TokenBucket {
    const known = this.#newcomers.get(network);
    return known ?? this.#newcomers.put(network, new TokenBucket(this.limits.newPerAddress, nowMs));
  }

  #makeRoom(count: number): boolean {
    let richest: readonly [network: string, drops: ReadonlySet<() => void>] | undefined;
    for (const one of this.#open) if (one[1].size > (richest?.[1].size ?? count + 1)) richest = one;
    if (richest === undefined) return false;
    const [network, drops] = richest;
    const newest = [...drops].at(-1);
    if (newest === undefined) return false;
    this.#leave(network, newest);
    newest();
    return true;
  }

  #leave(network: string, drop: () => void): void {
    const own = this.#open.get(network);
    if (own?.delete(drop) !== true) return;
    this.#total -= 1;
    if (own.size === 0) this.#open.delete(network);
  }
}
