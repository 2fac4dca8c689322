import { Worker } from 'node:worker_threads';
import type { Clock } from '../core/clock.js';
import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { TypedEmitter } from '../core/typed-emitter.js';
import type { DrachtioAddresses, DrachtioWorkerOptions } from './drachtio-worker.js';
import { pairError } from './errors.js';
import type {
  FreeSwitchAddresses,
  FreeSwitchWorkerData,
  FreeSwitchWorkerOptions,
} from './freeswitch-worker.js';
import type { TraceAnswer } from './sip/call-trace.js';
import type { FromWorker, Question, ToWorker } from './worker-messages.js';

export interface PairOptions {
  readonly drachtio: DrachtioWorkerOptions;
  readonly freeswitch: FreeSwitchWorkerOptions;
  readonly clock: Clock;
  /** Gets what the workers log. */
  readonly logger: Logger;
  /** Text to 8 kHz mono, for `say` and `speak` of the media server; called in this thread. */
  readonly synthesize?: ((text: string, voice: string | undefined) => Promise<Int16Array>) | undefined;
}

export type Counts = Readonly<Record<string, number>>;

export type PairEvents = {
  /** A worker ended without having been told to; the other one goes on. */
  exit: [server: 'drachtio' | 'freeswitch'];
};

/** A worker that does not close by itself is terminated after this. */
const CLOSE_LIMIT_MS = 3000;

/**
 * Starts the SIP server and the media server, each in a worker thread. Rejects EMBEDDED_START_FAILED, whose message names
 * what is in the way (a port in use, say), and then nothing is left running.
 */
export async function startPair(options: PairOptions): Promise<Pair> {
  const { clock, logger } = options;
  const freeswitchData: FreeSwitchWorkerData = {
    ...options.freeswitch,
    canSpeak: options.synthesize !== undefined,
  };
  const drachtio = new HostedWorker<DrachtioAddresses>(
    'SIP server',
    new Worker(new URL('./drachtio-worker.js', import.meta.url), { workerData: options.drachtio }),
    { clock, logger },
  );
  const freeswitch = new HostedWorker<FreeSwitchAddresses>(
    'media server',
    new Worker(new URL('./freeswitch-worker.js', import.meta.url), { workerData: freeswitchData }),
    { clock, logger, synthesize: options.synthesize },
  );
  const results = await Promise.allSettled([drachtio.listening, freeswitch.listening]);
  const [sip, media] = results;
  if (sip.status === 'fulfilled' && media.status === 'fulfilled') {
    return new Pair(drachtio, freeswitch, sip.value, media.value);
  }
  await Promise.all([drachtio.close(), freeswitch.close()]);
  throw sip.status === 'rejected' ? sip.reason : (media as PromiseRejectedResult).reason;
}

/** The running pair. Whoever started it closes it. */
export class Pair extends TypedEmitter<PairEvents> {
  constructor(
    private readonly drachtioWorker: HostedWorker<DrachtioAddresses>,
    private readonly freeswitchWorker: HostedWorker<FreeSwitchAddresses>,
    /** Where the SIP server listens, for applications and for SIP. */
    readonly drachtio: DrachtioAddresses,
    /** Where the media server listens, for control and for SIP. */
    readonly freeswitch: FreeSwitchAddresses,
  ) {
    super();
    drachtioWorker.exited = () => this.emit('exit', 'drachtio');
    freeswitchWorker.exited = () => this.emit('exit', 'freeswitch');
  }

  /** What calls hold or have left behind on both servers; nothing for one that has crashed. */
  async counts(): Promise<{ drachtio: Counts; freeswitch: Counts }> {
    const [drachtio, freeswitch] = await Promise.all(
      [this.drachtioWorker, this.freeswitchWorker].map((worker) =>
        worker.ask<Counts>({ about: 'counts' }).catch(() => ({})),
      ),
    );
    return { drachtio: drachtio ?? {}, freeswitch: freeswitch ?? {} };
  }

  /** The SIP server's figures in Prometheus' text format. Rejects EMBEDDED_GONE when it has crashed. */
  sipMetrics(): Promise<string> {
    return this.drachtioWorker.ask<string>({ about: 'metrics' });
  }

  /** The SIP messages of a call, by Call-ID or a beginning of it. Rejects EMBEDDED_GONE. */
  sipTrace(key: string): Promise<TraceAnswer> {
    return this.drachtioWorker.ask<TraceAnswer>({ about: 'trace', key });
  }

  /** Ends both servers and their threads; safe to call twice. */
  async close(): Promise<void> {
    await Promise.all([this.drachtioWorker.close(), this.freeswitchWorker.close()]);
  }
}

interface HostedWorkerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly synthesize?: PairOptions['synthesize'];
}

/** The main thread's side of one worker. */
class HostedWorker<Addresses> {
  readonly listening: Promise<Addresses>;
  /** Called when the thread ends by itself after it had started. */
  exited: () => void = () => undefined;
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
