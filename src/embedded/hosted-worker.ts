import type { Worker } from 'node:worker_threads';
import type { Clock } from '../core/clock.js';
import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { pairError } from './errors.js';
import type { CallQuality } from './freeswitch/media-statistics.js';
import type { FromWorker, Question, ToWorker } from './worker-messages.js';
import type { ExchangeNews, ExchangeRequest } from './worker-peers.js';

/** A worker that does not close by itself is terminated after this. */
const CLOSE_LIMIT_MS = 3000;

/** Text to 8 kHz mono, for `say` and `speak` of the media server; called in the main thread. */
export type Synthesize = (text: string, voice: string | undefined) => Promise<Int16Array>;

export interface HostedWorkerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly synthesize?: Synthesize | undefined;
  /** Told of each call of a media server at its end; without it none is counted. */
  readonly measured?: ((quality: CallQuality) => void) | undefined;
}

/** The main thread's side of one worker. */
export class HostedWorker<Addresses> {
  readonly listening: Promise<Addresses>;
  /** Called when the thread ends by itself after it had started. */
  exited: () => void = () => undefined;
  /** A media worker has something for the others. */
  exchange: (request: ExchangeRequest) => void = () => undefined;
  readonly #gone: Promise<void>;
  readonly #questions = new Map<number, (answer: unknown) => void>();
  #nextQuestion = 0;
  #isClosing = false;
  #isGone = false;

  constructor(
    private readonly name: string,
    private readonly worker: Worker,
    private readonly options: HostedWorkerOptions,
  ) {
    let resolve: (addresses: Addresses) => void = () => undefined;
    let reject: (error: Error) => void = () => undefined;
    this.listening = new Promise((ok, failed) => {
      resolve = ok;
      reject = failed;
    });
    worker.on('message', (message: FromWorker<Addresses>) => {
      if (message.kind === 'listening') resolve(message.addresses);
      else if (message.kind === 'failed') {
        reject(
          pairError('EMBEDDED_START_FAILED', { server: name, reason: message.reason, code: message.code }),
        );
      } else this.#message(message);
    });
    worker.on('error', (error) => {
      options.logger.error({ code: errorCode(error), error }, `the embedded ${name} failed`);
      reject(pairError('EMBEDDED_START_FAILED', { server: name, reason: error.message }, error));
    });
    this.#gone = new Promise((gone) => {
      worker.on('exit', () => {
        this.#isGone = true;
        reject(pairError('EMBEDDED_GONE', { server: name }));
        for (const answer of this.#questions.values()) answer(undefined);
        this.#questions.clear();
        gone();
        if (!this.#isClosing) this.exited();
      });
    });
  }

  /** Rejects EMBEDDED_GONE when the worker has ended. */
  async ask<Answer>(question: Question): Promise<Answer> {
    if (this.#isGone) throw pairError('EMBEDDED_GONE', { server: this.name });
    const id = this.#nextQuestion++;
    const answer = await new Promise<unknown>((resolve) => {
      this.#questions.set(id, resolve);
      this.#post({ kind: 'ask', id, question });
    });
    if (answer === undefined) throw pairError('EMBEDDED_GONE', { server: this.name });
    return answer as Answer;
  }

  /** Something of the other media workers, for this one. */
  tell(news: ExchangeNews): void {
    this.#post({ kind: 'exchange', news });
  }

  async close(): Promise<void> {
    if (!this.#isClosing && !this.#isGone) {
      this.#isClosing = true;
      this.#post({ kind: 'close' });
    }
    const limit = this.options.clock.after(CLOSE_LIMIT_MS, () => void this.worker.terminate());
    await this.#gone;
    limit.cancel();
  }

  #post(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    this.worker.postMessage(message, transfer);
  }

  #message(message: FromWorker<Addresses>): void {
    switch (message.kind) {
      case 'log':
        this.options.logger[message.level](message.fields, message.message);
        return;
      case 'answer':
        this.#questions.get(message.id)?.(message.value);
        this.#questions.delete(message.id);
        return;
      case 'exchange':
        this.exchange(message.request);
        return;
      case 'measured':
        this.options.measured?.(message.quality);
        return;
      case 'speak':
        this.#speak(message.id, message.text, message.voice);
        return;
      case 'closed':
        // The port is closed: a handle that should have been freed would keep the thread alive.
        void this.worker.terminate();
        return;
      case 'listening':
      case 'failed':
        return;
    }
  }

  #speak(id: number, text: string, voice: string | undefined): void {
    const { synthesize, logger } = this.options;
    const failed = (error: unknown): void => {
      logger.warn({ code: errorCode(error) }, 'a text could not be spoken');
      this.#post({ kind: 'spoken', id, samples: undefined });
    };
    if (synthesize === undefined) {
      failed(new Error('no synthesizer'));
      return;
    }
    // A copy: the engine may keep what it returned in a cache, and a transferred array is empty afterwards.
    synthesize(text, voice).then(
      (samples) => this.#post({ kind: 'spoken', id, samples: samples.slice() }),
      failed,
    );
  }
}
