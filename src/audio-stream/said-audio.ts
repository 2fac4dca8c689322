import { resumePoint, resumeReachMs } from '../audio/resume-point.js';

const samplesPerMs = 8;

/** What was made of one speech so far, mono at 8 kHz, and how far it was handed over: some may have to be said again. */
export class SaidAudio {
  /** As they were given, not copied: nobody may write to them. */
  readonly #pieces: Int16Array[] = [];
  /** The piece and the sample in it that come next. */
  #piece = 0;
  #at = 0;
  #waitingSamples = 0;

  /** Not yet handed over. */
  get waitingSamples(): number {
    return this.#waitingSamples;
  }

  keep(piece: Int16Array): void {
    this.#pieces.push(piece);
    this.#waitingSamples += piece.length;
  }

  /** At most so many of the samples that come next, out of one piece; empty when none waits. */
  next(atMostSamples: number): Int16Array {
    for (;;) {
      const piece = this.#pieces[this.#piece];
      if (piece === undefined) return new Int16Array(0);
      const taken = piece.subarray(this.#at, this.#at + atMostSamples);
      this.#at += taken.length;
      this.#waitingSamples -= taken.length;
      if (this.#at >= piece.length) {
        this.#piece += 1;
        this.#at = 0;
      }
      if (taken.length > 0) return taken;
    }
  }

  /** Goes back over the last `unheardSamples` that were handed over, to a pause between words before them. */
  goBack(unheardSamples: number): void {
    const heard = Math.max(0, this.#handedSamples - unheardSamples);
    const from = Math.max(0, heard - resumeReachMs * samplesPerMs);
    this.#goTo(from + resumePoint(this.#between(from, heard), heard - from));
  }

  get #handedSamples(): number {
    return this.#pieces.slice(0, this.#piece).reduce((sum, { length }) => sum + length, this.#at);
  }

  #between(from: number, to: number): Int16Array {
    const samples = new Int16Array(to - from);
    let start = 0;
    for (const piece of this.#pieces) {
      const part = piece.subarray(Math.max(0, from - start), Math.max(0, to - start));
      if (part.length > 0) samples.set(part, Math.max(0, start - from));
      start += piece.length;
    }
    return samples;
  }

  #goTo(sample: number): void {
    this.#waitingSamples = this.#pieces.reduce((sum, { length }) => sum + length, 0) - sample;
    this.#piece = 0;
    this.#at = sample;
    for (const { length } of this.#pieces) {
      if (this.#at < length) return;
      this.#at -= length;
      this.#piece += 1;
    }
  }
}
