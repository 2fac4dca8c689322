import type { HostPort } from '../../core/address.js';
import type { Clock } from '../../core/clock.js';
import { errorCode } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import { StateMachine } from '../../core/state-machine.js';
import type { MediaTicker } from '../rtp/media-ticker.js';
import type { DtlsHandshaker } from '../rtp/dtls-handshaker.js';
import type { RtpSocket } from '../rtp/port-pool.js';
import { RtpSession } from '../rtp/rtp-session.js';
import type { Dialog } from '../sip/dialog.js';
import type { IncomingRequest } from '../sip/request-options.js';
import type { ApplicationHost, DigitSource, EventOptions } from './application-host.js';
import { ApplicationStack, type Execution } from './application-stack.js';
import { findApplication } from './applications.js';
import { AudioFork } from './audio-fork.js';
import type { ForkLinks } from './fork-links.js';
import type { ForkCommand, ForkRequest } from './audio-fork-command.js';
import type { JoinRequest } from './conference-join.js';
import {
  channelHeaders,
  setInitialVariables,
  setMediaVariables,
  type CallState,
  type ChannelIdentity,
} from './channel-data.js';
import { DigitQueue } from './digit-queue.js';
import { HeaderBlock, type FreeSwitchEvent } from './event.js';
import type { EventBus } from './event-bus.js';
import type { ControlledChannel, ExecuteRequest } from './event-socket-session.js';
import { hangupCause, reasonHeader } from './hangup-causes.js';
import { readInfoDigit } from './info-digit.js';
import { MediaPath } from './media-path.js';
import { callQuality, mediaStatistics, type CallQuality } from './media-statistics.js';
import { MediaWatch } from './media-watch.js';
import { stopRecording } from './recording.js';
import type { SdpLeg } from './sdp-leg.js';
import { SecureMedia } from './secure-media.js';
import type { SoundLibrary } from './sound-library.js';
import { ChannelVariables, UNDEFINED_VALUE } from './variables.js';

export interface ChannelOptions {
  readonly identity: ChannelIdentity;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly bus: EventBus;
  readonly sounds: SoundLibrary;
  readonly ticker: MediaTicker;
  readonly socket: RtpSocket;
  readonly leg: SdpLeg;
  readonly handshaker: DtlsHandshaker;
  /** What SDP says about our side. */
  readonly localMedia: HostPort;
  readonly dialog: Dialog;
  /** See {@link ApplicationHost.openControl}. */
  readonly openControl: (channel: Channel, address: HostPort) => Promise<void>;
  /** Resolves when the call has left the conference again. */
  readonly joinConference: (
    request: JoinRequest,
    host: ApplicationHost,
    execution: Execution,
  ) => Promise<void>;
  /** A fork's connection is really gone: forks outlive their channel by the closing handshake. */
  readonly forkLinks: ForkLinks;
  readonly forkOpened: (fork: AudioFork) => void;
  readonly forkClosed: (fork: AudioFork) => void;
  /** Told once, at the call's end. */
  readonly measured?: ((quality: CallQuality) => void) | undefined;
  /** The call is over and everything is reported: control connections may go. */
  readonly ended: (channel: Channel) => void;
}

type ChannelState = 'confirmed' | 'ending' | 'terminated';

/** Applications that do not end although they were told so are left behind after this. */
const END_LIMIT_MS = 500;

/**
 * One call on the media server: owns its SIP dialog, RTP session and ports, applications, forks and recordings, and frees
 * them all in {@link close}. Ends by {@link hangup} (a client's order, or the application's) or by the caller's BYE.
 */
export class Channel implements ControlledChannel, ApplicationHost {
  readonly uuid: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sounds: SoundLibrary;
  readonly session: RtpSession;
  readonly media: MediaPath;
  readonly variables = new ChannelVariables();
  readonly digits = new DigitQueue();
  readonly #options: ChannelOptions;
  readonly #applications: ApplicationStack;
  readonly #state: StateMachine<ChannelState>;
  readonly #secure: SecureMedia;
  /** {@link channelHeaders} as they are now; undefined when they have changed. */
  #identity: HeaderBlock | undefined;
  readonly #watch: MediaWatch;
  #cause = 'NORMAL_CLEARING';
  #isReinviteOpen = false;
  #isReportedEnded = false;

  constructor(options: ChannelOptions) {
    this.#options = options;
    this.uuid = options.identity.uuid;
    this.clock = options.clock;
    this.logger = options.logger.child({ channel: this.uuid });
    this.sounds = options.sounds;
    this.#state = new StateMachine<ChannelState>(
      { confirmed: ['ending'], ending: ['terminated'], terminated: [] },
      'confirmed',
    );
    this.#secure = new SecureMedia(options.socket, options.handshaker, this.logger);
    const { remote } = options.leg;
    this.session = new RtpSession({
      socket: options.socket,
      clock: options.clock,
      codec: remote?.codec ?? 'PCMU',
      payloadType: remote?.payloadType ?? 0,
      telephoneEventType: remote?.telephoneEventType,
      ...(remote === undefined ? {} : { formats: remote.formats, events: remote.events }),
      remote: remote?.remote,
      ptimeMs: 20,
      logger: this.logger,
      ssrc: options.leg.security.ssrc,
      cname: options.leg.security.cname,
      sendsToneKeys: true,
    });
    this.#applications = new ApplicationStack(
      (name) => findApplication(this, name),
      {
        started: (execution) => this.#publishExecution('CHANNEL_EXECUTE', execution),
        completed: (execution) => this.#publishExecution('CHANNEL_EXECUTE_COMPLETE', execution),
        unknown: (name) => {
          this.logger.warn({ application: name }, 'unknown application, hanging up');
          this.hangup('DESTINATION_OUT_OF_ORDER');
        },
      },
      this.logger,
    );
    this.media = new MediaPath({
      session: this.session,
      ticker: options.ticker,
      logger: this.logger,
      writer: () => this.#applications.innermost?.writer,
      sendsSilence: () => this.#sendsSilence,
      eachSecond: () => this.#watchMedia(),
    });
    this.#watch = new MediaWatch(this.session, options.leg, this.variables, options.clock.nowMs());
    setInitialVariables(this.variables, options.identity);
    // Phones, gateways and NATs take a line without packets for dead: silence is sent unless the client turns it off.
    this.variables.set('send_silence_when_idle', '-1');
    this.#mediaChanged();
    this.session.on('dtmf', (digit, durationSamples) => this.pressed(digit, durationSamples, 'RTP'));
    this.#followDialog(options.dialog);
  }

  /** Reports the channel to the clients; call once, when the server knows it. */
  announce(): void {
    this.publish('CHANNEL_CREATE');
    this.publish('CHANNEL_ANSWER');
    this.publish('CHANNEL_CALLSTATE', {
      'Original-Channel-Call-State': 'RINGING',
      'Channel-Call-State-Number': '4',
    });
    this.publish('CHANNEL_PARK');
  }

  /** The ACK of a call that came without an offer: `then` goes on when its answer is usable, else the call ends. */
  completeOffer(answer: string, then: () => void): void {
    if (!this.#options.leg.accept(answer)) {
      this.hangup('INCOMPATIBLE_DESTINATION');
      return;
    }
    this.#mediaChanged();
    then();
  }

  execute(request: Partial<ExecuteRequest> & Pick<ExecuteRequest, 'application' | 'argument'>): void {
    if (this.#state.state !== 'confirmed') return;
    this.#applications.execute({ eventUuid: undefined, eventLock: false, loops: 1, ...request });
  }

  openControl(address: HostPort): Promise<void> {
    return this.#options.openControl(this, address);
  }

  joinConference(request: JoinRequest, execution: Execution): Promise<void> {
    return this.#options.joinConference(request, this, execution);
  }

  breakApplications(all: boolean): boolean {
    return this.#applications.break(all);
  }

  getVariable(name: string): string | undefined {
    return this.variables.get(name);
  }

  setVariable(name: string, value: string): void {
    this.variables.set(name, value);
  }

  /** `uuid_set_media_stats`: puts the RTP counters into variables. */
  setMediaStats(): void {
    const figures = {
      session: this.session,
      heard: this.media.heardStats,
      refusedPackets: this.#secure.refusedPackets,
    };
    for (const [name, value] of mediaStatistics(figures)) this.variables.set(name, value);
  }

  channelData(): Readonly<Record<string, string>> {
    return { ...this.channelDataEvent().headers, 'Channel-Unique-ID': this.uuid };
  }

  channelDataEvent(): FreeSwitchEvent {
    return this.#make('CHANNEL_DATA', {});
  }

  /** One `uuid_audio_fork` order; false is answered with `-ERR Operation Failed`. */
  fork(command: ForkCommand): boolean {
    if (this.#state.state !== 'confirmed') return false;
    if (command.kind === 'start') return this.#startFork(command.request);
    const fork = this.media.fork(command.name);
    if (fork === undefined) return false;
    switch (command.kind) {
      case 'stop':
        this.media.removeFork(command.name);
        fork.close(command.text);
        return true;
      case 'send_text':
        return command.text !== undefined && fork.sendText(command.text);
      case 'pause':
      case 'resume':
        fork.pause(command.kind === 'pause');
        return true;
      case 'graceful-shutdown':
        fork.gracefulShutdown();
        return true;
      case 'stop_play':
        fork.stopPlay();
        return true;
    }
  }

  /** A key sent to the caller out of band; resolves when the last one is over. */
  sendDtmf(digits: string, durationMs: number): void {
    this.session.sendDtmf(digits, durationMs).catch((error: unknown) => {
      this.logger.warn({ code: errorCode(error) }, 'keys could not be sent');
    });
  }

  /** Ends the call with a cause by name or number; repeats are ignored. */
  hangup(cause: string): void {
    this.#end(hangupCause(cause), true);
  }

  /** Frees everything at once, reporting nothing; safe to call twice. */
  close(): void {
    this.#state.move('ending');
    if (!this.#state.move('terminated')) return;
    // First the last frames go out, to the recordings too.
    this.media.close();
    stopRecording(this, 'all');
    this.#secure.close();
    this.session.removeAllListeners();
    this.#options.socket.close();
    void this.#applications.close();
  }

  get #sendsSilence(): boolean {
    return (this.variables.integer('send_silence_when_idle') ?? 0) !== 0;
  }

  /** While the applications complete, the call still counts as active, as on the real server; its cause is told already. */
  get #callState(): CallState {
    return this.#isReportedEnded ? 'HANGUP' : 'ACTIVE';
  }

  /** Makes an event only if somebody wants it: each has a hundred headers. */
  publish(name: string, headers: Readonly<Record<string, string>> = {}, options: EventOptions = {}): void {
    const { bus } = this.#options;
    if (bus.isWanted(name, options.subclass, this.uuid)) bus.publish(this.#make(name, headers, options));
    else bus.factory.skip();
  }

  #make(
    name: string,
    headers: Readonly<Record<string, string>>,
    options: EventOptions = {},
  ): FreeSwitchEvent {
    const isEnding = this.#state.state !== 'confirmed';
    const own = isEnding ? { 'Hangup-Cause': this.#cause, ...headers } : headers;
    const blocks = [this.#identityBlock(), this.variables.block, new HeaderBlock(own)];
    return this.#options.bus.factory.makeOfBlocks(name, blocks, options);
  }

  #identityBlock(): HeaderBlock {
    return (this.#identity ??= new HeaderBlock(
      channelHeaders(this.#options.identity, this.#callState, this.#options.leg),
    ));
  }

  #publishExecution(name: string, execution: Execution): void {
    const headers: Record<string, string> = {
      Application: execution.application,
      'Application-Data': execution.argument,
      'Application-UUID': execution.uuid,
    };
    if (execution.isFinished) {
      headers['Application-Response'] = execution.response ?? '_none_';
      this.variables.set('current_application_response', execution.response ?? UNDEFINED_VALUE);
    } else {
      this.variables.set('current_application', execution.application);
    }
    this.publish(name, headers);
  }

  #watchMedia(): void {
    if (this.#watch.isOver(this.clock.nowMs())) this.hangup('MEDIA_TIMEOUT');
  }

  pressed(digit: string, durationSamples: number, source: DigitSource): void {
    if (this.#state.state !== 'confirmed') return;
    // On a bridge a key is for the partner, who hears one in the sound anyway.
    const isPassedOn = source !== 'INBAND_AUDIO' && this.media.passKey(digit, durationSamples / 8);
    const isTaken = isPassedOn || this.#applications.innermost?.onDigit?.(digit) === true;
    if (!isTaken) this.digits.push(digit);
    this.publish('DTMF', {
      'DTMF-Digit': digit,
      'DTMF-Duration': String(durationSamples),
      'DTMF-Source': source,
    });
  }

  #startFork(request: ForkRequest): boolean {
    if (this.media.fork(request.name) !== undefined) return false;
    const { forkOpened, forkClosed } = this.#options;
    const fork = new AudioFork(request, {
      clock: this.clock,
      logger: this.logger,
      channelUuid: this.uuid,
      links: this.#options.forkLinks,
      getVariable: (name) => this.variables.get(name),
      publish: (subclass, body) => {
        const options = body === undefined ? { subclass } : { subclass, body };
        this.publish('CUSTOM', {}, options);
      },
      breakPlayback: () => {
        if (this.#applications.innermost?.writer !== undefined) this.#applications.break(false);
      },
      closed: (gone) => forkClosed(gone),
    });
    this.media.addFork(fork);
    forkOpened(fork);
    fork.start();
    return true;
  }

  #followDialog(dialog: Dialog): void {
    dialog.on('request', (incoming) => this.#request(incoming));
    dialog.on('ack', (ack) => {
      if (!this.#isReinviteOpen) return;
      this.#isReinviteOpen = false;
      if (ack.body !== '' && this.#options.leg.accept(ack.body)) this.#mediaChanged();
    });
    dialog.on('ended', (reason) => {
      if (reason !== 'local-bye')
        this.#end(reason === 'remote-bye' ? 'NORMAL_CLEARING' : 'RECOVERY_ON_TIMER_EXPIRE', false);
    });
  }

  #request(incoming: IncomingRequest): void {
    const { method, body } = incoming.request;
    if (method === 'INVITE' || (method === 'UPDATE' && body !== '')) {
      const isOfferless = body === '';
      this.#options.leg.use(this.variables.get('rtp_secure_media'));
      const sdp = isOfferless ? this.#options.leg.offer() : this.#options.leg.answer(body);
      if (sdp === undefined) {
        incoming.respond(488, 'Not Acceptable Here');
        return;
      }
      // Without an offer the answer comes with the ACK.
      this.#isReinviteOpen = isOfferless;
      this.#mediaChanged();
      incoming.respond(200, 'OK', { body: sdp, headers: { 'Content-Type': 'application/sdp' } });
      return;
    }
    if (method === 'INFO') {
      const key = readInfoDigit(incoming.request.get('Content-Type') ?? '', body);
      if (key !== undefined) this.pressed(key.digit, key.durationMs * 8, 'ENDPOINT');
      incoming.respond(200, 'OK');
      return;
    }
    const isHarmless =
      method === 'UPDATE' || method === 'OPTIONS' || method === 'NOTIFY' || method === 'MESSAGE';
    if (isHarmless) incoming.respond(200, 'OK');
    else incoming.respond(501, 'Not Implemented');
  }

  #mediaChanged(): void {
    const { leg, localMedia } = this.#options;
    setMediaVariables(this.variables, leg, localMedia);
    this.#identity = undefined;
    this.media.maySend = leg.maySend;
    this.#watch.renegotiated(this.clock.nowMs());
    this.#secure.apply(leg.security, leg.remote?.remote);
    if (leg.remote === undefined) return;
    const { remote, codec, payloadType, telephoneEventType } = leg.remote;
    this.session.setRemote(remote, codec, payloadType, telephoneEventType, leg.remote);
  }

  #end(cause: string, isLocal: boolean): void {
    if (!this.#state.move('ending')) return;
    this.#cause = cause;
    if (isLocal) {
      this.#options.dialog
        .bye({ Reason: reasonHeader(cause) })
        .catch((error: unknown) => this.logger.debug({ code: errorCode(error) }, 'BYE failed'));
    }
    const limit = this.clock.after(END_LIMIT_MS, () => this.#ended());
    void this.#applications.close().then(() => {
      limit.cancel();
      this.#ended();
    });
  }

  /** The order in which the real server tells: applications have completed, then the state, then the connection ends. */
  #ended(): void {
    if (this.#state.state !== 'ending') return;
    this.#isReportedEnded = true;
    this.#identity = undefined;
    this.variables.set('hangup_cause', this.#cause);
    this.setMediaStats();
    this.publish('CHANNEL_CALLSTATE', {
      'Original-Channel-Call-State': 'ACTIVE',
      'Channel-Call-State-Number': '10',
    });
    this.publish('CHANNEL_HANGUP');
    this.publish('CHANNEL_HANGUP_COMPLETE');
    this.publish('CHANNEL_DESTROY');
    this.#options.measured?.(callQuality(this.session));
    this.close();
    this.#options.ended(this);
  }
}
