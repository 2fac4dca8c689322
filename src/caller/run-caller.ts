import { createSocket } from 'node:dgram';
import { formatHostPort } from '../core/address.js';
import type { Clock, Timer } from '../core/clock.js';
import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { PortPool } from '../embedded/rtp/port-pool.js';
import { parseUri, uriTarget } from '../embedded/sip/uri.js';
import { UserAgent } from '../embedded/sip/user-agent.js';
import type { Synthesizer } from '../speech/synthesizer.js';
import { CallMedia } from './call-media.js';
import { CallSignalling } from './call-signalling.js';
import type { CallerAction, CallerEvent, TimerId } from './caller-event.js';
import { callerError } from './errors.js';
import { ScriptRun, type ScriptOutcome } from './script-run.js';
import { prepareSounds } from './sounds.js';
import type { CallerInputStep, CallerScript } from './script.js';

export interface RunCallerOptions {
  /** Whom to call: `sip:100@127.0.0.1:5060`, `;transport=tcp`, `tls`, `ws` or `wss` allowed. */
  readonly uri: string;
  readonly script: CallerScript;
  /** Needed if the script says or expects sentences; not closed here. */
  readonly synthesizer?: Synthesizer | undefined;
  /** PEM file of the authorities that a `transport=tls` or `wss` server is checked against; default: Node's. */
  readonly tlsCa?: string | undefined;
  /** Whether that server must prove its name. Default true. */
  readonly tlsVerifyPeer?: boolean | undefined;
  /** Where SIP is listened on, `udp:127.0.0.1:0`; default: a free port on the address that reaches the far side. */
  readonly listen?: string | undefined;
  /** URI of the From header; default made of the name and address. */
  readonly from?: string | undefined;
  /** Stereo WAV of the whole call: left what was sent, right what was received. */
  readonly record?: string | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Told of everything as it happens; `input` tells what the caller is about to say or press. */
  readonly onEvent?: ((event: CallerEvent | CallerInputEvent) => void) | undefined;
  /** Hangs up when aborted; the script has failed then. */
  readonly signal?: AbortSignal | undefined;
}

export interface CallerInputEvent {
  readonly type: 'input';
  readonly atMs: number;
  readonly input: CallerInputStep;
}

export interface CallerReport extends ScriptOutcome {
  /** Script's name. */
  readonly script: string;
  /** Everything that happened, in the order in which it became known. */
  readonly events: readonly CallerEvent[];
  readonly rtp: { readonly sent: number; readonly received: number; readonly lost: number };
  /** File of {@link RunCallerOptions.record} or of a `record` step; null if there is none. */
  readonly recording: string | null;
}

/**
 * Places one call and plays the script. Resolves with the report when all is over and released, also when the script
 * failed; rejects only if the call could not be begun (CALLER_…, SIP_ADDRESS_IN_USE, …).
 */
export async function runCaller(options: RunCallerOptions): Promise<CallerReport> {
  const parsed = parseUri(options.uri);
  const target = parsed === undefined ? undefined : uriTarget(parsed);
  if (target === undefined) throw callerError('CALLER_URI_INVALID', { uri: options.uri });
  const sounds = await prepareSounds(options.script, options.synthesizer);
  const local = { host: await localAddress(target.host, target.port), port: 0 };
  const listen = options.listen ?? `${target.protocol}:${formatHostPort(local)}`;
  const userAgent = await UserAgent.listen({
    listen: [listen],
    tls: { ca: options.tlsCa, verifyPeer: options.tlsVerifyPeer, connectOnly: true },
    name: 'xiangyin-caller',
    clock: options.clock,
    logger: options.logger,
  });
  const host = userAgent.addresses[0]?.host ?? '127.0.0.1';
  const ports = new PortPool({ address: host, minPort: 0, maxPort: 0 });
  try {
    const socket = await ports.acquire();
    return await new ScriptedCall(options, userAgent, host, socket, sounds).run();
  } finally {
    ports.close();
    await userAgent.close();
  }
}

/** The shell around {@link ScriptRun}: carries its actions out, tells it what happens. */
class ScriptedCall {
  readonly #run: ScriptRun;
  readonly #media: CallMedia;
  readonly #signalling: CallSignalling;
  readonly #events: CallerEvent[] = [];
  readonly #timers = new Map<TimerId, Timer>();
  readonly #originMs: number;
  readonly #waiting: CallerEvent[] = [];
  #recording: string | null = null;
  #stepping = false;
  #finished: (() => void) | undefined;

  constructor(
    private readonly options: RunCallerOptions,
    userAgent: UserAgent,
    host: string,
    socket: Awaited<ReturnType<PortPool['acquire']>>,
    private readonly sounds: Awaited<ReturnType<typeof prepareSounds>>,
  ) {
    const { clock, logger } = options;
    this.#run = new ScriptRun(options.script);
    this.#originMs = clock.nowMs();
    const onEvent = (event: CallerEvent) => this.#tell(event);
    this.#media = new CallMedia({
      socket,
      clock,
      logger,
      templates: sounds.templates,
      originMs: this.#originMs,
      onEvent,
    });
    this.#signalling = new CallSignalling({
      userAgent,
      uri: options.uri,
      from: options.from,
      offer: options.script.offer,
      address: host,
      port: socket.port,
      media: this.#media,
      nowMs: () => this.#nowMs(),
      onEvent,
    });
  }

  async run(): Promise<CallerReport> {
    const finished = new Promise<void>((resolve) => {
      this.#finished = resolve;
    });
    const aborted = () => this.#tell({ type: 'broken', atMs: this.#nowMs(), reason: 'interrupted' });
    this.options.signal?.addEventListener('abort', aborted);
    if (this.options.record !== undefined) this.#perform({ type: 'record', file: this.options.record });
    this.#tell({ type: 'start', atMs: this.#nowMs() });
    if (this.options.signal?.aborted === true) aborted();
    await finished;
    this.options.signal?.removeEventListener('abort', aborted);
    for (const timer of this.#timers.values()) timer.cancel();
    await this.#media.close();
    const { packetsSent = 0, packetsReceived = 0, lost = 0 } = this.#media.stats ?? {};
    return {
      script: this.options.script.name,
      ...this.#run.outcome,
      events: this.#events,
      rtp: { sent: packetsSent, received: packetsReceived, lost },
      recording: this.#recording,
    };
  }

  #nowMs(): number {
    return this.options.clock.nowMs() - this.#originMs;
  }

  /** One event at a time: what an action causes at once is taken after it. */
  #tell(event: CallerEvent): void {
    this.#waiting.push(event);
    if (this.#stepping) return;
    this.#stepping = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (next.type !== 'timer' && next.type !== 'start' && next.type !== 'dip') {
        this.#events.push(next);
        this.options.onEvent?.(next);
      }
      for (const action of this.#run.step(next, this.#nowMs())) this.#perform(action);
    }
    this.#stepping = false;
  }

  #perform(action: CallerAction): void {
    switch (action.type) {
      case 'invite':
        this.#signalling.invite();
        return;
      case 'cancel':
        this.#signalling.cancel();
        return;
      case 'bye':
        this.#signalling.bye();
        return;
      case 'hold':
        this.#signalling.reinvite('sendonly');
        return;
      case 'resume':
        this.#signalling.reinvite('sendrecv');
        return;
      case 'input':
        this.#input(action.input);
        return;
      case 'record':
        this.#recording = action.file;
        this.#media.record(action.file);
        return;
      case 'timer': {
        const { id } = action;
        this.#timers.get(id)?.cancel();
        const fire = () => this.#tell({ type: 'timer', id, atMs: this.#nowMs() });
        this.#timers.set(id, this.options.clock.after(action.delayMs, fire));
        return;
      }
      case 'cancelTimer':
        this.#timers.get(action.id)?.cancel();
        return;
      case 'finish':
        this.#finished?.();
        return;
    }
  }

  #input(input: CallerInputStep): void {
    this.options.onEvent?.({ type: 'input', atMs: this.#nowMs(), input });
    const sent =
      input.kind !== 'press'
        ? this.#media.say(this.sounds.clip(input))
        : input.via === 'info'
          ? this.#signalling.pressByInfo(input.keys, input.toneMs)
          : this.#media.press(input.keys, input.toneMs);
    sent.catch((error: unknown) =>
      this.#tell({ type: 'broken', atMs: this.#nowMs(), reason: `not sent: ${errorCode(error)}` }),
    );
  }
}

/** The address of ours from which packets to `host` leave; sends nothing. */
function localAddress(host: string, port: number): Promise<string> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  return new Promise((resolve) => {
    const settle = (address: string) => {
      socket.close();
      resolve(address);
    };
    socket.once('error', () => settle('127.0.0.1'));
    socket.connect(port, host, () => settle(socket.address().address));
  });
}
