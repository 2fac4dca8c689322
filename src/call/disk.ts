/** Where the calls' files are written. None of its calls waits for the disk; it outlives the calls. */
export interface Disk {
  /** Makes the folder `path` and those above it, relative to the data folder. Rejects with the system's error, or CALL_DISK_GONE. */
  makeFolder(path: string): Promise<void>;
  /**
   * Begins a new file, `path` relative to the data folder. `failed` comes at most once, with the system's error,
   * CALL_DISK_STALLED or CALL_DISK_GONE: nothing is written any more then.
   */
  open(path: string, failed: (error: Error) => void): DiskFile;
}

/** One file that is being written. Owned by who opened it. */
export interface DiskFile {
  /** Writes at byte `at`, after all that was given before. Samples are given away: they must not be touched any more. */
  write(data: string | Uint8Array | Int16Array, at: number): void;
  /** Resolves when all that can be written is. Safe to call twice; never rejects. */
  close(): Promise<void>;
}
