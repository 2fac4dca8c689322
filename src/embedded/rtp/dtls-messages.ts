import type { SrtpSuite } from './srtp-suite.js';

/** Between the media server's thread and the one that shakes hands. */

export interface DtlsWorkerData {
  readonly certificatePem: string;
  readonly keyPem: string;
}

export type ToDtlsWorker =
  | { readonly kind: 'open'; readonly id: number; readonly isActive: boolean }
  | { readonly kind: 'datagram'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: 'close'; readonly id: number };

/** The keys of both directions, and whose certificate the other side has proved to have. */
export interface DtlsResult {
  readonly suite: SrtpSuite;
  readonly localKey: Uint8Array;
  readonly localSalt: Uint8Array;
  readonly remoteKey: Uint8Array;
  readonly remoteSalt: Uint8Array;
  readonly fingerprint: string;
}

export type FromDtlsWorker =
  | { readonly kind: 'datagram'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: 'done'; readonly id: number; readonly result: DtlsResult }
  | { readonly kind: 'failed'; readonly id: number; readonly reason: string };
