import { networkOf } from '../core/address.js';
import type { Clock } from '../core/clock.js';
import { TokenBucket } from '../core/token-bucket.js';

export interface InviteRateOptions {
  readonly clock: Clock;
  /** INVITEs per second of all who are limited; 0: no limit. */
  readonly perSecond: number;
  /** INVITEs per second from one address (IPv6: one /64, which is what one customer has); 0: no limit. */
  readonly perSecondPerAddress: number;
  /** Addresses remembered; the one heard of longest ago is forgotten, and begins anew. Default 10000. */
  readonly maxAddresses?: number;
}

/** Counts INVITEs against both limits. */
export class InviteRate {
  readonly #addresses = new Map<string, TokenBucket>();
  readonly #all: TokenBucket | undefined;

  constructor(private readonly options: InviteRateOptions) {
    const { perSecond, clock } = options;
    this.#all = perSecond === 0 ? undefined : bucketOf(perSecond, clock.nowMs());
  }

  /** Addresses remembered now. */
  get size(): number {
    return this.#addresses.size;
  }

  /** Which limit one INVITE more would break; undefined: none, and it is counted. `address` undefined: only the total. */
  exceeded(address: string | undefined): 'address' | 'all' | undefined {
    const nowMs = this.options.clock.nowMs();
    if (address !== undefined && !this.#takeOf(address, nowMs)) return 'address';
    return this.#all === undefined || this.#all.take(nowMs) ? undefined : 'all';
  }

  #takeOf(address: string, nowMs: number): boolean {
    const { perSecondPerAddress, maxAddresses = 10_000 } = this.options;
    if (perSecondPerAddress === 0) return true;
    const key = networkOf(address);
    const bucket = this.#addresses.get(key) ?? bucketOf(perSecondPerAddress, nowMs);
    // Maps keep the order of insertion: who was heard of last goes to the end.
    this.#addresses.delete(key);
    this.#addresses.set(key, bucket);
    if (this.#addresses.size > maxAddresses) {
      for (const oldest of this.#addresses.keys()) {
        this.#addresses.delete(oldest);
        break;
      }
    }
    return bucket.take(nowMs);
  }
}

/** As many at once as a second has. */
function bucketOf(perSecond: number, nowMs: number): TokenBucket {
  return new TokenBucket({ burst: perSecond, perSecond }, nowMs);
}
