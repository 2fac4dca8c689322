const samplesPerMs = 8;

/** The least delay is that of the last one to two of these, samples (1 s): 50 frames or more. */
const windowSamples = 8000;

/**
 * Ties the sample count of a stream to the process's clock: sample n was there at `offset + n / 8` ms. Each frame comes
 * when its last sample is there, plus what socket and event loop cost; of all frames of the last one to two seconds the
 * one with the least delay tells. So a busy second or a jittering caller changes nothing, and a clock at the media server
 * that runs 100 ppm off ours costs 0.2 ms. What is left is the least delay itself: a few tenths of a millisecond on one
 * machine, the way through the network from another. Pure.
 */
export class LedgerClock {
  #window = 0;
  #least = Number.POSITIVE_INFINITY;
  #leastBefore = Number.POSITIVE_INFINITY;

  /** Hot. The stream's first `endSample` samples were there at `atMs`. */
  add(atMs: number, endSample: number): void {
    const window = Math.floor(endSample / windowSamples);
    if (window !== this.#window) {
      this.#window = window;
      this.#leastBefore = this.#least;
      this.#least = Number.POSITIVE_INFINITY;
    }
    this.#least = Math.min(this.#least, atMs - endSample / samplesPerMs);
  }

  /** When sample 0 was there; undefined before the first frame. */
  get offsetMs(): number | undefined {
    const offset = Math.min(this.#least, this.#leastBefore);
    return Number.isFinite(offset) ? offset : undefined;
  }
}

/** The media server's tick, and the caller's packet: a frame of 20 ms. */
const frameMs = 20;
/**
 * So far from the ticks the media server lays the ends of the caller's packets: half a frame when the first one comes
 * (embedded/rtp/caller-placement.ts; drift may make it 12 ms before it moves them, which is rare). Half a millisecond is ours.
 */
const placedMs = 10.5;
/** Marks come a little after their ticks, never before: what left before the hand-over is hardly more than this, ms. */
const tieMs = 0.5;
const kept = 9;

/**
 * When the media server sends: sample 0 left at {@link offsetMs}, and from there on a frame with each tick. The ticks are
 * told by marks that were played out. Which of them was the first is told by speeches: a frame cannot leave before it was
 * handed over, and the bot's own words leave with the first tick after that. What is still open is told by the caller's
 * frames, which lie within 12 ms of the ticks unless the network holds them up. Pure.
 */
export class LedgerTicks {
  readonly #marksMs: number[] = [];
  /** Sample 0 left no sooner, as each speech told; and, as told by words of ours, less than a frame later. */
  readonly #notBeforeMs: number[] = [];
  readonly #lessThanFrameAfterMs: number[] = [];
  #marks = 0;
  #speeches = 0;
  #words = 0;

  /** A mark was played out. */
  add(atMs: number): void {
    this.#marksMs[this.#marks++ % kept] = atMs;
  }

  /** What was handed over at `handedOverMs` began with this sample; `exactly`: not later than that. */
  began(handedOverMs: number, sample: number, exactly: boolean): void {
    const notBeforeMs = handedOverMs - sample / samplesPerMs;
    if (exactly) this.#lessThanFrameAfterMs[this.#words++ % kept] = notBeforeMs;
    else this.#notBeforeMs[this.#speeches++ % kept] = notBeforeMs;
  }

  /** Undefined where no mark told. `callerOffsetMs`: when the caller's sample 0 was there. */
  offsetMs(callerOffsetMs: number): number | undefined {
    const [first] = this.#marksMs;
    if (first === undefined) return undefined;
    // Most marks come in time: the median forgets one that came late, or at once where nothing was left to play.
    const late = this.#marksMs.map((atMs) => nearest(atMs - first)).sort((a, b) => a - b);
    const tickMs = first + (late[(late.length - 1) >> 1] ?? 0);
    const words = greatest(this.#lessThanFrameAfterMs);
    if (words === undefined) {
      const byCaller = callerOffsetMs + nearest(tickMs - callerOffsetMs);
      const speeches = greatest(this.#notBeforeMs);
      return speeches === undefined || byCaller >= speeches - tieMs
        ? byCaller
        : firstFrom(tickMs, speeches - tieMs);
    }
    const byWords = firstFrom(tickMs, words - tieMs);
    // They missed a tick on their way to the media server.
    const missed = byWords < callerOffsetMs - placedMs && byWords + frameMs <= callerOffsetMs + placedMs;
    return missed ? byWords + frameMs : byWords;
  }
}

/** The tick at `fromMs` or the next one. */
function firstFrom(tickMs: number, fromMs: number): number {
  return tickMs + Math.ceil((fromMs - tickMs) / frameMs) * frameMs;
}

/** The tightest bound; of several the second, lest one that was misheard count for ever. */
function greatest(bounds: readonly number[]): number | undefined {
  return [...bounds].sort((a, b) => b - a)[bounds.length > 3 ? 1 : 0];
}

/** Without whole ticks. */
function nearest(ms: number): number {
  return ms - Math.round(ms / frameMs) * frameMs;
}

/**
 * When a key was over, of which we heard at `atMs`: its packets lie on the grid of the caller's other packets, and the way
 * of the event to us is shorter than a packet.
 */
export function keyEndMs(atMs: number, callerOffsetMs: number | undefined): number {
  if (callerOffsetMs === undefined) return atMs;
  // Half a millisecond: the packet may have come faster than any frame.
  const late = (atMs - callerOffsetMs + 0.5) % frameMs;
  return atMs + 0.5 - (late < 0 ? late + frameMs : late);
}
