import type { SipMessage } from '../sip/message.js';

/** As long as the real server: the caller repeats a challenged request at once. */
const lifeMs = 2000;
const limit = 1000;

/** Who challenged a forwarded request: when it comes again with credentials, it goes there and nowhere else. */
export class Challenges {
  /** By realm and nonce, oldest first. */
  readonly #made = new Map<string, { readonly destination: string; readonly atMs: number }>();

  made(response: SipMessage, destination: string, nowMs: number): void {
    this.#purge(nowMs);
    for (const name of ['www-authenticate', 'proxy-authenticate']) {
      const key = challengeKey(response.get(name));
      if (key !== undefined) this.#made.set(key, { destination, atMs: nowMs });
    }
  }

  /** The destination whose challenge this request answers; forgets it. */
  answered(request: SipMessage, nowMs: number): string | undefined {
    if (this.#made.size === 0) return undefined;
    this.#purge(nowMs);
    for (const name of ['authorization', 'proxy-authorization']) {
      const key = challengeKey(request.get(name));
      const made = key === undefined ? undefined : this.#made.get(key);
      if (key === undefined || made === undefined) continue;
      this.#made.delete(key);
      return made.destination;
    }
    return undefined;
  }

  #purge(nowMs: number): void {
    for (const [key, { atMs }] of this.#made) {
      if (nowMs - atMs <= lifeMs && this.#made.size < limit) return;
      this.#made.delete(key);
    }
  }
}

function challengeKey(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  // `Digest realm="a", nonce="b"`: parameters parted by commas instead of semicolons.
  const realm = /\brealm="([^"]*)"/i.exec(value)?.[1];
  const nonce = /\bnonce="([^"]*)"/i.exec(value)?.[1];
  return realm === undefined || nonce === undefined ? undefined : `${realm}|${nonce}`;
}
