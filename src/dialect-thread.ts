import { Worker } from 'node:worker_threads';
import type { SpeechQuestion, Understood } from './call/understand.js';
import type { Understanding } from './call/understanding.js';
import type { Clock, Timer } from './core/clock.js';
import { errorCode } from './core/errors.js';
import type { Logger } from './core/logger.js';
import type { DialectEvidence } from './dialect/identify.js';
import type { TaughtSentence } from './dialect/taught-sentences.js';
import type { Dialplan } from './dialog/dialplan.js';
import type { DialectRequest, DialectWorkerData, FromDialectWorker } from './dialect-messages.js';

export interface DialectThreadOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly dir?: string;
}

/** A caller waits for it: what takes longer (the thread is learning) is understood by phrases alone, ms. */
const answerLimitMs = 1_000;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly timer: Timer | undefined;
}

/**
 * Understands what callers say in a thread of its own, which begins at the first dialplan that needs it: reading every word
 * and learning every intent takes seconds of a processor. Owned by the server.
 */
export class DialectThread implements Understanding {
  #worker: Worker | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #sequence = 0;
  /** What was asked for already, set and dialect. */
  readonly #prepared = new Set<string>();
  #taught: readonly TaughtSentence[] = [];
  #closed = false;
  /** A caller was understood by what was taught. */
  onTaught: ((id: string) => void) | undefined;

  constructor(private readonly options: DialectThreadOptions) {}

  /** Whether there is anything to ask. */
  get running(): boolean {
    return this.#worker !== undefined;
  }

  /**
   * Makes ready for what the callers of these dialplans may say freely; resolves when it is. Nothing is begun for dialplans
   * of one language that name no intents and ask for no values. Never rejects.
   */
  async prepare(dialplans: readonly Dialplan[]): Promise<void> {
    const needing = dialplans.filter(needsUnderstanding);
    if (needing.length === 0 || this.#closed) return;
    this.#start();
    for (const { intents, dialects } of needing) {
      const set = intents?.set;
      const fresh = dialects.filter((dialect) => !this.#prepared.has(`${set ?? ''} ${dialect}`));
      for (const dialect of fresh) this.#prepared.add(`${set ?? ''} ${dialect}`);
      if (fresh.length === 0) continue;
      await this.#ask({ type: 'prepare', sets: set === undefined ? [] : [set], dialects: fresh });
    }
  }

  /** What was taught, in place of what was taught before; from the next sentence on. */
  async teach(sentences: readonly TaughtSentence[]): Promise<void> {
    this.#taught = sentences;
    await this.#ask({ type: 'teach', sentences });
  }

  async identify(text: string): Promise<DialectEvidence | undefined> {
    return (await this.#ask({ type: 'identify', text }, answerLimitMs)) as DialectEvidence | undefined;
  }

  async understand(question: SpeechQuestion): Promise<Understood | undefined> {
    const todayMs = this.options.clock.wallMs();
    const request: DialectRequest = { type: 'understand', question, todayMs };
    return (await this.#ask(request, answerLimitMs)) as Understood | undefined;
  }

  /** Safe to call twice. */
  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    this.#over();
    await worker?.terminate();
  }

  #start(): void {
    if (this.#worker !== undefined) return;
    const { dir, logger } = this.options;
    const workerData: DialectWorkerData = dir === undefined ? {} : { dir };
    const worker = new Worker(new URL('./dialect-worker.js', import.meta.url), { workerData });
    this.#worker = worker;
    if (this.#taught.length > 0) void this.#ask({ type: 'teach', sentences: this.#taught });
    worker.on('message', (message: FromDialectWorker) => this.#told(message));
    worker.on('error', (error) => {
      logger.error(
        { code: errorCode(error) },
        'what understands callers has crashed: they answer by phrases and keys until the dialplans are reloaded',
      );
      if (this.#worker === worker) this.#over();
    });
  }

  #told(message: FromDialectWorker): void {
    if (message.type === 'problem') this.options.logger.warn({}, message.problem);
    if (message.type === 'taughtMatched') this.onTaught?.(message.id);
    if (message.type !== 'answer') return;
    const { sequence, value, failure } = message;
    if (failure !== undefined)
      this.options.logger.error({ code: failure }, 'a sentence could not be understood');
    const waiting = this.#waiting.get(sequence);
    this.#waiting.delete(sequence);
    waiting?.timer?.cancel();
    waiting?.resolve(value);
  }

  /** Resolves with nothing if the thread is not there, or too late. */
  #ask(request: DialectRequest, limitMs?: number): Promise<unknown> {
    const worker = this.#worker;
    if (worker === undefined) return Promise.resolve(undefined);
    const sequence = (this.#sequence += 1);
    return new Promise((resolve) => {
      const late = (): void => {
        this.#waiting.delete(sequence);
        resolve(undefined);
      };
      const timer = limitMs === undefined ? undefined : this.options.clock.after(limitMs, late);
      this.#waiting.set(sequence, { resolve, timer });
      worker.postMessage({ sequence, request });
    });
  }

  /** The thread is gone: nobody waits for it any more, and the next reload begins another. */
  #over(): void {
    this.#worker = undefined;
    this.#prepared.clear();
    for (const { resolve, timer } of this.#waiting.values()) {
      timer?.cancel();
      resolve(undefined);
    }
    this.#waiting.clear();
  }
}

/** Whether callers may say more to a dialplan than its phrases, or in more than one language. */
function needsUnderstanding({ dialects, intents, nodes }: Dialplan): boolean {
  const asks = Object.values(nodes).some(
    (node) =>
      node.type === 'ask' || ('choices' in node && node.choices.some(({ replies }) => replies.length > 0)),
  );
  return dialects.length > 1 || intents !== undefined || asks;
}
