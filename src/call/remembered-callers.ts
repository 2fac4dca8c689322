import type { Clock, Timer } from '../core/clock.js';
import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { RememberedDialect } from '../dialect/dialect-tracker.js';
import type { DialogCall } from '../dialog/dialog-state.js';
import { CallerKeys } from '../store/caller-keys.js';
import type { CallerMemory, CallerMemoryStore } from '../store/caller-memory.js';
import { confirmationsNow, memoryAfterCall, type LearntInCall } from './memory-after-call.js';

export interface RememberedCallersOptions {
  readonly enabled: boolean;
  readonly retentionDays: number;
  readonly halfLifeDays: number;
  readonly consent: 'notice' | 'given';
  readonly store: CallerMemoryStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What a call begins with: the dialect, and the speed at which the caller asked to be spoken to; null: he never did. */
export interface RememberedCaller extends RememberedDialect {
  readonly voiceSpeed: number | null;
}

/** How the dialog begins: in this dialect, and as the caller asked to be spoken to. */
export function beginning(
  dialect: string | undefined,
  remembered: RememberedCaller | undefined,
): Pick<DialogCall, 'dialect' | 'voiceSpeed'> {
  const voiceSpeed = remembered?.voiceSpeed ?? undefined;
  return { ...(dialect !== undefined && { dialect }), ...(voiceSpeed !== undefined && { voiceSpeed }) };
}

/** What is remembered of the caller of one call. */
export interface RecalledCaller {
  /** For the beginning of the call; undefined if there is nothing or it did not come in time. Never rejects. */
  readonly caller: Promise<RememberedCaller | undefined>;
  /** The call is over: keeps what it taught. Never throws. */
  learn(learnt: LearntInCall): void;
}

/** What takes longer than this since the INVITE is gone without, ms: usually it is there long before the media is. */
const recallLimitMs = 50;

const dayMs = 86_400_000;
const pruneEveryMs = 3_600_000;

/** Who called before, by the keyed hash of his number. A caller without a number is never remembered. */
export class RememberedCallers {
  readonly #learning = new Set<Promise<void>>();
  /** Erased while calls went on: what such a call learnt is not kept. Wall-clock times by key. */
  readonly #forgottenMs = new Map<string, number>();
  #timer: Timer | undefined;
  #closed = false;

  private constructor(
    private readonly keys: CallerKeys,
    private readonly options: RememberedCallersOptions,
  ) {
    this.#prune();
  }

  /** With the data folder's secret, which is made at the first use. Rejects STORE_CALLER_KEY_UNUSABLE. */
  static async open(dataDir: string, options: RememberedCallersOptions): Promise<RememberedCallers> {
    return new RememberedCallers(await CallerKeys.open(dataDir), options);
  }

  /** At an INVITE. Undefined for a caller who is not to be remembered. */
  recall(number: string): RecalledCaller | undefined {
    const { enabled, store, clock, logger } = this.options;
    const key = enabled ? this.keys.keyOf(number) : undefined;
    if (key === undefined) return undefined;
    const beganMs = clock.wallMs();
    const memory = store.recall(key, beganMs).catch((error: unknown) => {
      logger.warn({ code: errorCode(error) }, 'the memory of a caller cannot be read');
      return undefined;
    });
    const caller = inTime(clock, memory).then((known) => known && this.#remembered(known));
    return {
      caller,
      learn: (learnt) => {
        const kept = this.#learn(key, memory, learnt, beganMs).catch((error: unknown) =>
          logger.warn({ code: errorCode(error) }, 'what a call taught about its caller could not be kept'),
        );
        this.#learning.add(kept);
        void kept.then(() => this.#learning.delete(kept));
      },
    };
  }

  /** For an operator; undefined if nothing is remembered. */
  async show(number: string): Promise<CallerMemory | undefined> {
    const key = this.keys.keyOf(number);
    return key === undefined ? undefined : this.options.store.recall(key, this.options.clock.wallMs());
  }

  /** For an operator: when somebody at this number first asked not to be called any more, wall clock; undefined: never. */
  async stoppedSinceMs(number: string): Promise<number | undefined> {
    const key = this.keys.keyOf(number);
    return key === undefined ? undefined : this.options.store.stoppedSince(key);
  }

  /** Erases what is remembered, and what calls that go on would leave. Resolves with whether there was something. */
  async forget(number: string): Promise<boolean> {
    const key = this.keys.keyOf(number);
    if (key === undefined) return false;
    this.#forgottenMs.set(key, this.options.clock.wallMs());
    // What is on its way to the store would come after.
    await Promise.all(this.#learning);
    return this.options.store.forget(key);
  }

  /** Somebody at this number asked not to be called any more; kept whether or not callers are remembered. Never throws. */
  stopCalling(number: string): void {
    const { store, clock, logger } = this.options;
    const key = this.keys.keyOf(number);
    if (key === undefined) return;
    const kept = store
      .stopCalling(key, clock.wallMs())
      .catch((error: unknown) =>
        logger.error({ code: errorCode(error) }, 'that a caller wants no more calls could not be kept'),
      );
    this.#learning.add(kept);
    void kept.then(() => this.#learning.delete(kept));
  }

  /** For whoever places calls: since when (wall-clock ms) the number wants none; undefined: it may be called. */
  async stoppedSince(number: string): Promise<number | undefined> {
    const key = this.keys.keyOf(number);
    return key === undefined ? undefined : this.options.store.stoppedSince(key);
  }

  /** Waits for what calls that are over have left. Safe to call twice. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await Promise.all(this.#learning);
  }

  async #learn(
    key: string,
    recalled: Promise<CallerMemory | undefined>,
    learnt: LearntInCall,
    beganMs: number,
  ): Promise<void> {
    const { store, clock, retentionDays, halfLifeDays, consent } = this.options;
    const forgottenMs = this.#forgottenMs.get(key);
    const before = await recalled;
    if (forgottenMs !== undefined && forgottenMs >= beganMs) return;
    const policy = { retentionMs: retentionDays * dayMs, halfLifeMs: halfLifeDays * dayMs, consent };
    const memory = memoryAfterCall(before, learnt, policy, clock.wallMs());
    if (memory !== undefined) await store.remember(key, memory);
    else if (before !== undefined) await store.forget(key);
  }

  #remembered(memory: CallerMemory): RememberedCaller {
    const { clock, halfLifeDays } = this.options;
    const confirmations = confirmationsNow(memory, clock.wallMs(), halfLifeDays * dayMs);
    // Aged already, by the operator's own half-life.
    return { dialect: memory.dialect, confirmations, ageDays: 0, voiceSpeed: memory.voiceSpeed };
  }

  #prune(): void {
    const { store, clock, logger, retentionDays } = this.options;
    const nowMs = clock.wallMs();
    for (const [key, atMs] of this.#forgottenMs) if (atMs < nowMs - dayMs) this.#forgottenMs.delete(key);
    store.prune(nowMs, nowMs - retentionDays * dayMs).catch((error: unknown) => {
      if (!this.#closed) logger.warn({ code: errorCode(error) }, 'memories of callers could not be pruned');
    });
    this.#timer = clock.after(pruneEveryMs, () => this.#prune());
  }
}

/** Undefined for what comes too late. `promise` never rejects. */
function inTime<T>(clock: Clock, promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const timer = clock.after(recallLimitMs, () => resolve(undefined));
    void promise.then((value) => {
      timer.cancel();
      resolve(value);
    });
  });
}
