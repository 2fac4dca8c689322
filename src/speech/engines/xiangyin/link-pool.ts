import type { Timer } from '../../../core/clock.js';
import { errorCode } from '../../../core/errors.js';
import type { Logger } from '../../../core/logger.js';
import { speechError } from '../../errors.js';
import { EngineLink, type EngineLinkOptions, type Hello } from './engine-link.js';

export interface LinkPoolOptions extends EngineLinkOptions {
  readonly maxConnections: number;
  readonly logger: Logger;
}

/** Who waits for a link. */
interface Waiting {
  readonly use: (link: EngineLink) => void;
  readonly fail: (error: Error) => void;
}

/** Streams that can begin without a handshake, kept free at all times where the engine allows. */
const spareStreams = 2;
const firstBackoffMs = 250;
/** An engine that is back is used again this long after at the latest. */
const maxBackoffMs = 3000;
/** No stream makes us dial sooner than this after the last time. */
const dialApartMs = 500;
/** A connection that lasted so long was sound: its loss is followed by a new one at once. */
const soundAfterMs = 5000;
/** How often is looked whether a connection is more than is needed. */
const idleMs = 30_000;

/**
 * Warm connections to one engine: as many as its streams need and one to spare, dialled before anybody waits for them.
 * When it is down whoever asks is told so at once.
 */
export class LinkPool {
  readonly #links = new Map<EngineLink, { readonly sinceMs: number; idle?: Timer }>();
  readonly #waiting = new Set<Waiting>();
  #hello: Hello | undefined;
  #redial: Timer | undefined;
  #backoffMs = 0;
  #lastDialMs = -Infinity;
  #lastError: Error | undefined;
  #down = false;
  #closed = false;

  constructor(private readonly o: LinkPoolOptions) {}

  /** The engine's latest; undefined until it answered once. */
  get hello(): Hello | undefined {
    return this.#hello;
  }

  get connections(): number {
    return this.#links.size;
  }

  /** Begins to connect. Safe to call twice. */
  start(): void {
    this.#keep();
  }

  /**
   * Gives a link with room for one stream, at once where there is one, so that `use` may be called before this returns; else
   * when one is there. `fail` is called later than this. Returns how to wait no more.
   */
  take(use: (link: EngineLink) => void, fail: (error: Error) => void): () => void {
    const link = this.#closed ? undefined : this.#best();
    if (link !== undefined) {
      use(link);
      this.#keep();
      return () => undefined;
    }
    const waiting = { use, fail };
    this.#waiting.add(waiting);
    if (this.#closed) this.#failLater(speechError('SPEECH_CLOSED', { engine: this.o.engine }));
    else this.#dialFor();
    return () => void this.#waiting.delete(waiting);
  }

  /** Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#redial?.cancel();
    const error = speechError('SPEECH_CLOSED', { engine: this.o.engine });
    for (const link of [...this.#links.keys()]) link.close(error);
    this.#failWaiting(error);
  }

  /** The fullest that has room: the others can end. */
  #best(): EngineLink | undefined {
    let best: EngineLink | undefined;
    for (const link of this.#links.keys()) {
      if (link.free > 0 && (best === undefined || link.free < best.free)) best = link;
    }
    return best;
  }

  /** Somebody waits: sees to it that there is something to wait for. */
  #dialFor(): void {
    if (this.#redial !== undefined && this.#connecting === 0 && this.#room === 0) {
      const error =
        this.#lastError ?? speechError('SPEECH_ENGINE_LOST', { engine: this.o.engine, reason: '' });
      if (this.o.clock.nowMs() - this.#lastDialMs < dialApartMs) return this.#failLater(error);
      // A breaker has let one through to try: the next may find the engine back.
      this.#redial.cancel();
      this.#redial = undefined;
      this.#dial();
      return this.#failLater(error);
    }
    this.#keep();
    if (this.#connecting === 0) {
      this.#failLater(
        speechError('SPEECH_ENGINE_BUSY', {
          engine: this.o.engine,
          reason: `all of its ${String(this.#links.size)} connections are full`,
        }),
      );
    }
  }

  get #connecting(): number {
    let count = 0;
    for (const link of this.#links.keys()) if (link.connecting) count += 1;
    return count;
  }

  /** Streams that can begin now. */
  get #room(): number {
    let free = 0;
    for (const link of this.#links.keys()) free += link.free;
    return free;
  }

  /** Dials what is missing. */
  #keep(): void {
    if (this.#closed || this.#redial !== undefined) return;
    const each = this.#hello?.maxStreams ?? 1;
    let missing = spareStreams + this.#waiting.size - this.#room - this.#connecting * each;
    // What a connection carries is known with the first.
    if (this.#hello === undefined) missing = this.#links.size === 0 ? 1 : 0;
    for (; missing > 0 && this.#links.size < this.o.maxConnections; missing -= each) this.#dial();
  }

  #dial(): void {
    const { clock } = this.o;
    this.#lastDialMs = clock.nowMs();
    const link = new EngineLink(this.o);
    this.#links.set(link, { sinceMs: this.#lastDialMs });
    link.on('ready', (hello) => this.#greeted(link, hello));
    link.on('freed', () => this.#freed());
    link.on('breach', (rule) =>
      this.o.logger.debug({ engine: this.o.engine, rule }, 'an engine broke its protocol'),
    );
    link.on('closed', (error) => this.#lost(link, error));
  }

  #greeted(link: EngineLink, hello: Hello): void {
    this.#hello = hello;
    this.#watchIdle(link);
    if (this.#down) this.o.logger.info({ engine: this.o.engine }, 'the speech engine is there again');
    this.#down = false;
    this.#serve();
    this.#keep();
  }

  #freed(): void {
    this.#serve();
    // One that wants no more streams is replaced before they come.
    this.#keep();
  }

  /** From time to time: a connection more than is needed ends. */
  #watchIdle(link: EngineLink): void {
    const entry = this.#links.get(link);
    if (entry === undefined) return;
    entry.idle = this.o.clock.after(idleMs, () => {
      if (link.streams === 0 && this.#room - link.free >= spareStreams) link.close();
      else this.#watchIdle(link);
    });
  }

  #serve(): void {
    for (const waiting of this.#waiting) {
      const link = this.#best();
      if (link === undefined) return;
      this.#waiting.delete(waiting);
      waiting.use(link);
    }
  }

  #lost(link: EngineLink, error: Error): void {
    const entry = this.#links.get(link);
    entry?.idle?.cancel();
    this.#links.delete(link);
    if (this.#closed) return;
    this.#lastError = error;
    const livedMs = this.o.clock.nowMs() - (entry?.sinceMs ?? 0);
    const wasSound = link.wentAway || (link.hello !== undefined && livedMs >= soundAfterMs);
    this.#backoffMs = wasSound ? 0 : Math.min(maxBackoffMs, Math.max(firstBackoffMs, this.#backoffMs * 2));
    if (this.#room === 0 && this.#connecting === 0) {
      if (!this.#down) {
        this.o.logger.warn({ engine: this.o.engine, code: errorCode(error) }, 'a speech engine is not there');
      }
      this.#down = true;
      this.#failWaiting(error);
    }
    if (this.#backoffMs === 0) return this.#keep();
    this.#redial ??= this.o.clock.after(this.#backoffMs, () => {
      this.#redial = undefined;
      this.#keep();
    });
  }

  /** Who has just asked has no listener yet. */
  #failLater(error: Error): void {
    const late = [...this.#waiting];
    queueMicrotask(() => {
      for (const waiting of late) if (this.#waiting.delete(waiting)) waiting.fail(error);
    });
  }

  #failWaiting(error: Error): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const one of waiting) one.fail(error);
  }
}
