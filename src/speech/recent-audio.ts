/** Room at first, samples (1 s at 8 kHz); most callers say no more. */
const firstRoomSamples = 8_000;

/** The latest sound of one listening, so that it can be played to another engine. Mono s16. */
export class RecentAudio {
  #ring = new Int16Array(0);
  #start = 0;
  #length = 0;

  /** `limitSamples`: what is older is forgotten. */
  constructor(private readonly limitSamples: number) {}

  get lengthSamples(): number {
    return this.#length;
  }

  /** Hot. Keeps a copy. */
  push(samples: Int16Array): void {
    const kept = samples.length > this.limitSamples ? samples.subarray(-this.limitSamples) : samples;
    this.#makeRoom(kept.length);
    const room = this.#ring.length;
    const over = this.#length + kept.length - room;
    if (over > 0) {
      this.#start = (this.#start + over) % room;
      this.#length -= over;
    }
    const at = (this.#start + this.#length) % room;
    const head = Math.min(kept.length, room - at);
    this.#ring.set(head === kept.length ? kept : kept.subarray(0, head), at);
    if (head < kept.length) this.#ring.set(kept.subarray(head), 0);
    this.#length += kept.length;
  }

  /** Everything, oldest first, in pieces of at most `pieceSamples`. A piece is only good until the next push. */
  replay(pieceSamples: number, give: (samples: Int16Array) => void): void {
    const room = this.#ring.length;
    for (let done = 0; done < this.#length;) {
      const at = (this.#start + done) % room;
      const length = Math.min(pieceSamples, this.#length - done, room - at);
      give(this.#ring.subarray(at, at + length));
      done += length;
    }
  }

  #makeRoom(samples: number): void {
    const needed = Math.min(this.limitSamples, this.#length + samples);
    if (needed <= this.#ring.length) return;
    let room = Math.max(this.#ring.length, firstRoomSamples);
    while (room < needed) room *= 2;
    const larger = new Int16Array(Math.min(room, this.limitSamples));
    let at = 0;
    this.replay(this.#length, (piece) => {
      larger.set(piece, at);
      at += piece.length;
    });
    this.#ring = larger;
    this.#start = 0;
  }
}
