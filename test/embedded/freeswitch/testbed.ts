import { createServer } from 'node:net';
import type { Test } from 'tap';
import { systemClock } from '../../../src/core/clock.js';
import { silentLogger } from '../../../src/core/logger.js';
import {
  FreeSwitchServer,
  type FreeSwitchServerOptions,
} from '../../../src/embedded/freeswitch/freeswitch-server.js';
import type { AudioCodec } from '../../../src/embedded/rtp/codec.js';
import { MediaTicker } from '../../../src/embedded/rtp/media-ticker.js';
import { PortPool } from '../../../src/embedded/rtp/port-pool.js';
import { RtpSession } from '../../../src/embedded/rtp/rtp-session.js';
import { offerSdp, readRemoteMedia } from '../../../src/embedded/rtp/sdp.js';
import type { Dialog } from '../../../src/embedded/sip/dialog.js';
import type { SipMessage } from '../../../src/embedded/sip/message.js';
import { UserAgent } from '../../../src/embedded/sip/user-agent.js';
// The unmodified client library, which is what the server must satisfy.
// @ts-expect-error it has no types
import esl from 'drachtio-modesl';

export const SECRET = 'a-secret-of-the-test';
/** No single step of these tests takes longer, even on a busy machine. */
export const LIMIT_MS = 10_000;

/** What the tests use of drachtio-modesl's Event and Connection. */
export interface EslEvent {
  getHeader(name: string): string | null;
  getBody(): string;
}
export interface EslConnection {
  socket: { end(): void; destroy(): void; setNoDelay(on: boolean): void } | null;
  on(event: string, listener: (event: EslEvent) => void): void;
  once(event: string, listener: (event: EslEvent) => void): void;
  getInfo(): EslEvent;
  api(command: string, done: (event: EslEvent) => void): void;
  bgapi(command: string, args: string, done: (event: EslEvent) => void): void;
  execute(application: string, argument: string, done?: (event: EslEvent) => void): string;
  subscribe(events: string | string[], done?: () => void): void;
  filter(header: string, value: string, done?: () => void): void;
  send(command: string, headers?: Record<string, string>): void;
  sendRecv(command: string, done: (event: EslEvent) => void): void;
  disconnect(): void;
}
interface EslModule {
  Connection: new (host: string, port: number, secret: string, ready?: () => void) => EslConnection;
  Server: new (
    options: { server: unknown; myevents: boolean },
    ready: () => void,
  ) => {
    on(event: 'connection::ready', listener: (connection: EslConnection) => void): void;
  };
}
const { Connection, Server } = esl as EslModule;

export async function startServer(
  t: Test,
  options: Partial<FreeSwitchServerOptions> = {},
): Promise<FreeSwitchServer> {
  const server = await FreeSwitchServer.listen({
    eventSocket: { host: '127.0.0.1', port: 0 },
    secret: SECRET,
    sip: 'udp:127.0.0.1:0',
    rtpAddress: '127.0.0.1',
    rtpPorts: { min: 0, max: 0 },
    clock: systemClock,
    logger: silentLogger,
    ...options,
  });
  t.teardown(() => server.close());
  return server;
}

/** An inbound Event Socket connection by drachtio-modesl, authenticated. */
export async function connectClient(
  t: Test,
  server: FreeSwitchServer,
  secret = SECRET,
): Promise<EslConnection> {
  const { host, port } = server.eventSocketAddress;
  const connection = await new Promise<EslConnection>((resolve, reject) => {
    const client = new Connection(host, port, secret, () => resolve(client));
    client.on('esl::event::auth::fail', () => reject(new Error('refused')));
    // modesl reconnects for ever unless it is told that it is closing.
    t.teardown(() => close(client));
  });
  connection.socket?.setNoDelay(true);
  return connection;
}

function close(client: EslConnection): void {
  (client as unknown as { closing: boolean }).closing = true;
  client.socket?.destroy();
}

/** The application's listener for outbound connections; each call's connection comes out of `next`. */
export async function startApplication(
  t: Test,
): Promise<{ port: number; next: () => Promise<EslConnection> }> {
  const server = createServer({ noDelay: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const waiting: ((connection: EslConnection) => void)[] = [];
  const ready: EslConnection[] = [];
  new Server({ server, myevents: false }, () => undefined).on('connection::ready', (connection) => {
    t.teardown(() => connection.socket?.destroy());
    const taker = waiting.shift();
    if (taker === undefined) ready.push(connection);
    else taker(connection);
  });
  return {
    port: (server.address() as { port: number }).port,
    next: () => {
      const connection = ready.shift();
      if (connection !== undefined) return Promise.resolve(connection);
      return limited('no outbound connection', new Promise((resolve) => waiting.push(resolve)));
    },
  };
}

/** A SIP and RTP phone: what it heard is in `heard`, in order of arrival. */
export class Phone {
  readonly heard: { samples: Int16Array; atMs: number }[] = [];
  readonly #ticker = new MediaTicker({ clock: systemClock, logger: silentLogger });
  readonly #toSay: Int16Array[] = [];
  /** What it offers, in this order, and understands. */
  codecs: readonly AudioCodec[] = ['PCMU', 'PCMA'];

  private constructor(
    readonly agent: UserAgent,
    readonly session: RtpSession,
  ) {
    session.onAudio = (samples) => this.heard.push({ samples: samples.slice(), atMs: performance.now() });
    const silence = new Int16Array(160);
    this.#ticker.add(() => {
      const frame = this.#toSay.shift();
      session.send(frame?.length === 160 ? frame : silence);
    });
  }

  static async start(t: Test): Promise<Phone> {
    const { agent, session } = await phoneEnds(t);
    const phone = new Phone(agent, session);
    t.teardown(() => phone.#ticker.close());
    return phone;
  }

  get offer(): string {
    return offerSdp({ address: '127.0.0.1', port: this.session.localPort, codecs: this.codecs });
  }

  /** Calls the media server as drachtio-fsmrf does; without an offer the answer goes with the ACK. */
  async call(
    server: FreeSwitchServer,
    headers: Record<string, string>,
    options: { offerless?: boolean } = {},
  ): Promise<{ dialog: Dialog; answer: string }> {
    const { outgoing, response, dialog } = await inviteServer(
      this.agent,
      server,
      headers,
      options.offerless === true ? undefined : this.offer,
    );
    outgoing.ack(options.offerless === true ? { body: this.offer } : {});
    this.setRemote(response.body);
    return { dialog, answer: response.body };
  }

  setRemote(sdp: string): void {
    const media = readRemoteMedia(sdp, this.codecs);
    this.session.setRemote(
      media?.remote,
      media?.codec ?? 'PCMU',
      media?.payloadType ?? 0,
      media?.telephoneEventType,
      media,
    );
  }

  /** Says whole frames of sound (8 kHz) in real time, after what is being said; silence follows, as from a phone. */
  say(samples: Int16Array): void {
    for (let at = 0; at < samples.length; at += 160) this.#toSay.push(samples.slice(at, at + 160));
  }

  /** All that was to be said has been. */
  get isSilent(): boolean {
    return this.#toSay.length === 0;
  }

  /** The loudest sample heard since `fromMs`. */
  peakSince(fromMs: number): number {
    let peak = 0;
    for (const { samples, atMs } of this.heard) {
      if (atMs < fromMs) continue;
      for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
    }
    return peak;
  }
}

/** What a telephone stands on, on loopback; closed after the test. */
export async function phoneEnds(t: Test) {
  const agent = await UserAgent.listen({
    listen: ['udp:127.0.0.1:0'],
    name: 'phone',
    clock: systemClock,
    logger: silentLogger,
  });
  const pool = new PortPool({ address: '127.0.0.1', minPort: 0, maxPort: 0 });
  const socket = await pool.acquire();
  const session = new RtpSession({
    socket,
    clock: systemClock,
    codec: 'PCMU',
    payloadType: 0,
    telephoneEventType: 101,
    remote: undefined,
    ptimeMs: 20,
    logger: silentLogger,
  });
  t.teardown(async () => {
    session.close();
    pool.close();
    await agent.close();
  });
  return { agent, socket, session };
}

/** Calls the media server as drachtio-fsmrf does; the ACK is the caller's. */
export async function inviteServer(
  agent: UserAgent,
  server: FreeSwitchServer,
  headers: Record<string, string>,
  offer: string | undefined,
) {
  const { host, port } = server.sipAddress;
  const outgoing = agent.invite(`sip:drachtio@${host}:${port}`, {
    headers,
    ...(offer === undefined ? {} : { body: offer }),
  });
  const [response, dialog] = await limited(
    'the call was not answered',
    new Promise<[SipMessage, Dialog]>((resolve, reject) => {
      outgoing.on('accepted', (message, made) => resolve([message, made]));
      outgoing.on('failed', (status) => reject(new Error(`refused with ${status}`)));
    }),
  );
  return { outgoing, response, dialog };
}

/** An answered call with its control connection, subscribed and filtered as drachtio-fsmrf does. */
export async function answeredCall(t: Test, server: FreeSwitchServer, codecs?: readonly AudioCodec[]) {
  const application = await startApplication(t);
  const phone = await Phone.start(t);
  if (codecs !== undefined) phone.codecs = codecs;
  const { dialog, answer } = await phone.call(server, {
    'User-Agent': 'drachtio-fsmrf:11111111-2222-3333-4444-555555555555',
    'X-esl-outbound': `127.0.0.1:${application.port}`,
  });
  const control = await application.next();
  control.socket?.setNoDelay(true);
  const uuid = control.getInfo().getHeader('Unique-ID') ?? '';
  const events: EslEvent[] = [];
  control.on('esl::event::**', (event) => {
    if (event.getHeader('Event-Name') !== null) events.push(event);
  });
  control.subscribe(
    [
      'CHANNEL_EXECUTE',
      'CHANNEL_EXECUTE_COMPLETE',
      'CHANNEL_CALLSTATE',
      'DTMF',
      'SWITCH_EVENT_PLAYBACK_START',
      'SWITCH_EVENT_PLAYBACK_STOP',
      'CUSTOM conference::maintenance',
      ...['connect', 'connect_failed', 'disconnect', 'kill_audio', 'play_audio', 'json'].map(
        (name) => `CUSTOM mod_audio_fork::${name}`,
      ),
    ]
      .join(' ')
      .split(' '),
  );
  await new Promise<void>((resolve) => control.filter('Unique-ID', uuid, resolve));
  return { control, phone, dialog, answer, uuid, events };
}

export function execute(control: EslConnection, application: string, argument = ''): Promise<EslEvent> {
  return limited(
    `${application} did not complete`,
    new Promise((resolve) => control.execute(application, argument, resolve)),
  );
}

export function api(control: EslConnection, command: string): Promise<string> {
  return limited(
    `no answer to ${command}`,
    new Promise((resolve) => control.api(command, (event) => resolve(event.getBody()))),
  );
}

/** Resolves when `check` holds; looks again each few milliseconds, and fails after the limit saying what was awaited. */
export async function until(what: string, check: () => boolean, limitMs = LIMIT_MS): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!check()) {
    if (performance.now() > endMs) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export async function limited<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(what)), LIMIT_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
