/** RFC 3711 §3.3.2 asks for 64 at least. 2.5 s of packets that come late. */
const WINDOW = 128;

/** Which packets of one stream have been taken, by their index. Only what is authentic may be asked to be remembered. */
export class ReplayWindow {
  /** The index that was taken last for each place; the places go round. */
  readonly #taken = new Float64Array(WINDOW).fill(-1);
  #highest = -1;

  /** The highest index taken; -1: none. */
  get highest(): number {
    return this.#highest;
  }

  /** Hot: false if it was taken before, or is too old to know. */
  isNew(index: number): boolean {
    return index > this.#highest - WINDOW && this.#taken[index % WINDOW] !== index;
  }

  /** Hot. */
  take(index: number): void {
    this.#taken[index % WINDOW] = index;
    if (index > this.#highest) this.#highest = index;
  }
}
