import type { Disk } from './disk.js';

/** What holds for every call of this server. */
export interface CallOptions {
  /** Longest time from answer to end, ms. */
  readonly maxDurationMs: number;
  readonly recording: boolean;
  /** Takes recordings and journals, by day. */
  readonly disk: Disk;
}
