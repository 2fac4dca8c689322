import { Worker } from 'node:worker_threads';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import { TypedEmitter } from '../core/typed-emitter.js';
import type { DrachtioAddresses, DrachtioWorkerOptions } from './drachtio-worker.js';
import type { FreeSwitchSettings } from './freeswitch/freeswitch-settings.js';
import type { FreeSwitchAddresses } from './freeswitch-worker.js';
import { HostedWorker, type Synthesize } from './hosted-worker.js';
import { MediaWorkers, shareOut } from './media-workers.js';
import type { TraceAnswer } from './sip/call-trace.js';

export interface PairOptions {
  readonly drachtio: DrachtioWorkerOptions;
  readonly freeswitch: FreeSwitchSettings;
  /** How many threads the media server has, each under addresses of its own. Default 1. */
  readonly mediaWorkers?: number | undefined;
  readonly clock: Clock;
  /** Gets what the workers log. */
  readonly logger: Logger;
  readonly synthesize?: Synthesize | undefined;
}

export type Counts = Readonly<Record<string, number>>;

export type PairEvents = {
  /** The SIP server's worker ended without having been told to. Media workers that crash are replaced. */
  exit: [];
};

/**
 * Starts the SIP server and the media server, each in a worker thread. Rejects EMBEDDED_START_FAILED, whose message names
 * what is in the way (a port in use, say), and then nothing is left running.
 */
export async function startPair(options: PairOptions): Promise<Pair> {
  const { clock, logger } = options;
  const drachtio = new HostedWorker<DrachtioAddresses>(
    'SIP server',
    new Worker(new URL('./drachtio-worker.js', import.meta.url), { workerData: options.drachtio }),
    { clock, logger },
  );
  const settings = shareOut(options.freeswitch, options.mediaWorkers ?? 1);
  const starting = MediaWorkers.start(settings, { clock, logger, synthesize: options.synthesize });
  const [sip, media] = await Promise.allSettled([drachtio.listening, starting]);
  if (sip.status === 'fulfilled' && media.status === 'fulfilled')
    return new Pair(drachtio, media.value, sip.value);
  await Promise.all([drachtio.close(), media.status === 'fulfilled' ? media.value.close() : undefined]);
  throw sip.status === 'rejected' ? sip.reason : (media as PromiseRejectedResult).reason;
}

/** The running pair. Whoever started it closes it. */
export class Pair extends TypedEmitter<PairEvents> {
  constructor(
    private readonly drachtioWorker: HostedWorker<DrachtioAddresses>,
    private readonly mediaWorkers: MediaWorkers,
    /** Where the SIP server listens, for applications and for SIP. */
    readonly drachtio: DrachtioAddresses,
  ) {
    super();
    drachtioWorker.exited = () => this.emit('exit');
  }

  /** Where each media worker listens, for control and for SIP: the same for a worker's replacement. */
  get media(): readonly FreeSwitchAddresses[] {
    return this.mediaWorkers.addresses;
  }

  /** What calls hold or have left behind on both servers; nothing for one that has crashed. */
  async counts(): Promise<{ drachtio: Counts; freeswitch: Counts }> {
    const [drachtio, freeswitch] = await Promise.all([
      this.drachtioWorker.ask<Counts>({ about: 'counts' }).catch(() => ({})),
      this.mediaWorkers.counts(),
    ]);
    return { drachtio, freeswitch };
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
    await Promise.all([this.drachtioWorker.close(), this.mediaWorkers.close()]);
  }
}
