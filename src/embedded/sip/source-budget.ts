import { randomInt } from 'node:crypto';
import type { Clock } from '../../core/clock.js';
import { networkOf, type HostPort } from '../../core/address.js';
import { TokenBucket, type Allowance } from '../../core/token-bucket.js';
import { Greylist } from './greylist.js';
import { Recent } from './recent.js';
import type { Protocol } from './transport.js';

/**
 * What strangers may cost us. A new request takes one; a success gives two back: who mostly succeeds is never over.
 * Requests of known dialogs and transactions are not asked here.
 */
export interface SourceBudgetOptions {
  /** New requests that did not succeed, of an address (IPv6: a /64). Default 200, 20 a second. */
  readonly perAddress: Allowance;
  /** The same for a host and port that made a call or registered: a trunk beside a scanner. Default 1000, 100 a second. */
  readonly perProvenPeer: Allowance;
  /** The same of all addresses together: senders of packets may write any address. Default 1000, 200 a second. */
  readonly all: Allowance;
  /** Requests of an address beyond its budget that are repeated as who waits for an answer does. Default 50, 10 a second. */
  readonly patientPerAddress: Allowance;
  /** Answers without a transaction (400, 481, 503, ...) to an address. Default 100, 50 a second. */
  readonly refusalsPerAddress: Allowance;
  /** The same to all: nobody uses us to send packets to somebody else. Default 1000, 500 a second. */
  readonly allRefusals: Allowance;
  /** Addresses, and proven peers, that are remembered; the longest unheard of is forgotten. Default 10,000. */
  readonly maxSources: number;
}

export const defaultSourceBudget: SourceBudgetOptions = {
  perAddress: { burst: 200, perSecond: 20 },
  perProvenPeer: { burst: 1000, perSecond: 100 },
  all: { burst: 1000, perSecond: 200 },
  patientPerAddress: { burst: 50, perSecond: 10 },
  refusalsPerAddress: { burst: 100, perSecond: 50 },
  allRefusals: { burst: 1000, perSecond: 500 },
  maxSources: 10_000,
};

/** Who sent a request, as far as the budget looks at it. */
export interface Sender extends HostPort {
  readonly protocol: Protocol;
}

/** `pass`: open a transaction. `drop`: say nothing, it will come again. `refuse`: answer 503 without a transaction. */
export type Verdict = 'pass' | 'drop' | 'refuse';

interface Account {
  readonly calls: TokenBucket;
  readonly patient: TokenBucket;
  readonly refusals: TokenBucket;
}

/**
 * Who may open transactions while somebody floods us. Bans nobody: a trunk and a scanner can be one address. Over budget,
 * a peer that made calls has its own allowance; of the others those that repeat their request are taken, half a second
 * late. Pure but for the clock.
 */
export class SourceBudget {
  readonly #options: SourceBudgetOptions;
  readonly #addresses: Recent<Account>;
  readonly #proven: Recent<TokenBucket>;
  readonly #all: TokenBucket;
  readonly #allRefusals: TokenBucket;
  readonly #greylist: Greylist;

  constructor(
    private readonly clock: Clock,
    options: Partial<SourceBudgetOptions> = {},
    seed: number = randomInt(2 ** 32),
  ) {
    this.#options = { ...defaultSourceBudget, ...options };
    this.#addresses = new Recent(this.#options.maxSources);
    this.#proven = new Recent(this.#options.maxSources);
    const nowMs = clock.nowMs();
    this.#all = new TokenBucket(this.#options.all, nowMs);
    this.#allRefusals = new TokenBucket(this.#options.allRefusals, nowMs);
    this.#greylist = new Greylist(seed);
  }

  /** Sources remembered now. */
  get sources(): number {
    return this.#addresses.size + this.#proven.size;
  }

  /** Hot: what becomes of a new request; `name` is that of its transaction, the same for its repetitions. */
  admit(sender: Sender, name: string): Verdict {
    const nowMs = this.clock.nowMs();
    const proven = this.#proven.get(peerOf(sender));
    if (proven?.take(nowMs) === true) return 'pass';
    const account = this.#account(sender.host, nowMs);
    if (this.#all.has(nowMs) && account.calls.take(nowMs)) {
      this.#all.take(nowMs);
      return 'pass';
    }
    if (sender.protocol === 'udp') {
      if (!this.#greylist.isRepetition(name, nowMs)) return 'drop';
      if (account.patient.take(nowMs)) {
        this.#greylist.letThrough(name, nowMs);
        return 'pass';
      }
    }
    return this.mayRefuse(sender) ? 'refuse' : 'drop';
  }

  /** Hot: whether an address may get one more answer without a transaction; if so it is counted. */
  mayRefuse(sender: Sender): boolean {
    const nowMs = this.clock.nowMs();
    const { refusals } = this.#account(sender.host, nowMs);
    return this.#allRefusals.has(nowMs) && refusals.take(nowMs) && this.#allRefusals.take(nowMs);
  }

  /**
   * An answer above 100 to a request that passed, the first one or a later. A call that rings or is answered, a registration
   * and the like are successes, once; OPTIONS proves nothing, everybody gets a 200 to it.
   */
  answered(sender: Sender, method: string, status: number, isFirst = true): void {
    if (status >= 300 || method === 'OPTIONS') return;
    const nowMs = this.clock.nowMs();
    const peer = peerOf(sender);
    let proven = this.#proven.get(peer);
    if (proven === undefined && status >= 200) {
      proven = this.#proven.put(peer, new TokenBucket(this.#options.perProvenPeer, nowMs));
    }
    if (!isFirst) return;
    for (const bucket of [this.#account(sender.host, nowMs).calls, this.#all, proven]) bucket?.give(2, nowMs);
  }

  #account(host: string, nowMs: number): Account {
    const network = networkOf(host);
    const known = this.#addresses.get(network);
    if (known !== undefined) return known;
    const { perAddress, patientPerAddress, refusalsPerAddress } = this.#options;
    return this.#addresses.put(network, {
      calls: new TokenBucket(perAddress, nowMs),
      patient: new TokenBucket(patientPerAddress, nowMs),
      refusals: new TokenBucket(refusalsPerAddress, nowMs),
    });
  }
}

function peerOf({ protocol, host, port }: Sender): string {
  return `${protocol} ${host} ${port}`;
}
