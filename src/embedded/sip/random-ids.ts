import { randomFillSync, randomUUID } from 'node:crypto';

const pool = Buffer.alloc(4096);
let used = pool.length;

/** Hot: `bytes` random bytes in hex, from a pool that is filled 4 KiB at a time. */
function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const text = pool.toString('hex', used, used + bytes);
  used += bytes;
  return text;
}

/** Begins with the cookie that tells RFC 3261 transactions (§8.1.1.7). */
export function newBranch(): string {
  return `z9hG4bK${randomHex(10)}`;
}

/** RFC 3261 §19.3 asks for 32 random bits at least. */
export function newTag(): string {
  return randomHex(8);
}

export function newCallId(): string {
  return randomUUID();
}
