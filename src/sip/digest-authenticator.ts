import { randomBytes } from 'node:crypto';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import { authenticationFailed } from './channels.js';
import { challengeText, isRightResponse, parseCredentials, type DigestAlgorithm } from './digest.js';
import { FailureLimit } from './failure-limit.js';
import { Nonces } from './nonces.js';
import type { User } from './users.js';

export interface DigestAuthenticatorOptions {
  readonly realm: string;
  readonly find: (name: string) => User | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /**
   * What is offered, the preferred first. Default MD5 alone: there are telephones (libre before 2.x) that give up on a
   * challenge they do not know, though another one stands beside it.
   */
  readonly algorithms?: readonly DigestAlgorithm[];
}

/** What of a request is proven. */
export interface ProvenRequest {
  readonly method: string;
  readonly uri: string;
  readonly body: string;
  readonly sourceAddress: string;
  /** Value of Authorization or Proxy-Authorization; undefined without one. */
  readonly credentials: string | undefined;
}

export type DigestVerdict =
  | { readonly kind: 'proven'; readonly user: string }
  /** `lines`: of WWW-Authenticate or Proxy-Authenticate. `isWrong`: a password was tried, or a name that nobody has. */
  | { readonly kind: 'challenge'; readonly lines: readonly string[]; readonly isWrong: boolean }
  /** Too many failures lately: 403, whether the password was right or not. */
  | { readonly kind: 'blocked' };

/** Failures within a minute, after which nothing from an address is looked at: an office has many phones behind one. */
const addressLimit = 60;
/** The same for one user's name, from all addresses but those where the user has proven the password. */
const userLimit = 20;
const windowMs = 60_000;
/** Failures that are logged within a minute, and how long one address is not told again, ms: a telephone tries all day. */
const toldLimit = 10;
const toldAgainMs = 3_600_000;
/** Addresses that are remembered as a user's own. */
const maxProven = 10_000;

/**
 * Digest authentication of users (RFC 3261 §22, RFC 8760). Someone who is no user gets the same challenges and fails in the
 * same way, in the same time. One for all drachtio connections.
 */
export class DigestAuthenticator {
  readonly #nonces: Nonces;
  readonly #addresses: FailureLimit;
  readonly #names: FailureLimit;
  readonly #toldOf: FailureLimit;
  readonly #told: FailureLimit;
  readonly #proven = new Set<string>();
  /** No password leads to it. */
  readonly #noSecret = randomBytes(32).toString('hex');

  constructor(private readonly options: DigestAuthenticatorOptions) {
    const { clock } = options;
    this.#nonces = new Nonces(clock);
    this.#addresses = new FailureLimit(clock, addressLimit, windowMs);
    this.#names = new FailureLimit(clock, userLimit, windowMs);
    this.#toldOf = new FailureLimit(clock, 1, toldAgainMs);
    this.#told = new FailureLimit(clock, toldLimit, windowMs);
  }

  examine(request: ProvenRequest): DigestVerdict {
    const { method, uri, body, sourceAddress } = request;
    const { realm, find } = this.options;
    const given = parseCredentials(request.credentials ?? '').find((one) => one.realm === realm);
    if (given === undefined) return this.#challenge(false);
    const origin = `${given.username} ${sourceAddress}`;
    const isKnown = this.#proven.has(origin);
    if (!isKnown && (this.#addresses.isReached(sourceAddress) || this.#names.isReached(given.username))) {
      authenticationFailed.publish({ reason: 'blocked' });
      return { kind: 'blocked' };
    }
    const found = find(given.username);
    const user = found?.realm === realm ? found : undefined;
    const secret = given.algorithm === 'MD5' ? user?.md5 : user?.sha256;
    const isRight = isRightResponse(given, secret ?? this.#noSecret, method, body);
    if (!isRight || user === undefined || !isSameUri(given.uri, uri)) {
      this.#failed(sourceAddress, given.username, origin);
      return this.#challenge(false, true);
    }
    // Without qop there is no count: such a nonce is good once.
    const count = given.qop === undefined ? 0 : Number.parseInt(given.nc, 16);
    if (this.#nonces.use(given.nonce, count) === 'stale') return this.#challenge(true);
    this.#succeeded(origin);
    return { kind: 'proven', user: user.name };
  }

  #challenge(isStale: boolean, isWrong = false): DigestVerdict {
    const nonce = this.#nonces.make();
    const { realm, algorithms = ['MD5'] } = this.options;
    return {
      kind: 'challenge',
      isWrong,
      lines: algorithms.map((algorithm) => challengeText(algorithm, realm, nonce, isStale)),
    };
  }

  #failed(address: string, name: string, origin: string): void {
    authenticationFailed.publish({ reason: 'wrong' });
    this.#addresses.add(address);
    this.#names.add(name);
    this.#tell(address);
    // Who begins to fail where the user was known is a guesser behind the same address, or has a new password.
    if (this.#names.isReached(name) || this.#addresses.isReached(address)) this.#proven.delete(origin);
  }

  /** The telephone shows no more than that it is not registered. */
  #tell(address: string): void {
    if (this.#toldOf.isReached(address) || this.#told.isReached('')) return;
    this.#toldOf.add(address);
    this.#told.add('');
    this.options.logger.warn({ address }, 'a password or the name of a user is wrong, told once an hour');
  }

  #succeeded(origin: string): void {
    this.#proven.delete(origin);
    this.#proven.add(origin);
    if (this.#proven.size > maxProven) this.#proven.delete([...this.#proven.keys()][0] ?? '');
  }
}

/**
 * RFC 3261 §22.4 item 2: the credentials are for this request. Parameters and the port may have been changed on the way.
 */
function isSameUri(given: string, request: string): boolean {
  return bare(given) === bare(request);
}

function bare(uri: string): string {
  const [, scheme = '', user = '', host = ''] = /^(sips?):(?:([^@]*)@)?(\[[^\]]*\]|[^;:?]*)/i.exec(uri) ?? [];
  return `${scheme}:${host}`.toLowerCase() + user;
}
