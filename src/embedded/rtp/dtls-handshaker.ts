import { Worker } from 'node:worker_threads';
import { errorCode } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import { makeDtlsCertificate, type DtlsCertificate } from './dtls-certificate.js';
import type { DtlsResult, DtlsWorkerData, FromDtlsWorker, ToDtlsWorker } from './dtls-messages.js';

export interface DtlsHandshakeListener {
  /** To be sent to the other side as it is. */
  datagram(bytes: Uint8Array): void;
  done(result: DtlsResult): void;
  failed(reason: string): void;
}

/** One handshake; stays open after it is done, to repeat its last flight when that was lost. */
export interface DtlsHandshake {
  take(bytes: Uint8Array): void;
  close(): void;
}

/** All handshakes of a server: one certificate, and one thread that is started when the first is needed. */
export class DtlsHandshaker {
  readonly #logger: Logger;
  readonly #wallMs: number;
  readonly #listeners = new Map<number, DtlsHandshakeListener>();
  #certificate: DtlsCertificate | undefined;
  #worker: Worker | undefined;
  #nextId = 0;
  #closed = false;

  constructor(logger: Logger, wallMs: number) {
    this.#logger = logger;
    this.#wallMs = wallMs;
  }

  /** The fingerprint of our certificate, for SDP. Starts the thread: a handshake will follow. */
  prepare(): string {
    if (!this.#closed) this.#worker ??= this.#startWorker();
    return this.#identity().fingerprint;
  }

  /** Handshakes that are not closed. */
  get open(): number {
    return this.#listeners.size;
  }

  /** `isActive`: we send the first message. */
  start(isActive: boolean, listener: DtlsHandshakeListener): DtlsHandshake {
    const id = this.#nextId++;
    this.#listeners.set(id, listener);
    this.#tell({ kind: 'open', id, isActive });
    return {
      take: (bytes) => this.#tell({ kind: 'datagram', id, bytes }),
      close: () => {
        if (this.#listeners.delete(id)) this.#tell({ kind: 'close', id });
      },
    };
  }

  /** Ends the thread; safe to call twice. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#listeners.clear();
    await this.#worker?.terminate();
  }

  #tell(message: ToDtlsWorker): void {
    if (this.#closed) return;
    (this.#worker ??= this.#startWorker()).postMessage(message);
  }

  #startWorker(): Worker {
    const { certificatePem, keyPem } = this.#identity();
    const workerData: DtlsWorkerData = { certificatePem, keyPem };
    const worker = new Worker(new URL('./dtls-worker.js', import.meta.url), { workerData });
    // It must not keep the process alive.
    worker.unref();
    worker.on('message', (message: FromDtlsWorker) => {
      const listener = this.#listeners.get(message.id);
      if (message.kind === 'datagram') listener?.datagram(message.bytes);
      else if (message.kind === 'done') listener?.done(message.result);
      else listener?.failed(message.reason);
    });
    worker.on('error', (error) =>
      this.#logger.error({ code: errorCode(error), error }, 'the DTLS thread failed'),
    );
    worker.on('exit', () => {
      if (this.#worker !== worker) return;
      // The next handshake starts another; keys that were made stay good.
      this.#worker = undefined;
      for (const listener of this.#listeners.values()) listener.failed('the DTLS thread ended');
      this.#listeners.clear();
    });
    return worker;
  }

  #identity(): DtlsCertificate {
    return (this.#certificate ??= makeDtlsCertificate(this.#wallMs));
  }
}
