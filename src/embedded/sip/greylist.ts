/** Sooner than this nobody repeats a request who waits for an answer (RFC 3261 T1 is 500 ms). */
const soonestMs = 150;
/** Timers B and F: later it is another request. */
const latestMs = 32_000;
/** A power of two. At 5,000 new requests a second one in seven is overwritten by another within T1. */
const defaultSlots = 32_768;

/**
 * Knows requests that come again: who wants an answer repeats what is lost over UDP (timers A and E), who floods does not,
 * or at another pace. Bounded: a table of hashes, where the newer one takes the place. Pure; see source-budget.ts.
 */
export class Greylist {
  readonly #hashes: Uint32Array;
  /** When first seen; negative when it was let through. 0: nothing. */
  readonly #seenMs: Float64Array;
  readonly #mask: number;

  /** `seed` is a secret of the process: nobody can choose names that push out those of others. */
  constructor(
    private readonly seed: number,
    slots: number = defaultSlots,
  ) {
    this.#hashes = new Uint32Array(slots);
    this.#seenMs = new Float64Array(slots);
    this.#mask = slots - 1;
  }

  /** Hot: whether this is the repetition of a request that was not let through; one seen for the first time is noted. */
  isRepetition(name: string, nowMs: number): boolean {
    const hash = hashOf(name, this.seed);
    const slot = hash & this.#mask;
    const seenMs = this.#seenMs[slot] ?? 0;
    const ageMs = nowMs - Math.abs(seenMs);
    if (this.#hashes[slot] === hash && seenMs !== 0 && ageMs < latestMs) {
      return seenMs > 0 && ageMs >= soonestMs;
    }
    this.#hashes[slot] = hash;
    this.#seenMs[slot] = Math.max(nowMs, Number.MIN_VALUE);
    return false;
  }

  /** It was let through: the same once more is no repetition of a lost request, its transaction would know it. */
  letThrough(name: string, nowMs: number): void {
    const hash = hashOf(name, this.seed);
    const slot = hash & this.#mask;
    this.#hashes[slot] = hash;
    this.#seenMs[slot] = -Math.max(nowMs, Number.MIN_VALUE);
  }
}

/** FNV-1a with a seed and the last mixing of MurmurHash3. */
function hashOf(text: string, seed: number): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  return hash >>> 0;
}
