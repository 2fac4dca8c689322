import { connect, type Socket } from 'node:net';
import { parseHostPort, type HostPort } from '../../core/address.js';
import type { Clock, Timer } from '../../core/clock.js';
import { errorCode } from '../../core/errors.js';
import { uuid as newUuid } from '../../core/ids.js';
import type { Logger } from '../../core/logger.js';
import { CountingClock } from '../counting-clock.js';
import { AUDIO_CODECS } from '../rtp/codec.js';
import { DtlsHandshaker } from '../rtp/dtls-handshaker.js';
import { MediaTicker } from '../rtp/media-ticker.js';
import { PortPool, type RtpSocket } from '../rtp/port-pool.js';
import { WakeModeration } from '../rtp/wake-moderation.js';
import { makeDtlsEnd, SecurityNegotiation } from '../rtp/security-negotiation.js';
import type { IncomingInvite } from '../sip/incoming-invite.js';
import { UserAgent } from '../sip/user-agent.js';
import { runApiCommand, type ApiHost } from './api-commands.js';
import type { AudioFork } from './audio-fork.js';
import { ForkLinks } from './fork-links.js';
import { Channel } from './channel.js';
import { Conferences } from './conferences.js';
import { EventFactory, type FreeSwitchEvent } from './event.js';
import { EventBus } from './event-bus.js';
import { EventSocketListener } from './event-socket-listener.js';
import { EventSocketSession, type SessionHost } from './event-socket-session.js';
import { FarBridges } from './far-bridges.js';
import { FarConferences } from './far-conferences.js';
import { FarService } from './far-service.js';
import type { FreeSwitchSettings } from './freeswitch-settings.js';
import type { MediaPeers } from './media-peers.js';
import type { CallQuality } from './media-statistics.js';
import { SdpLeg } from './sdp-leg.js';
import { heartbeatHeaders, ownAddress, sofiaStatus } from './server-status.js';
import { SoundLibrary } from './sound-library.js';

export interface FreeSwitchServerOptions extends FreeSwitchSettings {
  /** The thread is the server's own and may be blocked for a millisecond: {@link WakeModeration}. Default false. */
  readonly mayRest?: boolean | undefined;
  /** The other media workers: conferences and bridges may have calls of several. */
  readonly peers?: MediaPeers | undefined;
  /** Told of each call at its end. */
  readonly measured?: ((quality: CallQuality) => void) | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Text to 8 kHz mono for `say` and `speak`. */
  readonly synthesize?: ((text: string, voice: string | undefined) => Promise<Int16Array>) | undefined;
}

/** What calls have and, after them, may have left behind; and the control connections, which are no call's. */
export interface FreeSwitchCounts {
  readonly channels: number;
  readonly rtpPorts: number;
  /** Connections of calls: outbound Event Socket and audio forks. */
  readonly sockets: number;
  readonly timers: number;
  readonly forks: number;
  readonly dialogs: number;
  /** Calls in conferences. */
  readonly conferenceMembers: number;
  readonly transactions: number;
  /** Inbound Event Socket clients. */
  readonly clients: number;
}

const HEARTBEAT_MS = 20_000;
/** drachtio-fsmrf gives the connection 4 s; a listener that does not accept by then is gone. */
const CONNECT_LIMIT_MS = 4000;
const MAX_SESSIONS = 1000;

/** A media server that is driven like FreeSWITCH: SIP for the media leg, Event Socket for control, RTP, audio forks. */
export class FreeSwitchServer {
  readonly #options: FreeSwitchServerOptions;
  readonly #clock: CountingClock;
  readonly #bus: EventBus;
  readonly #ticker: MediaTicker;
  readonly #ports: PortPool;
  readonly #moderation: WakeModeration | undefined;
  readonly #sounds: SoundLibrary;
  readonly #conferences: Conferences;
  readonly #channels = new Map<string, Channel>();
  readonly #forks = new Set<AudioFork>();
  readonly #forkLinks: ForkLinks;
  readonly #handshaker: DtlsHandshaker;
  readonly #outbound = new Map<Channel, Set<EventSocketSession>>();
  readonly #connecting = new Set<Socket>();
  readonly #api: ApiHost;
  #listener: EventSocketListener | undefined;
  #agent: UserAgent | undefined;
  #heartbeatTimer: Timer | undefined;
  #starting = 0;
  #sessionsSinceStart = 0;
  #closed = false;

  private constructor(options: FreeSwitchServerOptions) {
    this.#options = options;
    this.#clock = new CountingClock(options.clock);
    this.#bus = new EventBus(new EventFactory(newUuid(), this.#mediaHost(), options.clock));
    this.#handshaker = new DtlsHandshaker(options.logger, options.clock.wallMs());
    this.#forkLinks = new ForkLinks(this.#clock);
    this.#ticker = new MediaTicker({ clock: options.clock, logger: options.logger });
    this.#moderation =
      options.mayRest === true
        ? new WakeModeration(
            () => options.clock.nowMs(),
            () => this.#ticker.dueInMs,
            () => this.#forkLinks.flush(),
          )
        : undefined;
    this.#ports = new PortPool({
      onPacket: this.#moderation && (() => this.#moderation?.packet()),
      address: options.rtpAddress,
      minPort: options.rtpPorts.min,
      maxPort: options.rtpPorts.max,
    });
    this.#sounds = new SoundLibrary({
      clock: options.clock,
      soundsDir: options.soundsDir,
      synthesize: options.synthesize,
    });
    this.#conferences = new Conferences({
      clock: this.#clock,
      logger: options.logger,
      ticker: this.#ticker,
      sounds: this.#sounds,
      bus: this.#bus,
      domain: this.#mediaHost(),
      peers: options.peers,
    });
    this.#api = {
      farBridges: options.peers && this.#joinPeers(options.peers),
      conferences: this.#conferences,
      clock: options.clock,
      logger: options.logger,
      channels: this.#channels,
      coreUuid: this.#bus.factory.coreUuid,
      hostname: this.#bus.factory.hostname,
      // One stereo fork of this server contains everything, also what the fork itself injects: clients ask for it.
      globals: new Map([['xiangyin_stereo_bidirectional', 'true']]),
      startedMs: options.clock.nowMs(),
      sofiaStatus: () => sofiaStatus(this.#profile, this.#agent?.addresses ?? [], this.#channels.size),
    };
  }

  /** Rejects with the code of what could not be bound, naming the port. */
  static async listen(options: FreeSwitchServerOptions): Promise<FreeSwitchServer> {
    const server = new FreeSwitchServer(options);
    try {
      await server.#start();
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  get eventSocketAddress(): HostPort {
    return this.#listener?.address ?? this.#options.eventSocket;
  }

  /** The first SIP address. */
  get sipAddress(): HostPort {
    const first = this.#agent?.addresses[0];
    return { host: first?.host ?? '', port: first?.port ?? 0 };
  }

  counts(): FreeSwitchCounts {
    const agent = this.#agent?.counts();
    let sockets = this.#connecting.size + this.#forks.size;
    for (const sessions of this.#outbound.values()) sockets += sessions.size;
    return {
      channels: this.#channels.size + this.#starting,
      rtpPorts: this.#ports.inUse,
      sockets,
      timers: this.#clock.pendingTimers + (agent?.timers ?? 0),
      forks: this.#forks.size,
      conferenceMembers: this.#conferences.memberCount,
      dialogs: agent?.dialogs ?? 0,
      transactions: agent?.transactions ?? 0,
      clients: this.#listener?.clients ?? 0,
    };
  }

  /** Ends everything at once: calls get no BYE, connections are cut. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#heartbeatTimer?.cancel();
    for (const channel of [...this.#channels.values()]) channel.close();
    this.#channels.clear();
    for (const socket of this.#connecting) socket.destroy();
    for (const sessions of this.#outbound.values()) for (const session of [...sessions]) session.close();
    this.#forkLinks.close();
    this.#conferences.close();
    this.#ticker.close();
    this.#sounds.close();
    this.#ports.close();
    this.#moderation?.close();
    await this.#handshaker.close();
    await this.#listener?.close();
    await this.#agent?.close();
  }

  async #start(): Promise<void> {
    const { eventSocket, secret, sip, clock, logger } = this.#options;
    this.#listener = await EventSocketListener.listen(eventSocket, secret, this.#sessionHost(clock));
    // SIP here is between our own daemons: no external address, whatever SDP says.
    this.#agent = await UserAgent.listen({
      listen: sip.split(',').map((address) => address.trim()),
      name: 'FreeSWITCH-mod_sofia/1.10.12-xiangyin',
      // Its 200 comes within a millisecond or two: a 100 would be one more message on the way of every call's setup.
      timers: { tryingMs: 200 },
      clock,
      logger,
    });
    this.#agent.on('invite', (invite) => {
      this.#starting += 1;
      this.#answer(invite)
        .catch((error: unknown) => {
          logger.warn({ code: errorCode(error) }, 'an INVITE could not be answered');
          refuse(invite, errorCode(error) === 'RTP_NO_PORT' ? 503 : 500);
        })
        .finally(() => {
          this.#starting -= 1;
        });
    });
    this.#agent.on('request', (incoming) => {
      if (incoming.request.method === 'OPTIONS') incoming.respond(200, 'OK');
      else
        incoming.respond(405, 'Method Not Allowed', {
          headers: { Allow: 'INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE' },
        });
    });
    this.#heartbeat();
  }

  #sessionHost(clock: Clock): SessionHost {
    return {
      clock,
      logger: this.#options.logger,
      bus: this.#bus,
      findChannel: (uuid) => this.#channels.get(uuid),
      api: (command) => runApiCommand(this.#api, command),
      heartbeat: () => this.#makeHeartbeat(),
    };
  }

  async #answer(invite: IncomingInvite): Promise<void> {
    const control = parseHostPort(invite.request.get('X-esl-outbound') ?? '');
    if (control === undefined) {
      invite.respond(404, 'Not Found', {
        headers: { Warning: '399 xiangyin "no X-esl-outbound header: nobody to control the call"' },
      });
      return;
    }
    if (this.#channels.size + this.#starting > MAX_SESSIONS) {
      invite.respond(503, 'Service Unavailable', { headers: { 'Retry-After': '5' } });
      return;
    }
    let cancelled = false;
    invite.on('cancel', () => {
      cancelled = true;
    });
    const socket = await this.#ports.acquire();
    if (cancelled || this.#closed) {
      socket.close();
      return;
    }
    try {
      this.#createChannel(invite, socket, control);
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  #createChannel(invite: IncomingInvite, socket: RtpSocket, control: HostPort): void {
    const { clock, logger } = this.#options;
    const localMedia = { host: this.#mediaHost(), port: socket.port };
    const security = new SecurityNegotiation(undefined, () =>
      makeDtlsEnd(this.#handshaker.prepare(), localMedia),
    );
    const leg = new SdpLeg(localMedia, clock.wallMs(), this.#options.codecs ?? AUDIO_CODECS, security);
    // drachtio-fsmrf asks for keys in our own offer with it.
    leg.use(invite.request.get('X-Secure-RTP'));
    const offer = invite.request.body;
    const sdp = offer === '' ? leg.offer() : leg.answer(offer);
    if (sdp === undefined) {
      socket.close();
      invite.respond(488, 'Not Acceptable Here');
      return;
    }
    const dialog = invite.accept({ body: sdp, headers: { 'Content-Type': 'application/sdp' } });
    const channel = new Channel({
      identity: {
        uuid: newUuid(),
        profile: this.#profile,
        invite: invite.request,
        source: { host: invite.source.host, port: invite.source.port },
        createdWallMs: clock.wallMs(),
      },
      clock: this.#clock,
      logger,
      bus: this.#bus,
      sounds: this.#sounds,
      ticker: this.#ticker,
      socket,
      leg,
      handshaker: this.#handshaker,
      localMedia,
      dialog,
      measured: this.#options.measured,
      openControl: (opening, address) =>
        new Promise((resolve) => this.#connectControl(opening, address, () => resolve())),
      joinConference: (request, host, execution) => this.#conferences.join(request, host, execution),
      forkLinks: this.#forkLinks,
      forkOpened: (fork) => this.#forks.add(fork),
      forkClosed: (fork) => this.#forks.delete(fork),
      ended: (ended) => this.#channelEnded(ended),
    });
    this.#channels.set(channel.uuid, channel);
    this.#sessionsSinceStart += 1;
    channel.announce();
    // Without an offer the channel is whole only when the ACK has brought the answer.
    // A call that nobody controls any more falls through to the end of its dialplan.
    const connect = (): void => this.#connectControl(channel, control, (cause) => channel.hangup(cause));
    if (offer !== '') connect();
    else dialog.once('ack', (ack) => channel.completeOffer(ack.body, connect));
  }

  /** Dials a client that is to control the call (`socket HOST:PORT async full`); `over`: it is gone, or did not answer. */
  #connectControl(channel: Channel, address: HostPort, over: (cause: string) => void): void {
    if (!this.#channels.has(channel.uuid)) return;
    const socket = connect({ host: address.host, port: address.port, noDelay: true });
    this.#connecting.add(socket);
    const fail = (reason: string): void => {
      this.#connecting.delete(socket);
      socket.destroy();
      this.#options.logger.warn({ channel: channel.uuid, reason }, 'the control connection failed');
      over('NORMAL_TEMPORARY_FAILURE');
    };
    const limit = this.#clock.after(CONNECT_LIMIT_MS, () => fail('timeout'));
    const failed = (error: Error): void => {
      limit.cancel();
      fail(errorCode(error));
    };
    socket.once('error', failed);
    // Also when the server closes and destroys the socket.
    socket.once('close', () => {
      limit.cancel();
      this.#connecting.delete(socket);
    });
    socket.once('connect', () => {
      limit.cancel();
      this.#connecting.delete(socket);
      socket.off('error', failed);
      this.#control(channel, socket, over);
    });
  }

  #control(channel: Channel, socket: Socket, over: (cause: string) => void): void {
    const sessions = this.#outbound.get(channel) ?? new Set<EventSocketSession>();
    this.#outbound.set(channel, sessions);
    const session = new EventSocketSession(socket, this.#sessionHost(this.#clock), {
      channel,
      closed: (gone) => {
        sessions.delete(gone);
        if (sessions.size === 0) this.#outbound.delete(channel);
        over('NORMAL_CLEARING');
      },
    });
    sessions.add(session);
    // The caller may have gone while we were connecting.
    if (!this.#channels.has(channel.uuid)) session.channelEnded();
  }

  #channelEnded(channel: Channel): void {
    this.#channels.delete(channel.uuid);
    for (const session of [...(this.#outbound.get(channel) ?? [])]) session.channelEnded();
  }

  /** The bridges to calls of other media workers; from now on those may ask for ours. */
  #joinPeers(peers: MediaPeers): FarBridges {
    const { logger } = this.#options;
    const options = { peers, conferences: this.#conferences, channels: this.#channels, logger };
    const bridges = new FarBridges(options);
    const far = new FarConferences({ ...options, bus: this.#bus, ticker: this.#ticker });
    this.#conferences.elsewhere = far;
    peers.service = new FarService(this.#channels, bridges, far, logger);
    return bridges;
  }

  #heartbeat(): void {
    this.#heartbeatTimer = this.#options.clock.after(HEARTBEAT_MS, () => {
      this.#bus.publish(this.#makeHeartbeat());
      this.#heartbeat();
    });
  }

  #makeHeartbeat(): FreeSwitchEvent {
    const { clock } = this.#options;
    const headers = heartbeatHeaders({
      upMs: clock.nowMs() - this.#api.startedMs,
      sessions: this.#channels.size,
      maxSessions: MAX_SESSIONS,
      sessionsSinceStart: this.#sessionsSinceStart,
      intervalMs: HEARTBEAT_MS,
    });
    return this.#bus.factory.make('HEARTBEAT', headers);
  }

  get #profile(): string {
    return this.#options.profile ?? 'drachtio_mrf';
  }

  /** What SDP says: an address that the other side can reach. */
  #mediaHost(): string {
    const { externalAddress, rtpAddress } = this.#options;
    return externalAddress ?? (rtpAddress === '0.0.0.0' ? ownAddress() : rtpAddress);
  }
}

function refuse(invite: IncomingInvite, status: number): void {
  try {
    invite.respond(status);
  } catch {
    // It was answered already, or has gone: nothing is left to refuse.
  }
}
