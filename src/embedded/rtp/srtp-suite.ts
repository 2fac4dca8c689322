import { randomBytes } from 'node:crypto';

/** What media can be protected with: names of RFC 4568 §6.2 and RFC 7714 §14.2. */
export type SrtpSuite = 'AES_CM_128_HMAC_SHA1_80' | 'AES_CM_128_HMAC_SHA1_32' | 'AEAD_AES_128_GCM';

/** All of them, in the order in which we offer them. */
export const SRTP_SUITES: readonly SrtpSuite[] = [
  'AES_CM_128_HMAC_SHA1_80',
  'AES_CM_128_HMAC_SHA1_32',
  'AEAD_AES_128_GCM',
];

/** One direction's key: made by who sends with it. */
export interface SrtpMasterKey {
  readonly suite: SrtpSuite;
  /** 16 bytes. */
  readonly key: Buffer;
  /** {@link saltBytesOf} the suite. */
  readonly salt: Buffer;
  /** Packets after which the key is worn out; undefined: what RFC 3711 §9.2 allows. */
  readonly lifetimePackets?: number | undefined;
}

export const SRTP_KEY_BYTES = 16;

/** RFC 3711 §9.2. */
export const MAX_RTP_PACKETS = 2 ** 48;
export const MAX_RTCP_PACKETS = 2 ** 31;

/** By so many bytes a packet grows at most: a tag of GCM and the index of SRTCP. */
export const SRTP_OVERHEAD_BYTES = 20;

export function saltBytesOf(suite: SrtpSuite): number {
  return suite === 'AEAD_AES_128_GCM' ? 12 : 14;
}

export function isSrtpSuite(name: string): name is SrtpSuite {
  return (SRTP_SUITES as readonly string[]).includes(name);
}

export function makeMasterKey(suite: SrtpSuite): SrtpMasterKey {
  return { suite, key: randomBytes(SRTP_KEY_BYTES), salt: randomBytes(saltBytesOf(suite)) };
}

export function isSameKey(a: SrtpMasterKey | undefined, b: SrtpMasterKey | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.suite === b.suite && a.key.equals(b.key) && a.salt.equals(b.salt);
}
