/** Peak under which a sample counts as digital silence: -60 dB of full scale, under the softest fricative's peaks. */
const silentPeak = 32;

/**
 * Cuts the silence before and after a sound that comes in chunks, but for `keepSamples` on either side, so that neither
 * the caller nor a recognizer waits for it. Silence inside is kept: it is held back until sound follows it.
 */
export class SilenceTrimmer {
  #started = false;
  /** Silent samples not given yet. */
  #held: Int16Array<ArrayBufferLike> = new Int16Array(0);

  constructor(private readonly keepSamples: number) {}

  /** What may be given now; may be empty. */
  push(samples: Int16Array): Int16Array {
    let last = samples.length - 1;
    while (last >= 0 && Math.abs(samples[last] ?? 0) <= silentPeak) last--;
    if (last < 0) {
      this.#hold(samples);
      return new Int16Array(0);
    }
    let lead = this.#held;
    let body = samples.subarray(0, last + 1);
    if (!this.#started) {
      this.#started = true;
      let first = 0;
      while (Math.abs(body[first] ?? 0) <= silentPeak) first++;
      const quiet = concat(lead, body.subarray(0, first));
      lead = quiet.subarray(Math.max(0, quiet.length - this.keepSamples));
      body = body.subarray(first);
    }
    this.#held = samples.slice(last + 1);
    return concat(lead, body);
  }

  /** The end of the sound: the silence that is kept after it. */
  end(): Int16Array {
    const rest = this.#started ? this.#held.slice(0, this.keepSamples) : new Int16Array(0);
    this.#started = false;
    this.#held = new Int16Array(0);
    return rest;
  }

  #hold(samples: Int16Array): void {
    const held = concat(this.#held, samples);
    // Before the sound only the last samples matter.
    this.#held = this.#started ? held : held.slice(Math.max(0, held.length - this.keepSamples));
  }
}

function concat(a: Int16Array, b: Int16Array): Int16Array {
  const joined = new Int16Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
