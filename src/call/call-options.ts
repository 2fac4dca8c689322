/** What holds for every call of this server. */
export interface CallOptions {
  /** Longest time from answer to end, ms. */
  readonly maxDurationMs: number;
  readonly recording: boolean;
  /** Folder that holds everything; recordings and journals lie below it by day. */
  readonly dataDir: string;
}
