/** Sentences kept in memory, the ones said longest ago given up first: most callers hear the same few prompts. */
export class RecentSentences {
  readonly #sentences = new Map<string, Int16Array>();
  #bytes = 0;

  /** `limitBytes`: memory for samples; a sentence larger than this is not kept. */
  constructor(private readonly limitBytes: number) {}

  get(key: string): Int16Array | undefined {
    const samples = this.#sentences.get(key);
    if (samples === undefined) return undefined;
    // A Map keeps the order of insertion: what was asked for last goes to the end.
    this.#sentences.delete(key);
    this.#sentences.set(key, samples);
    return samples;
  }

  forget(key: string): void {
    this.#bytes -= this.#sentences.get(key)?.byteLength ?? 0;
    this.#sentences.delete(key);
  }

  /** Keeps the samples as they are, not a copy: nobody may write to them afterwards. */
  keep(key: string, samples: Int16Array): void {
    if (samples.byteLength > this.limitBytes || this.#sentences.has(key)) return;
    this.#sentences.set(key, samples);
    this.#bytes += samples.byteLength;
    for (const [oldest, { byteLength }] of this.#sentences) {
      if (this.#bytes <= this.limitBytes) return;
      this.#sentences.delete(oldest);
      this.#bytes -= byteLength;
    }
  }
}
