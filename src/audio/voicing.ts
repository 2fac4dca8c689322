/** 40 ms in 4 kHz: two of the longest pitch periods and a third. */
const windowSamples = 160;
/** Pitch periods looked for, samples at 4 kHz: 400 Hz, a child, to 70 Hz, a low man. */
const shortestLag = 10;
const longestLag = 57;

/**
 * How periodic the last 40 ms are: near 1 for a vowel or a tone, below a half for breath, coughs and noise. One per
 * line, fed frame by frame of 8 kHz.
 */
export class Voicing {
  readonly #recent = new Float32Array(windowSamples);

  /** Hot. Halves the rate: pitch lies far below 2 kHz, and the search costs a quarter. */
  push(samples: Float32Array): void {
    const recent = this.#recent;
    const fresh = samples.length >> 1;
    recent.copyWithin(0, fresh);
    const from = windowSamples - fresh;
    for (let i = 0; i < fresh; i++) {
      recent[from + i] = (samples[2 * i] as number) + (samples[2 * i + 1] as number);
    }
  }

  /** Hot: some 5000 products. The largest normalized autocorrelation over a pitch period, 0 to 1. */
  get periodicity(): number {
    const recent = this.#recent;
    let own = 0;
    for (let i = longestLag; i < windowSamples; i++) own += (recent[i] as number) ** 2;
    let best = 0;
    for (let lag = shortestLag; lag <= longestLag; lag++) {
      let product = 0;
      let lagged = 0;
      for (let i = longestLag; i < windowSamples; i++) {
        const other = recent[i - lag] as number;
        product += (recent[i] as number) * other;
        lagged += other * other;
      }
      if (product > 0) best = Math.max(best, product ** 2 / (own * lagged));
    }
    return Math.sqrt(best);
  }
}
