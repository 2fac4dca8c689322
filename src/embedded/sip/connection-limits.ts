import { networkOf } from '../../core/address.js';

/** What peers may take of us by connecting. */
export interface ConnectionLimits {
  /** Connections from outside at the same time, over all stream listeners. Default 2000. */
  readonly maxConnections: number;
  /** The same from one IPv4 address or one IPv6 /64; a site behind a NAT is one address. Default 200. */
  readonly maxConnectionsPerAddress: number;
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
  firstMessageMs: 10_000,
  connectMs: 5000,
  idleMs: 30 * 60_000,
};

/** Counts the connections from outside. One for all listeners of a stack. */
export class ConnectionGate {
  readonly #byAddress = new Map<string, number>();
  #total = 0;

  constructor(private readonly limits: ConnectionLimits) {}

  /** Whether one more may come in; if so it is counted until {@link leave}. */
  enter(address: string): boolean {
    const network = networkOf(address);
    const known = this.#byAddress.get(network) ?? 0;
    const { maxConnections, maxConnectionsPerAddress } = this.limits;
    if (this.#total >= maxConnections || known >= maxConnectionsPerAddress) return false;
    this.#total += 1;
    this.#byAddress.set(network, known + 1);
    return true;
  }

  leave(address: string): void {
    const network = networkOf(address);
    const known = this.#byAddress.get(network) ?? 0;
    this.#total -= 1;
    if (known > 1) this.#byAddress.set(network, known - 1);
    else this.#byAddress.delete(network);
  }
}
