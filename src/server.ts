import { mkdir } from 'node:fs/promises';
import { AudioStreamServer } from './audio-stream/audio-stream-server.js';
import { DialplanLibrary, type LoadReport } from './call/dialplan-library.js';
import type { CallOptions } from './call/call-options.js';
import type { CallPorts } from './call/call-session.js';
import { Inbound } from './call/inbound.js';
import { LiveCalls } from './call/live-calls.js';
import { Outbound } from './call/outbound.js';
import { makeReady } from './call/readiness.js';
import { RecordedPrompts } from './call/recorded-prompts.js';
import type { Config } from './config/schema.js';
import { parseHostPort, type HostPort } from './core/address.js';
import { Channel } from './core/channel.js';
import type { Clock } from './core/clock.js';
import { errorCode } from './core/errors.js';
import type { Logger } from './core/logger.js';
import { TypedEmitter } from './core/typed-emitter.js';
import { startDaemons, type Daemons } from './daemons.js';
import { serverError } from './errors.js';
import { httpError } from './http/errors.js';
import { createHttpServer, type HttpServer } from './http/http-server.js';
import type { PlacedCall, PlaceOrder, ReloadReport } from './http/control-routes.js';
import type { DaemonHealth, HealthReport } from './http/health.js';
import { Metrics } from './http/metrics.js';
import { PromptFiles } from './http/prompt-files.js';
import type { SipTraceAnswer } from './http/sip-trace.js';
import { watchCalls } from './watch-calls.js';
import { MediaPool } from './media/media-pool.js';
import { openSignalling, type Signalling } from './signalling.js';
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
}

/** What is still held, by kind: all zero when no call is up, but for what the server itself holds. */
export type Counts = Readonly<Record<string, number>>;

/** The house: builds each room bottom-up, hands it its options, closes in reverse. */
export class Server {
  readonly #closers: (() => Promise<void> | void)[] = [];
  readonly #live = new LiveCalls();
  readonly #agents: SipAgent[] = [];
  readonly #pools: MediaPool[] = [];
  #draining = false;
  #closing: Promise<void> | undefined;
  #store: CallStore | undefined;
  #speech: Speech | undefined;
  #library: DialplanLibrary | undefined;
  #recorded: RecordedPrompts | undefined;
  #audio: AudioStreamServer | undefined;
  #outbound: Outbound | undefined;
  #http: HttpServer | undefined;
  #daemons: Daemons | undefined;
  #signalling: Signalling | undefined;
  readonly #prompts: PromptFiles;
  readonly #startedAtMs: number;
  #ready: Promise<void> = Promise.resolve();

  private constructor(private readonly options: ServerOptions) {
    const { logger } = options;
    TypedEmitter.listenerError = (event, error) =>
      logger.error({ event, code: errorCode(error), error }, 'a listener failed');
    Channel.subscriberError = (stream, error) =>
      logger.error({ stream, code: errorCode(error), error }, 'a subscriber failed');
    const { advertise } = options.config.http;
    this.#prompts = new PromptFiles(advertise === undefined ? {} : { advertise });
    this.#startedAtMs = options.clock.wallMs();
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
    return this.#ready;
  }

  /** Takes no new calls from now on. */
  drain(): void {
    this.#draining = true;
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
      audioSockets: this.#audio?.openSockets ?? 0,
      timers: resources['Timeout'] ?? 0,
      sockets: (resources['TCPSocketWrap'] ?? 0) + (resources['UDPWrap'] ?? 0),
      ...flatten('drachtio', pair?.drachtio),
      ...flatten('freeswitch', pair?.freeswitch),
    };
  }

  async #start(): Promise<void> {
    const { config, clock, logger } = this.options;
    await mkdir(config.dataDir, { recursive: true, mode: 0o750 });
    const { refusedMs, maxRefused, refusedPerSecond } = config.retention;
    const store = new BoundedRefusals(await createSqliteStore({ file: databaseFile(config.dataDir) }), {
      maxAgeMs: refusedMs,
      maxCount: maxRefused,
      perSecond: refusedPerSecond,
      clock,
      logger,
    });
    this.#store = this.#own(store, () => store.close());
    const library = new DialplanLibrary({
      dialplanDir: config.dialplans.dir,
      numbersFile: config.numbers,
      audioPromptsDir: config.audioPrompts,
      clock,
      logger,
    });
    this.#library = this.#own(library, () => library.close());
    this.#recorded = new RecordedPrompts(config.audioPrompts);
    await this.#recorded.load();
    for (const problem of (await library.loadOrFail()).problems) logger.warn({}, problem);
    const speech = await openSpeech({
      dataDir: config.dataDir,
      cacheBytes: config.speech.cacheBytes,
      logger,
    });
    this.#speech = this.#own(speech, () => speech.close());
    this.#outbound = new Outbound(library, this.#live, store, {
      ...this.#callOptions(),
      maxConcurrent: config.calls.maxConcurrent,
      draining: () => this.#draining,
    });
    await this.#listen();
    const daemons = await startDaemons(config, clock, logger);
    this.#daemons = this.#own(daemons, () => daemons.pair?.close());
    daemons.pair?.on('exit', (server) =>
      logger.error(
        { server },
        'an embedded server has crashed: its calls are over, new ones are refused; restart us',
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
      clock,
      logger,
    });
    this.#audio = this.#own(audio, () => audio.close());
    const metrics = new Metrics({
      liveCalls: () => this.#live.size,
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
        drain: () => this.drain(),
        reload: () => this.#reload(),
        trunks: () => this.#signalling?.trunks.status() ?? [],
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
    const { mediaServer } = config;
    const signalling = await openSignalling({
      config,
      drachtio: daemons.drachtio,
      draining: () => this.#draining,
      liveCalls: () => this.#live.size,
      clock,
      logger,
    });
    this.#signalling = this.#own(signalling, () => signalling.close());
    const listen = hostPort('mediaServer.eventSocketListen', mediaServer.eventSocketListen);
    const { eventSocketAdvertise } = mediaServer;
    const advertise =
      eventSocketAdvertise === undefined
        ? undefined
        : hostPort('mediaServer.eventSocketAdvertise', eventSocketAdvertise);
    const serversOf = (agent: number) =>
      daemons.freeswitch.map(({ address, secret }, index) => {
        // Each connection waits on a port of its own.
        const nth = agent * daemons.freeswitch.length + index;
        return {
          address,
          secret,
          profile: mediaServer.profile,
          eventSocketListen: furtherPort(listen, nth),
          eventSocketAdvertise: advertise && furtherPort(advertise, nth),
          clock,
          logger,
        };
      });
    for (const [index, agent] of signalling.agents.entries()) {
      this.#agents.push(agent);
      const pool = await MediaPool.open(agent.srf, serversOf(index), clock, logger);
      this.#pools.push(this.#own(pool, () => pool.close()));
      const ports = this.#callPorts(pool, signalling.dialers[index]);
      this.#outbound?.add({ connected: () => agent.connected, ports });
      const inbound = this.#inbound(ports);
      agent.on('call', (call) => inbound.take(call));
      agent.on('refused', (call, { step, status, reason, headers }) =>
        inbound.refuse(call, step, status, reason, headers),
      );
      agent.on('connected', () => logger.info({ address: agent.address }, 'connected to drachtio'));
      agent.on('lost', () =>
        logger.error({ address: agent.address }, 'connection to drachtio lost; trying again'),
      );
      await agent.connect();
    }
  }

  #callPorts(pool: MediaPool, dialer: Dialer | undefined): CallPorts {
    const { clock, logger } = this.options;
    if (!this.#audio || !dialer) throw new TypeError('rooms are built bottom-up');
    const speech = this.#speech;
    return {
      createEndpoint: (offer) => pool.createEndpoint(offer),
      audio: this.#audio,
      recognizer: speech?.recognizer,
      prompts: { speak: speech?.speak, recorded: (name, dialect) => this.#recordedPrompt(name, dialect) },
      dialer,
      clock,
      logger,
    };
  }

  #inbound(ports: CallPorts): Inbound {
    if (!this.#store || !this.#library) throw new TypeError('rooms are built bottom-up');
    return new Inbound(ports, this.#library, this.#live, this.#store, this.#callOptions());
  }

  #callOptions(): CallOptions {
    const { dataDir, calls } = this.options.config;
    return { maxDurationMs: calls.maxDurationMs, recording: calls.recording, dataDir };
  }

  #recordedPrompt(name: string, dialect: string): string | undefined {
    const path = this.#recorded?.find(name, dialect);
    if (path === undefined || this.options.config.mediaServer.promptDelivery === 'path') return path;
    return this.#prompts.urlFor(path);
  }

  #placeCall(order: PlaceOrder): PlacedCall {
    if (this.#outbound === undefined) throw new TypeError('nothing can be dialled yet');
    return this.#outbound.place(order);
  }

  /** Whoever asks has a Call-ID, or one of our ids, which the records lead to a Call-ID. */
  async #sipTrace(key: string): Promise<SipTraceAnswer> {
    const pair = this.#daemons?.pair;
    if (pair === undefined) throw httpError('HTTP_SIP_SERVER_NOT_OURS');
    const record = await this.#store?.find(key).catch(() => undefined);
    return pair.sipTrace(record?.sipCallId ?? key);
  }

  async #reload(): Promise<ReloadReport> {
    if (this.#library === undefined || this.#signalling === undefined) {
      throw new TypeError('the dialplans and trunks are not there yet');
    }
    await this.#recorded?.load();
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
    await this.#recorded?.load();
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
    const { logger } = this.options;
    const speech = this.#speech;
    const dialplans = this.#library?.dialplans ?? [];
    this.#ready = makeReady(
      dialplans,
      speech?.recognizer,
      speech?.makeReady,
      logger,
      () => this.#closing !== undefined,
    ).then(
      () => logger.info({}, 'prompts and phrases are ready'),
      (error: unknown) => logger.error({ code: errorCode(error) }, 'making prompts ready failed'),
    );
  }

  #health(): HealthReport {
    const daemons: DaemonHealth[] = [
      ...this.#agents.map(({ address, connected }) => ({ kind: 'drachtio' as const, address, connected })),
      ...this.#pools.flatMap((pool) =>
        pool.health.map(({ address, connected }) => ({ kind: 'freeswitch' as const, address, connected })),
      ),
    ];
    const problems = daemons
      .filter((d) => !d.connected)
      .map((d) => `${d.kind} at ${d.address} is not connected`);
    const usable = this.#agents.some((a) => a.connected) && this.#pools.some((pool) => pool.connected > 0);
    const status = !usable ? 'degraded' : this.#draining ? 'draining' : 'ok';
    return { status, calls: this.#live.size, daemons, problems };
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

function hostPort(option: string, value: string): HostPort {
  const parsed = parseHostPort(value);
  if (parsed === undefined) throw serverError('SERVER_ADDRESS_INVALID', { option, value });
  return parsed;
}

/** The port `by` further; 0 stays 0, any free one. */
function furtherPort({ host, port }: HostPort, by: number): HostPort {
  return { host, port: port === 0 ? 0 : port + by };
}

function flatten(prefix: string, counts: object | undefined): Record<string, number> {
  const flat: Record<string, number> = {};
  for (const [name, count] of Object.entries(counts ?? {})) {
    if (typeof count === 'number') flat[`${prefix}.${name}`] = count;
  }
  return flat;
}
