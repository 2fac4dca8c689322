import { Worker } from 'node:worker_threads';
import type { HostPort } from '../core/address.js';
import type { Timer } from '../core/clock.js';
import { errorCode } from '../core/errors.js';
import { StateMachine, type TransitionTable } from '../core/state-machine.js';
import type { FreeSwitchSettings } from './freeswitch/freeswitch-settings.js';
import type { FreeSwitchAddresses, FreeSwitchWorkerData } from './freeswitch-worker.js';
import { HostedWorker, type HostedWorkerOptions } from './hosted-worker.js';
import { MediaExchange } from './media-exchange.js';

type Counts = Readonly<Record<string, number>>;

/** A crashed worker is replaced after this; twice as long each time it cannot start, or crashes before it ran for a minute. */
const REPLACE_MS = 100;
const REPLACE_MAX_MS = 5000;
const STEADY_MS = 60_000;

/**
 * The media server's worker threads, each a media server of its own. One that crashes takes its calls with it and is
 * replaced under the same addresses, where its clients find the new one by themselves.
 */
export class MediaWorkers {
  private readonly seats: readonly Seat[];

  private constructor(settings: readonly FreeSwitchSettings[], options: HostedWorkerOptions) {
    const exchange = new MediaExchange();
    this.seats = settings.map(
      (setting, index) => new Seat(index, settings.length, exchange, setting, options),
    );
  }

  /** Rejects EMBEDDED_START_FAILED when one of them cannot start; then none is left running. */
  static async start(
    settings: readonly FreeSwitchSettings[],
    options: HostedWorkerOptions,
  ): Promise<MediaWorkers> {
    const workers = new MediaWorkers(settings, options);
    const results = await Promise.allSettled(workers.seats.map((seat) => seat.start()));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed === undefined) return workers;
    await workers.close();
    throw failed.reason;
  }

  get addresses(): readonly FreeSwitchAddresses[] {
    return this.seats.map((seat) => seat.addresses);
  }

  /** Of all workers together; one that is being replaced holds nothing. */
  async counts(): Promise<Counts> {
    const sum: Record<string, number> = {};
    for (const counts of await Promise.all(this.seats.map((seat) => seat.counts()))) {
      for (const [kind, count] of Object.entries(counts)) sum[kind] = (sum[kind] ?? 0) + count;
    }
    return sum;
  }

  /** Safe to call twice. */
  async close(): Promise<void> {
    await Promise.all(this.seats.map((seat) => seat.close()));
  }
}

type SeatState = 'starting' | 'running' | 'waiting' | 'closed';

const moves: TransitionTable<SeatState> = {
  starting: ['running', 'waiting', 'closed'],
  running: ['waiting', 'closed'],
  waiting: ['starting', 'closed'],
  closed: [],
};

/** The place of one worker, whichever thread sits there. */
class Seat {
  readonly #machine = new StateMachine<SeatState>(moves, 'starting', () => undefined);
  private worker: HostedWorker<FreeSwitchAddresses> | undefined;
  #addresses: FreeSwitchAddresses | undefined;
  #replaceMs = REPLACE_MS;
  #timer: Timer | undefined;

  constructor(
    private readonly index: number,
    private readonly workers: number,
    private readonly exchange: MediaExchange,
    private readonly settings: FreeSwitchSettings,
    private readonly options: HostedWorkerOptions,
  ) {}

  get addresses(): FreeSwitchAddresses {
    if (this.#addresses === undefined)
      throw new TypeError('a media worker that never started has no address');
    return this.#addresses;
  }

  async start(): Promise<void> {
    const workerData: FreeSwitchWorkerData = {
      ...(this.#addresses === undefined ? this.settings : pinned(this.settings, this.#addresses)),
      canSpeak: this.options.synthesize !== undefined,
      isMeasured: this.options.measured !== undefined,
      index: this.index,
      workers: this.workers,
    };
    const thread = new Worker(new URL('./freeswitch-worker.js', import.meta.url), { workerData });
    const worker = new HostedWorker<FreeSwitchAddresses>('media server', thread, this.options);
    this.worker = worker;
    worker.exchange = (request) => this.exchange.request(this.index, request);
    const addresses = await worker.listening;
    // Closed meanwhile: close() ends the worker.
    if (!this.#machine.move('running')) return;
    this.#addresses = addresses;
    this.exchange.joined(this.index, (news) => worker.tell(news));
    const { clock, logger } = this.options;
    const startedMs = clock.nowMs();
    worker.exited = () => {
      this.exchange.left(this.index);
      if (!this.#machine.move('waiting')) return;
      if (clock.nowMs() - startedMs >= STEADY_MS) this.#replaceMs = REPLACE_MS;
      logger.error(
        { worker: this.index },
        'a media worker has crashed: its calls are over; it is being replaced',
      );
      this.#replace();
    };
  }

  async counts(): Promise<Counts> {
    return (await this.worker?.ask<Counts>({ about: 'counts' }).catch(() => ({}))) ?? {};
  }

  async close(): Promise<void> {
    this.#machine.move('closed');
    this.#timer?.cancel();
    await this.worker?.close();
  }

  #replace(): void {
    const { clock, logger } = this.options;
    const delayMs = this.#replaceMs;
    this.#replaceMs = Math.min(REPLACE_MAX_MS, 2 * delayMs);
    this.#timer = clock.after(delayMs, () => {
      if (!this.#machine.move('starting')) return;
      this.start().catch((error: unknown) => {
        if (!this.#machine.move('waiting')) return; // closed meanwhile
        logger.error(
          { code: errorCode(error) },
          'a crashed media server could not be replaced; trying again',
        );
        this.#replace();
      });
    });
  }
}

/** The same settings, with the ports that the system chose the first time. */
function pinned(settings: FreeSwitchSettings, addresses: FreeSwitchAddresses): FreeSwitchSettings {
  return {
    ...settings,
    eventSocket: addresses.eventSocketAddress,
    sip: settings.sip.replace(/:0(?=,|$)/g, `:${addresses.sipAddress.port}`),
  };
}

/**
 * What each worker is to be set to: the ports that are given and those after them, its share of the RTP ports. There are
 * `count` of them, or fewer: a worker without a pair of ports would refuse every call that it gets.
 */
export function shareOut(settings: FreeSwitchSettings, count: number): readonly FreeSwitchSettings[] {
  const { min, max } = settings.rtpPorts;
  // RTP and RTCP take an even port and the next one (RFC 3550 §11).
  const first = min + (min % 2);
  const pairs = Math.floor((max - first + 1) / 2);
  const workers = max === 0 ? count : Math.max(1, Math.min(count, pairs));
  const share = Math.floor(pairs / workers) * 2;
  return Array.from({ length: workers }, (_, index) => ({
    ...settings,
    eventSocket: further(settings.eventSocket, index),
    sip: settings.sip.replace(
      /:(\d+)(?=,|$)/g,
      (_all, port: string) => `:${further({ port: Number(port) }, index).port}`,
    ),
    rtpPorts:
      max === 0
        ? { min, max }
        : { min: first + index * share, max: index === workers - 1 ? max : first + (index + 1) * share - 1 },
  }));
}

/** 0 takes a free port anyway. */
function further<Address extends { readonly port: HostPort['port'] }>(
  address: Address,
  nth: number,
): Address {
  return address.port === 0 ? address : { ...address, port: address.port + nth };
}
