import type { Clock, Timer } from '../../core/clock.js';
import type { Logger } from '../../core/logger.js';
import { OnceLogger } from '../../core/logger.js';
import { errorCode } from '../../core/errors.js';

/**
 * Called once per tick, in order. `tick` counts on the ticker's grid (a jump of more than one means skipped ticks),
 * `idealMs` is when it was due on the clock: `idealMs(tick + 1) - idealMs(tick)` is exactly the interval. `wakeMs` is when
 * the ticker woke, the same for all ticks that it catches up in one wake-up.
 */
export type TickListener = (tick: number, idealMs: number, wakeMs: number) => void;

export interface MediaTickerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default 20 ms: the frame of everything in the media server. */
  readonly intervalMs?: number;
  /** After a stall, missed ticks up to this much are run at once, older ones are skipped. Default 200 ms. */
  readonly maxCatchUpMs?: number;
}

/** What the ticker measured of itself since it was made. */
export interface TickerStats {
  /** Ticks run. */
  ticks: number;
  /** Ticks never run because a stall was too long. */
  skipped: number;
  /** Wake-ups later than 5 ms. */
  late: number;
  /** Lateness of the last wake-up and the worst one. */
  lastLatenessMs: number;
  maxLatenessMs: number;
}

/** setTimeout counts in whole milliseconds and rounds down: a wake-up this much too early is on time. */
const EARLY_TOLERANCE_MS = 1;

/**
 * One timer for all calls. Each wake-up is aimed from the grid laid when the ticker was made, never from the last
 * wake-up, so that the ticks of an hour are exactly an hour. It sleeps while nobody listens.
 */
export class MediaTicker {
  readonly intervalMs: number;
  /** The grid: tick n is due at `originMs + n * intervalMs`. */
  readonly originMs: number;
  /** When the tick that runs, or ran last, was due. */
  tickMs: number;
  readonly stats: TickerStats = { ticks: 0, skipped: 0, late: 0, lastLatenessMs: 0, maxLatenessMs: 0 };
  readonly #clock: Clock;
  readonly #failures: OnceLogger;
  readonly #maxCatchUpMs: number;
  readonly #listeners = new Set<TickListener>();
  /** The same, copied when it changes: a set that changes while it is walked may never end. */
  #round: readonly TickListener[] = [];
  #timer: Timer | undefined;
  #nextTick = 0;
  #running = false;
  #closed = false;

  constructor(options: MediaTickerOptions) {
    this.#clock = options.clock;
    this.#failures = new OnceLogger(options.logger);
    this.intervalMs = options.intervalMs ?? 20;
    this.#maxCatchUpMs = options.maxCatchUpMs ?? 200;
    this.originMs = options.clock.nowMs();
    this.tickMs = this.originMs;
  }

  /** The first call comes at the next tick of the grid. A listener added twice is called once. */
  add(listener: TickListener): void {
    if (this.#closed) return;
    this.#listeners.add(listener);
    this.#round = [...this.#listeners];
    if (this.#timer !== undefined || this.#running) return;
    this.#nextTick = Math.floor((this.#clock.nowMs() - this.originMs) / this.intervalMs) + 1;
    this.#aim();
  }

  /** Never calls `listener` again, not even in the tick that is running. */
  remove(listener: TickListener): void {
    if (!this.#listeners.delete(listener)) return;
    this.#round = [...this.#listeners];
    if (this.#listeners.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Calls nobody again; safe to call twice. */
  close(): void {
    this.#closed = true;
    this.#listeners.clear();
    this.#round = [];
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Until the next tick, from now; Infinity while nobody listens. */
  get dueInMs(): number {
    return this.#timer === undefined
      ? Infinity
      : this.originMs + this.#nextTick * this.intervalMs - this.#clock.nowMs();
  }

  /** Whether a timer is pending: for counts of what is left. */
  get active(): boolean {
    return this.#timer !== undefined;
  }

  #aim(): void {
    const dueMs = this.originMs + this.#nextTick * this.intervalMs;
    this.#timer = this.#clock.after(Math.max(0, dueMs - this.#clock.nowMs()), () => this.#wake());
  }

  #wake(): void {
    this.#timer = undefined;
    this.#running = true;
    const nowMs = this.#clock.nowMs();
    this.#measure(nowMs - (this.originMs + this.#nextTick * this.intervalMs));
    const dueTick = Math.floor((nowMs + EARLY_TOLERANCE_MS - this.originMs) / this.intervalMs);
    const oldest = dueTick - Math.floor(this.#maxCatchUpMs / this.intervalMs);
    if (this.#nextTick < oldest) {
      this.stats.skipped += oldest - this.#nextTick;
      this.#nextTick = oldest;
    }
    while (this.#nextTick <= dueTick) this.#run(this.#nextTick++, nowMs);
    this.#running = false;
    if (this.#listeners.size > 0) this.#aim();
  }

  /** Hot. */
  #run(tick: number, wakeMs: number): void {
    const idealMs = this.originMs + tick * this.intervalMs;
    this.tickMs = idealMs;
    this.stats.ticks++;
    for (const listener of this.#round) {
      if (!this.#listeners.has(listener)) continue;
      try {
        listener(tick, idealMs, wakeMs);
      } catch (error) {
        // One call's failure must not stop the others' sound.
        this.#failures.warn(errorCode(error), { code: errorCode(error), error }, 'media tick failed');
      }
    }
  }

  #measure(latenessMs: number): void {
    this.stats.lastLatenessMs = latenessMs;
    if (latenessMs > this.stats.maxLatenessMs) this.stats.maxLatenessMs = latenessMs;
    if (latenessMs > 5) this.stats.late++;
  }
}
