/** Length of one window, and how many the minimum is taken over: 8 s hold a packet that met no queue. */
const WINDOW_SAMPLES = 8000;
const WINDOWS = 8;

/** So many packets make a minimum worth acting on. */
const MIN_PACKETS = 10;

/**
 * How late the caller's packets come without the network's queues: the least lag of the last seconds. Jitter only ever
 * adds to a packet's way, so the least is what clocks and distance make; it creeps when the caller's clock is skewed.
 */
export class LagEstimator {
  readonly #minima: number[] = [];
  #current = Infinity;
  #currentPackets = 0;
  #windowStart = 0;

  /** Hot: one packet's lag in samples; `now` in samples of our clock. */
  add(lagSamples: number, now: number): void {
    if (this.#currentPackets === 0 && this.#minima.length === 0) this.#windowStart = now;
    if (now - this.#windowStart >= WINDOW_SAMPLES && this.#currentPackets >= MIN_PACKETS) {
      this.#minima.push(this.#current);
      if (this.#minima.length > WINDOWS) this.#minima.shift();
      this.#current = Infinity;
      this.#currentPackets = 0;
      this.#windowStart = now;
    }
    if (lagSamples < this.#current) this.#current = lagSamples;
    this.#currentPackets++;
  }

  /** Whether a whole window was seen. */
  get known(): boolean {
    return this.#minima.length > 0;
  }

  /** Least lag of the last seconds; 0 before the first packet. */
  get leastSamples(): number {
    let least = this.#current;
    for (const minimum of this.#minima) if (minimum < least) least = minimum;
    return least === Infinity ? 0 : least;
  }

  /** The caller's sound was moved later by `samples`: all lags shrink by it. */
  shift(samples: number): void {
    this.#current -= samples;
    for (let i = 0; i < this.#minima.length; i++) this.#minima[i] = (this.#minima[i] as number) - samples;
  }

  reset(): void {
    this.#minima.length = 0;
    this.#current = Infinity;
    this.#currentPackets = 0;
  }
}
