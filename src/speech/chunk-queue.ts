/** Chunks of sound from who makes them to who reads them, in order, until an end or a failure: the first of those counts. */
export class ChunkQueue {
  readonly #chunks: Int16Array[] = [];
  #over = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  /** Nothing more comes; what came before may not be read yet. */
  get over(): boolean {
    return this.#over;
  }

  /** Dropped when it is over. Keeps the samples as they are, not a copy. */
  push(chunk: Int16Array): void {
    if (this.#over) return;
    this.#chunks.push(chunk);
    this.#wake?.();
  }

  /** With an error, the reader gets that after the chunks before it. */
  end(error?: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#error = error;
    this.#wake?.();
  }

  /** What was not read is read no more. */
  drop(): void {
    this.#chunks.length = 0;
  }

  /** For one reader, at his own pace. `left` is called when he has read all, and when he leaves early. */
  async *read(left: () => void): AsyncGenerator<Int16Array> {
    try {
      for (;;) {
        const chunk = this.#chunks.shift();
        if (chunk !== undefined) yield chunk;
        else if (this.#error !== undefined) throw this.#error;
        else if (this.#over) return;
        else {
          await new Promise<void>((resolve) => (this.#wake = resolve));
          this.#wake = undefined;
        }
      }
    } finally {
      this.drop();
      left();
    }
  }
}
