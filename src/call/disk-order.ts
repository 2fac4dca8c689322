/** What the disk's thread is told. `file` is a number of our own; paths are whole. */
export type DiskOrder =
  | { readonly type: 'makeFolder'; readonly path: string }
  | { readonly type: 'open'; readonly file: number; readonly path: string }
  | {
      readonly type: 'write';
      readonly file: number;
      readonly data: string | Uint8Array | Int16Array;
      readonly at: number;
    }
  | { readonly type: 'close'; readonly file: number };

/** What came of an order: why it failed, null when it is done. Its error itself would lose its code on the way. */
export type DiskOutcome = { readonly code: string; readonly message: string } | null;
