import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../core/clock.js';

/** Nonces that were used are remembered so far; beyond it the oldest become stale. */
const maxUsed = 10_000;
const randomLength = 6;
const signedLength = 6 + randomLength;
const signatureLength = 16;

/** `fresh`: may be used. `stale`: was ours, or that of the process before us; the client is to ask for another one. */
export type NonceUse = 'fresh' | 'stale';

/**
 * Nonces that carry their time and our signature, so that a challenge costs no memory: only those that proved a password
 * are remembered, with their highest count, until they are too old (RFC 7616 §3.3, §5.4).
 */
export class Nonces {
  readonly #key = randomBytes(32);
  /** Highest nc by nonce, in order of first use. */
  readonly #used = new Map<string, { readonly madeAtMs: number; count: number }>();
  /** What was made until then and is not remembered may have been used: it is stale. */
  #forgottenUntilMs = -1;

  constructor(
    private readonly clock: Clock,
    /** How long one is good, ms. */
    private readonly lifeMs = 300_000,
  ) {}

  make(): string {
    const signed = Buffer.alloc(signedLength);
    signed.writeUIntBE(Math.floor(this.clock.nowMs()), 0, 6);
    randomBytes(randomLength).copy(signed, 6);
    return Buffer.concat([signed, this.#signature(signed)]).toString('base64url');
  }

  /** Uses a nonce with this count, once the password was proven; a count that was there before is a replay: stale. */
  use(nonce: string, count: number): NonceUse {
    const madeAtMs = this.#madeAtMs(nonce);
    if (madeAtMs === undefined || this.clock.nowMs() - madeAtMs > this.lifeMs) return 'stale';
    const used = this.#used.get(nonce);
    if (used !== undefined) {
      if (count <= used.count) return 'stale';
      used.count = count;
      return 'fresh';
    }
    if (madeAtMs <= this.#forgottenUntilMs) return 'stale';
    this.#used.set(nonce, { madeAtMs, count });
    this.#forget();
    return 'fresh';
  }

  #forget(): void {
    for (const [nonce, { madeAtMs }] of this.#used) {
      const isOld = this.clock.nowMs() - madeAtMs > this.lifeMs;
      if (!isOld && this.#used.size <= maxUsed) return;
      this.#used.delete(nonce);
      if (!isOld) this.#forgottenUntilMs = Math.max(this.#forgottenUntilMs, madeAtMs);
    }
  }

  #madeAtMs(nonce: string): number | undefined {
    const bytes = Buffer.from(nonce, 'base64url');
    // Another spelling of the same bytes would be counted apart.
    if (bytes.length !== signedLength + signatureLength || bytes.toString('base64url') !== nonce)
      return undefined;
    const signed = bytes.subarray(0, signedLength);
    if (!timingSafeEqual(bytes.subarray(signedLength), this.#signature(signed))) return undefined;
    return signed.readUIntBE(0, 6);
  }

  #signature(signed: Buffer): Buffer {
    return createHmac('sha256', this.#key).update(signed).digest().subarray(0, signatureLength);
  }
}
