/** The line's noise is as loud as so many frames on end (80 ms) at their quietest: no closed mouth inside a word lasts as long. */
const windowFrames = 8;
/** Nepers of energy above it, in which the noise's own frames lie. */
const aboveNoise = 0.8;
/** What is nearly as loud as the voice is voice (9 dB less), however even it is: a vowel held for the whole utterance. */
const belowLoudest = 2;

/** Mean log energy of digital silence, and a little more. */
const digitalSilence = 9.4;

/** How loud an utterance gets and how loud its line is, and what of it is sound by that. Loudness is mean log energy of a frame. */
export class SoundLevel {
  readonly #window = new Float32Array(windowFrames);
  /** Of the frames in the window. */
  #sum = 0;
  #frames = 0;
  #quietest = Infinity;
  #loudest = -Infinity;

  /** Of a whole utterance. */
  static of(loud: Float32Array): SoundLevel {
    const level = new SoundLevel();
    for (const loudness of loud) level.push(loudness);
    return level;
  }

  /** Hot. The next frame's loudness. */
  push(loudness: number): void {
    if (loudness > this.#loudest) this.#loudest = loudness;
    // In front of an utterance the bot's own voice is silenced: that tells nothing of the line.
    if (this.#frames === 0 && loudness < digitalSilence) return;
    const at = this.#frames % windowFrames;
    this.#sum += loudness - (this.#window[at] as number);
    this.#window[at] = loudness;
    this.#frames++;
    if (this.#frames >= windowFrames) this.#quietest = Math.min(this.#quietest, this.#sum / windowFrames);
  }

  /** From which loudness on a frame is sound: `within` nepers of the loudest, and above the line's noise. */
  least(within: number): number {
    const least = this.#loudest - within;
    if (this.#frames < windowFrames) return least;
    return Math.max(least, Math.min(this.#quietest + aboveNoise, this.#loudest - belowLoudest));
  }
}
