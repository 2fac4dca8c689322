import { AudioStreamServer } from './audio-stream/audio-stream-server.js';
import { DialplanLibrary, type LoadReport } from './call/dialplan-library.js';
import { DiskThread } from './call/disk-thread.js';
import type { CallOptions } from './call/call-options.js';
import type { CallPorts } from './call/call-session.js';
import { Inbound } from './call/inbound.js';
import { LiveCalls } from './call/live-calls.js';
import { Outbound } from './call/outbound.js';
import { Readiness } from './call/readiness.js';
import { RememberedCallers } from './call/remembered-callers.js';
import { Standby } from './call/standby.js';
import type { Config } from './config/schema.js';
import type { HostPort } from './core/address.js';
import { Channel } from './core/channel.js';
import type { Clock } from './core/clock.js';
import { errorCode } from './core/errors.js';
import type { Logger } from './core/logger.js';
import { makeFolder } from './core/make-folder.js';
import { TypedEmitter } from './core/typed-emitter.js';
import { localAudioSocket, startDaemons, type Daemons } from './daemons.js';
import { DialectThread } from './dialect-thread.js';
import { httpError } from './http/errors.js';
import { createHttpServer, type HttpServer } from './http/http-server.js';
import type { PlacedCall, PlaceOrder, ReloadReport } from './http/control-routes.js';
import { healthReport, type DaemonHealth, type HealthReport } from './http/health.js';
import { Metrics } from './http/metrics.js';
import { PromptFiles } from './http/prompt-files.js';
import type { SipTraceAnswer } from './http/sip-trace.js';
import { readTurnPacks } from './turn-packs.js';
import { watchCalls } from './watch-calls.js';
import { hostPort, mediaServersOf } from './media-daemons.js';
import { MediaPool } from './media/media-pool.js';
import { PromptSounds } from './prompt-sounds.js';
import { openSignalling, type Signalling } from './signalling.js';
import { TaughtInHouse } from './teaching.js';
import type { Dialer } from './sip/dialer.js';
import type { SipAgent } from './sip/sip-agent.js';
import { openSpeech, type Speech } from './speech-engines.js';
import { createSqliteStore } from './store/sqlite/sqlite-store.js';
import type { CallStore } from './store/call-store.js';
import { databaseFile } from './store/data-folder.js';
import { BoundedRefusals } from './store/refused-calls.js';

export interface ServerOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly version: string;
  /** Instead of the embedded engines; closed by the server. */
  readonly speech?: Speech;
}

/** What is still held, by kind: all zero when no call is up, but for what the server itself holds. */
export type Counts = Readonly<Record<string, number>>;

/** The house: builds each room bottom-up, hands it its options, closes in reverse. */
export class Server {
  readonly #closers: (() => Promise<void> | void)[] = [];
  readonly #live = new LiveCalls();
  readonly #agents: SipAgent[] = [];
  readonly #pools: MediaPool[] = [];
  readonly #standbys: Standby[] = [];
  #draining = false;
  #closing: Promise<void> | undefined;
  #store: CallStore | undefined;
  #callers: RememberedCallers | undefined;
  #disk: DiskThread | undefined;
  readonly #understanding: DialectThread;
  #readiness: Readiness | undefined;
  #taught: TaughtInHouse | undefined;
  #speech: Speech | undefined;
  #library: DialplanLibrary | undefined;
  readonly #sounds: PromptSounds;
  #audio: AudioStreamServer | undefined;
  #outbound: Outbound | undefined;
  #http: HttpServer | undefined;
  #daemons: Daemons | undefined;
  #signalling: Signalling | undefined;
  readonly #prompts: PromptFiles;
  readonly #startedAtMs: number;

  private constructor(private readonly options: ServerOptions) {
    const { logger } = options;
    TypedEmitter.listenerError = (event, error) =>
      logger.error({ event, code: errorCode(error), error }, 'a listener failed');
    Channel.subscriberError = (stream, error) =>
      logger.error({ stream, code: errorCode(error), error }, 'a subscriber failed');
    const { advertise } = options.config.http;
    this.#prompts = new PromptFiles(advertise === undefined ? {} : { advertise });
    this.#sounds = new PromptSounds({
      dir: options.config.audioPrompts,
      urlOf:
        options.config.mediaServer.promptDelivery === 'path'
          ? undefined
          : (path) => this.#prompts.urlFor(path),
    });
    this.#startedAtMs = options.clock.wallMs();
    this.#understanding = this.#own(new DialectThread(options), () => this.#understanding.close());
  }

  /** Starts everything, or closes what had started and rejects with the first failure. */
  static async start(options: ServerOptions): Promise<Server> {
    const server = new Server(options);
    try {
      await server.#start();
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  /** What to dial: `udp/127.0.0.1:5060`, ... */
  get sipAddresses(): readonly string[] {
    return this.#agents.flatMap((agent) => agent.sipAddresses);
  }

  get httpAddress(): HostPort {
    if (this.#http === undefined) throw new TypeError('the HTTP listener is not there yet');
    return this.#http.address;
  }

  get dialplans(): readonly string[] {
    return this.#library?.dialplans.map((dialplan) => dialplan.name) ?? [];
  }

  /** Resolves when the prompts and phrases of all dialplans are made; calls are taken before that too. */
  get ready(): Promise<void> {
    return this.#readiness?.ready ?? Promise.resolve();
  }

  /** Takes no new calls from now on; or again, unless it is being closed. */
  drain(isDraining = true): void {
    this.#draining = isDraining || this.#closing !== undefined;
  }

  /** Lets live calls finish for at most `calls.drainMs`, then closes in reverse order. Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async counts(): Promise<Counts> {
    const resources: Record<string, number> = {};
    for (const type of process.getActiveResourcesInfo()) resources[type] = (resources[type] ?? 0) + 1;
    const pair = await this.#daemons?.pair?.counts();
    return {
      calls: this.#live.size,
      endpoints: this.#pools.reduce((sum, pool) => sum + pool.endpoints, 0),
      // Of those, made ahead of calls.
      standby: this.#standbys.reduce((sum, { size }) => sum + size, 0),
      audioSockets: this.#audio?.openSockets ?? 0,
      // Sentences and sets of phrases that are still to be made ready.
      preparing: this.#readiness?.left ?? 0,
      timers: resources['Timeout'] ?? 0,
      sockets: (resources['TCPSocketWrap'] ?? 0) + (resources['UDPWrap'] ?? 0),
      ...flatten('drachtio', pair?.drachtio),
      ...flatten('freeswitch', pair?.freeswitch),
    };
  }

  async #start(): Promise<void> {
    const { config, clock, logger } = this.options;
    await makeFolder(config.dataDir, 0o750);
    const { refusedMs, maxRefused, refusedPerSecond } = config.retention;
    const kept = await createSqliteStore({ file: databaseFile(config.dataDir) });
    const store = new BoundedRefusals(kept, {
      maxAgeMs: refusedMs,
      maxCount: maxRefused,
      perSecond: refusedPerSecond,
      clock,
      logger,
    });
    this.#store = this.#own(store, () => store.close());
    const disk = new DiskThread(config.dataDir, clock);
    this.#disk = this.#own(disk, () => disk.close());
    const remembering = { ...config.callerMemory, store: kept.callers, clock, logger };
    const callers = await RememberedCallers.open(config.dataDir, remembering);
    this.#callers = this.#own(callers, () => callers.close());
    const library = new DialplanLibrary({
      dialplanDir: config.dialplans.dir,
      numbersFile: config.numbers,
      audioPromptsDir: config.audioPrompts,
      clock,
      logger,
    });
    this.#library = this.#own(library, () => library.close());
    await this.#sounds.load();
    for (const problem of (await library.loadOrFail()).problems) logger.warn({}, problem);
    const { dataDir } = config;
    const speech =
      this.options.speech ?? (await openSpeech({ dataDir, speech: config.speech, clock, logger }));
    this.#speech = this.#own(speech, () => speech.close());
    this.#sounds.use(speech);
    const pupils = { sentences: this.#understanding, sounds: speech.phrasebook };
    const teaching = { calls: store, taught: kept.taught, dataDir, library, ...pupils, clock, logger };
    this.#taught = this.#own(await TaughtInHouse.open(teaching), () => this.#taught?.close());
    this.#outbound = new Outbound(library, this.#live, store, {
      ...this.#callOptions(),
      maxConcurrent: config.calls.maxConcurrent,
      draining: () => this.#draining,
      callers,
    });
    await this.#listen();
    const daemons = await startDaemons(config, clock, logger);
    this.#daemons = this.#own(daemons, () => daemons.pair?.close());
    daemons.pair?.on('exit', () =>
      logger.error(
        {},
        'the embedded SIP server has crashed: its calls are over, new ones cannot come; restart us',
      ),
    );
    await this.#connect(daemons);
    if (config.dialplans.watch) library.watch((report) => this.#saved(report));
    this.#prepare();
  }

  /** Keeps how to close what was just made. */
  #own<T>(thing: T, close: () => Promise<void> | void): T {
    this.#closers.push(close);
    return thing;
  }

  async #listen(): Promise<void> {
    const { config, clock, logger, version } = this.options;
    const { advertise } = config.audioStream;
    const audio = await AudioStreamServer.listen({
      listen: hostPort('audioStream.listen', config.audioStream.listen),
      advertise,
      localSocket: localAudioSocket(config),
      clock,
      logger,
    });
    this.#audio = this.#own(audio, () => audio.close());
    const metrics = new Metrics({
      liveCalls: () => this.#live.size,
      registrations: () => this.#signalling?.registrations().length ?? 0,
      more: () => this.#daemons?.pair?.sipMetrics() ?? Promise.resolve(''),
    });
    const unwatch = watchCalls(metrics);
    this.#own(unwatch, unwatch);
    const http = await createHttpServer({
      listen: hostPort('http.listen', config.http.listen),
      dataDir: config.dataDir,
      version,
      logger,
      metrics,
      prompts: this.#prompts,
      health: () => this.#health(),
      control: {
        calls: () => this.#live.list(),
        hangup: (id) => Promise.resolve(this.#live.hangup(id, 'an operator hung up')),
        place: (order) => this.#placeCall(order),
        transfer: (id, order) => this.#live.transfer(id, order),
        drain: (isDraining) => this.drain(isDraining),
        reload: () => this.#reload(),
        trunks: () => this.#signalling?.trunks.status() ?? [],
        registrations: () => this.#signalling?.registrations() ?? [],
        showCaller: async (number) => this.#callers?.show(number),
        stoppedCallingSinceMs: async (number) => this.#callers?.stoppedSinceMs(number),
        forgetCaller: async (number) => this.#callers?.forget(number) ?? false,
        teaching: this.#taught?.teaching,
        sipTrace: (key) => this.#sipTrace(key),
        status: async () => ({
          ...this.#health(),
          version,
          pid: process.pid,
          startedAtMs: this.#startedAtMs,
          sipAddresses: this.sipAddresses,
          counts: await this.counts(),
        }),
      },
    });
    this.#http = this.#own(http, () => http.close());
  }

  async #connect(daemons: Daemons): Promise<void> {
    const { config, clock, logger } = this.options;
    const signalling = await openSignalling({
      config,
      drachtio: daemons.drachtio,
      draining: () => this.#draining,
      liveCalls: () => this.#live.size,
      clock,
      logger,
    });
    this.#signalling = this.#own(signalling, () => signalling.close());
    for (const [index, agent] of signalling.agents.entries()) {
      this.#agents.push(agent);
      const pool = await MediaPool.open(
        agent.srf,
        mediaServersOf(this.options, daemons, index),
        clock,
        logger,
      );
      this.#pools.push(this.#own(pool, () => pool.close()));
      const ports = this.#callPorts(pool, signalling.dialers[index]);
      const { standby } = ports;
      this.#standbys.push(standby);
      this.#outbound?.add({ connected: () => agent.connected, ports });
      const inbound = this.#inbound(ports);
      agent.on('call', (call) => inbound.take(call));
      agent.on('refused', (call, { step, status, reason, headers }) =>
        inbound.refuse(call, step, status, reason, headers),
      );
      agent.on('connected', () => logger.info({ address: agent.address }, 'connected to drachtio'));
      agent.on('lost', () => {
        standby.discard();
        logger.error({ address: agent.address }, 'connection to drachtio lost; trying again');
      });
      await agent.connect();
      await standby.fill();
    }
  }

  #callPorts(pool: MediaPool, dialer: Dialer | undefined): CallPorts & { readonly standby: Standby } {
    const { clock, config, logger } = this.options;
    if (!this.#audio || !dialer) throw new TypeError('rooms are built bottom-up');
    const speech = this.#speech;
    const standby = new Standby({
      size: config.mediaServer.standby,
      createEndpoint: () => pool.createEndpoint(undefined),
      audio: this.#audio,
      clock,
      logger,
    });
    return {
      createEndpoint: (offer) => pool.createEndpoint(offer),
      audio: this.#audio,
      standby: this.#own(standby, () => standby.close()),
      recognizer: this.#taught?.heard(speech?.recognizer),
      understanding: this.#understanding,
      packs: () => this.#readiness?.packs,
      prompts: this.#sounds.sources,
      dialer,
      clock,
      logger,
    };
  }

  #inbound(ports: CallPorts): Inbound {
    if (!this.#store || !this.#library) throw new TypeError('rooms are built bottom-up');
    return new Inbound(ports, this.#library, this.#live, this.#store, this.#callOptions(), this.#callers);
  }

  #callOptions(): CallOptions {
    if (!this.#disk) throw new TypeError('rooms are built bottom-up');
    const { maxDurationMs, recording } = this.options.config.calls;
    return { maxDurationMs, recording, disk: this.#disk };
  }

  #placeCall(order: PlaceOrder): PlacedCall {
    if (this.#outbound === undefined) throw new TypeError('nothing can be dialled yet');
    return this.#outbound.place(order);
  }

  /** Whoever asks has a Call-ID, or one of our ids, which the live calls or the records lead to a Call-ID. */
  async #sipTrace(key: string): Promise<SipTraceAnswer> {
    const pair = this.#daemons?.pair;
    if (pair === undefined) throw httpError('HTTP_SIP_SERVER_NOT_OURS');
    const live = this.#live.find(key);
    if (live.length > 1) return { found: 'several', callIds: live.map(({ id }) => id) };
    const call = live[0] ?? (await this.#store?.find(key).catch(() => undefined));
    return pair.sipTrace(call?.sipCallId ?? key);
  }

  async #reload(): Promise<ReloadReport> {
    if (this.#library === undefined || this.#signalling === undefined) {
      throw new TypeError('the dialplans and trunks are not there yet');
    }
    await this.#sounds.load();
    const report = await this.#library.load();
    this.#loaded(report);
    const trunks = await this.#signalling.trunks.load();
    const callers = await this.#signalling.callers.load();
    for (const problem of [...trunks.problems, ...callers.problems]) this.options.logger.warn({}, problem);
    return {
      dialplans: report.dialplans,
      trunks: trunks.trunks,
      problems: [...report.problems, ...trunks.problems, ...callers.problems],
      errors: report.errors + trunks.errors + callers.errors,
    };
  }

  /** A save was seen: a sentence of the manifest may have been recorded with it. */
  async #saved(report: LoadReport): Promise<void> {
    await this.#sounds.load();
    this.#loaded(report);
  }

  #loaded(report: LoadReport): void {
    const { logger } = this.options;
    for (const problem of report.problems) logger.warn({}, problem);
    if (report.errors > 0) {
      logger.error({ errors: report.errors }, 'the dialplans have errors; the running versions stay');
      return;
    }
    logger.info({ dialplans: report.dialplans }, 'dialplans loaded');
    this.#prepare();
  }

  #prepare(): void {
    const { recognizer, makeReady } = this.#speech ?? {};
    const open = (): boolean => recognizer?.capabilities.openSpeech === true;
    this.#readiness ??= this.#own(
      new Readiness({
        recognizer,
        makeReady,
        house: (dialects) => this.#sounds.house(dialects),
        houseMade: (dialects) => this.#sounds.loadFillers(dialects),
        readPacks: (dialects) => readTurnPacks(dialects),
        understand: async (dialplans) => (open() ? this.#understanding.prepare(dialplans) : undefined),
        logger: this.options.logger,
      }),
      () => this.#readiness?.close(),
    );
    this.#readiness.begin(this.#library?.dialplans ?? []);
  }

  #health(): HealthReport {
    const daemons: DaemonHealth[] = [
      ...this.#agents.map(({ address, connected }) => ({ kind: 'drachtio' as const, address, connected })),
      ...this.#pools.flatMap((pool) =>
        pool.health.map(({ address, connected }) => ({ kind: 'freeswitch' as const, address, connected })),
      ),
    ];
    return healthReport(daemons, this.#live.size, this.#draining);
  }

  async #close(): Promise<void> {
    const { config, clock, logger } = this.options;
    this.drain();
    await this.#live.drain(clock, config.calls.drainMs);
    for (const close of this.#closers.reverse()) {
      try {
        await close();
      } catch (error) {
        logger.warn({ code: errorCode(error) }, 'something could not be closed');
      }
    }
  }
}

function flatten(prefix: string, counts: object | undefined): Record<string, number> {
  const flat: Record<string, number> = {};
  for (const [name, count] of Object.entries(counts ?? {})) {
    if (typeof count === 'number') flat[`${prefix}.${name}`] = count;
  }
  return flat;
}
