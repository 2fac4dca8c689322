/**
 * Rounds of I/O with packets begin at least so far apart, ms: the price in latency is half of it on average, of 3 ms that
 * DESIGN.md §5 allows. `bench media`: 2 ms 1.4 ms and 216 ms of CPU per call-minute, 4 ms 2.5 and 178.
 */
const ROUND_MS = 4;

/** Packets in {@link WINDOW_MS} from which on a rest brings several at once: 2000 a second, 40 calls. */
const BUSY_PACKETS = 40;
const WINDOW_MS = 20;

/** A rest shorter than this costs more than it saves, ms. */
const LEAST_REST_MS = 0.3;

/**
 * What network cards call interrupt moderation. The packets of many calls come evenly, and each would wake this thread, and by
 * the frame that it sends on, the application's. So when many come, the thread rests after a round of I/O that brought some until
 * four milliseconds after that round began, and finds several in the next. With few calls it never rests, nor when the round
 * took that long. Blocks its thread: for workers only.
 */
export class WakeModeration {
  #scheduled = false;
  #closed = false;
  #packets = 0;
  #windowEndsMs = 0;
  #busy = false;
  #roundBeganMs = 0;

  /** `dueInMs`: until something must be done in time, from now. `beforeRest` hands over what must not wait. */
  constructor(
    private readonly nowMs: () => number,
    private readonly dueInMs: () => number,
    private readonly beforeRest: () => void = () => undefined,
    private readonly rest: (ms: number) => void = blockThread,
  ) {}

  /** Hot: a packet came. */
  packet(): void {
    this.#packets++;
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    setImmediate(this.#roundOver);
  }

  close(): void {
    this.#closed = true;
  }

  /** Hot: after the round of I/O. */
  readonly #roundOver = (): void => {
    this.#scheduled = false;
    const nowMs = this.nowMs();
    if (nowMs >= this.#windowEndsMs) {
      this.#busy = this.#packets >= BUSY_PACKETS && nowMs < this.#windowEndsMs + WINDOW_MS;
      this.#packets = 0;
      this.#windowEndsMs = nowMs + WINDOW_MS;
    }
    if (!this.#busy || this.#closed) return;
    const restMs = Math.min(this.#roundBeganMs + ROUND_MS - nowMs, this.dueInMs());
    if (restMs >= LEAST_REST_MS) {
      this.beforeRest();
      this.rest(restMs);
    }
    this.#roundBeganMs = this.nowMs();
  };
}

const never = new Int32Array(new SharedArrayBuffer(4));

function blockThread(ms: number): void {
  Atomics.wait(never, 0, 0, ms);
}
