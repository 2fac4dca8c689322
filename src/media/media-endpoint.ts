import type Mrf from 'drachtio-fsmrf';
import type { Clock } from '../core/clock.js';
import { within } from '../core/deadline.js';
import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { TypedEmitter } from '../core/typed-emitter.js';
import { playoutOf, startForks, type ForkPlan, type ForkUrls } from './audio-fork.js';
import { mediaError } from './errors.js';
import { mediaQualityOf, readMediaQuality, type MediaQuality } from './media-quality.js';
import { Playback } from './playback.js';

export type MediaEndpointEvents = {
  /** A key of the caller, by RFC 4733 or in-band, after its end. */
  key: [key: string];
  /** The media server has ended the endpoint by itself. Never after close(). */
  gone: [cause: string];
};

/** How long the media server may take to end an endpoint before we end its SIP leg ourselves, ms. */
const closeLimitMs = 3000;

/** How long a re-INVITE to the media server may take, ms: the caller's transaction lasts 32 s at most. */
const modifyLimitMs = 5000;

/** How long after a bridge an endpoint may take to be parked again, and how often that is looked at, ms. */
const parkLimitMs = 500;
const parkPollMs = 20;

/** How long the media server may take to accept the forks, ms. */
const forkLimitMs = 5000;

/** How long the media server may take to connect two endpoints, or to part them, ms. */
const bridgeLimitMs = 3000;

/** A call's channel on the media server: its RTP, its forks, what it plays. Owned by the call. */
export class MediaEndpoint extends TypedEmitter<MediaEndpointEvents> {
  #closed = false;
  #gone = false;
  /** The connection to the media server broke: whether its SIP leg ends by itself nobody can say. */
  #cutOff = false;
  /** Rejects the re-INVITEs that are under way: the library never settles them once the endpoint is gone. */
  readonly #abandon = new Set<() => void>();
  /** See {@link answer}. */
  #answer: string | undefined;
  #quality: MediaQuality | undefined;

  constructor(
    private readonly endpoint: Mrf.Endpoint,
    readonly forkPlan: ForkPlan,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly released: () => void,
    /** Makes an endpoint that makes the offer itself, on the same media server: only those can be bridged. */
    readonly createBeside: () => Promise<MediaEndpoint> = () => Promise.reject(mediaError('MEDIA_NO_SERVER')),
  ) {
    super();
    endpoint.on('dtmf', (event: { dtmf: string }) => this.emit('key', event.dtmf));
    // The embedded server's last word has the figures, also when it ends the call by itself; FreeSWITCH's has none.
    endpoint.conn?.on(`esl::event::CHANNEL_CALLSTATE::${endpoint.uuid}`, (event) => {
      this.#quality ??= mediaQualityOf((name) => event.getHeader(name));
    });
    endpoint.on('destroy', (event: { reason?: string } | undefined) => {
      this.#cutOff = event === undefined;
      this.#lost(event?.reason ?? 'connection lost');
    });
    endpoint.on('error', (error: unknown) =>
      logger.warn({ code: errorCode(error) }, 'endpoint connection failed'),
    );
  }

  get id(): string {
    return this.endpoint.uuid;
  }

  /** How its packets fared: there after {@link close}, unless a FreeSWITCH ended it by itself or was too slow. */
  get quality(): MediaQuality | undefined {
    return this.#quality;
  }

  /** The SDP that answers the caller (or offers, for an INVITE without an offer). */
  get localSdp(): string {
    return this.#answer ?? this.endpoint.local.sdp;
  }

  /**
   * Gives an endpoint that was made without an offer to a caller; {@link localSdp} answers the offer from then on. Rejects
   * as {@link modify}; in contrast to that it does not ask for the channel's variables, which costs another way there
   * and back.
   */
  async answer(offer: string): Promise<void> {
    this.#answer = await this.#negotiate(offer, async (sdp) => {
      const { dialog } = this.endpoint;
      if (dialog === null) throw mediaError('MEDIA_ENDPOINT_GONE');
      return await dialog.modify(sdp);
    });
  }

  /**
   * Moves the endpoint's RTP to another offer (re-INVITE, hold); resolves to its answer. Rejects MEDIA_NOT_ACCEPTABLE,
   * MEDIA_ENDPOINT_GONE.
   */
  modify(offer: string): Promise<string> {
    return this.#negotiate(offer, (sdp) => this.endpoint.modify(sdp));
  }

  async #negotiate(offer: string, reinvite: (sdp: string) => Promise<string>): Promise<string> {
    let abandon: () => void = () => undefined;
    const gone = new Promise<never>((_resolve, reject) => {
      abandon = () => reject(mediaError('MEDIA_ENDPOINT_GONE'));
    });
    this.#abandon.add(abandon);
    const negotiated = (sdp: string): Promise<string> =>
      within(this.clock, modifyLimitMs, Promise.race([reinvite(sdp), gone]), () =>
        mediaError('MEDIA_ENDPOINT_FAILED', { reason: 'no answer to the re-INVITE' }),
      );
    const before = this.endpoint.remote.sdp;
    try {
      const answer = await negotiated(offer);
      if (!hasAudio(offer) || hasAudio(answer)) return answer;
      // FreeSWITCH refuses codecs with 200 and port 0 (RFC 3264 §6), and is without sound then: back to what was agreed.
      if (hasAudio(before)) await negotiated(before);
      throw mediaError('MEDIA_NOT_ACCEPTABLE');
    } catch (error) {
      if (this.#closed || this.#gone) throw mediaError('MEDIA_ENDPOINT_GONE', {}, error);
      throw mediaError('MEDIA_NOT_ACCEPTABLE', {}, error);
    } finally {
      this.#abandon.delete(abandon);
    }
  }

  /** How the server treats the bot's audio. */
  get playout(): ReturnType<typeof playoutOf> {
    return playoutOf(this.forkPlan);
  }

  /** See {@link startForks}; rejects MEDIA_FORK_FAILED too when the server does not answer. */
  startForks(urls: ForkUrls): Promise<void> {
    // The library never settles a command whose connection ended before the reply.
    return within(this.clock, forkLimitMs, startForks(this.endpoint, this.forkPlan, urls), () =>
      mediaError('MEDIA_FORK_FAILED', { reason: 'no answer' }),
    );
  }

  /** The stereo fork sends nothing until {@link resumeForks}. Rejects MEDIA_FORK_FAILED. */
  pauseForks(): Promise<void> {
    return this.#forkCommand('pause call blank');
  }

  /** Rejects MEDIA_FORK_FAILED. */
  resumeForks(): Promise<void> {
    return this.#forkCommand('resume call');
  }

  async #forkCommand(command: string): Promise<void> {
    const failed = (reason: string) => mediaError('MEDIA_FORK_FAILED', { reason });
    const asked = this.endpoint.api('uuid_audio_fork', `${this.id} ${command}`);
    const reply = (await within(this.clock, forkLimitMs, asked, () => failed('no answer'))).getBody();
    if (!reply.startsWith('+OK')) throw failed(reply.trim());
  }

  /** Plays files (paths or URLs that the media server can open) one after another. */
  play(files: readonly string[]): Playback {
    return new Playback(this.endpoint, files);
  }

  /**
   * Lets this endpoint and another on the same server hear each other; what plays on either ends. Forks go on. Rejects
   * MEDIA_BRIDGE_FAILED.
   */
  async bridge(other: MediaEndpoint): Promise<void> {
    // Without it FreeSWITCH hangs up the one that is left when the other ends.
    for (const id of [this.id, other.id]) await this.#api('uuid_setvar', `${id} park_after_bridge true`);
    await this.#api('uuid_bridge', `${this.id} ${other.id}`);
  }

  /** Ends a bridge; both endpoints stay. Rejects MEDIA_BRIDGE_FAILED. */
  async unbridge(): Promise<void> {
    await this.#api('uuid_transfer', `${this.id} -both park inline`);
    if (this.forkPlan === 'stereo') return;
    // FreeSWITCH loses commands that come before the call is parked again.
    const limitMs = this.clock.nowMs() + parkLimitMs;
    while (this.clock.nowMs() < limitMs && !this.#gone && !this.#closed) {
      if ((await this.#api('uuid_getvar', `${this.id} current_application`)) === 'park') return;
      await new Promise<void>((resolve) => void this.clock.after(parkPollMs, resolve));
    }
  }

  async #api(command: string, argument: string): Promise<string> {
    const failed = (reason: string) => mediaError('MEDIA_BRIDGE_FAILED', { reason });
    const asked = this.endpoint.api(command, argument);
    const reply = (await within(this.clock, bridgeLimitMs, asked, () => failed('no answer'))).getBody();
    // The reply names what is wrong, e.g. `-ERR Invalid uuid`.
    if (reply.startsWith('-ERR')) throw failed(reply.trim());
    return reply.trim();
  }

  /** Ends the endpoint. Resolves when the media server has released it, at the latest after 3 s. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.removeAllListeners();
    for (const abandon of this.#abandon) abandon();
    if (this.#cutOff) {
      // A media server that crashed says no BYE: without ours the leg would stay in drachtio for ever.
      this.endpoint.dialog?.destroy({ headers: {} }, () => undefined);
    } else if (!this.#gone) {
      // destroy() clears the library's reference to the dialog on success only, so it is there when the limit strikes.
      const dialog = this.endpoint.dialog;
      this.#measure();
      try {
        await within(this.clock, closeLimitMs, this.endpoint.destroy(), () =>
          mediaError('MEDIA_ENDPOINT_FAILED', { reason: 'no BYE after hangup' }),
        );
      } catch (error) {
        this.logger.warn(
          { code: errorCode(error) },
          'media server did not end the endpoint; ending its SIP leg',
        );
        dialog?.destroy({ headers: {} }, () => undefined);
      }
    }
    this.released();
  }

  /** The replies come before that of the hangup, which goes out after these commands without waiting for them. */
  #measure(): void {
    const { endpoint } = this;
    const asked = [
      endpoint.api('uuid_set_media_stats', this.id),
      endpoint.api('uuid_dump', `${this.id} json`).then((reply) => {
        this.#quality = readMediaQuality(reply.getBody());
      }),
    ];
    for (const one of asked) {
      one.catch((error: unknown) =>
        this.logger.debug({ code: errorCode(error) }, 'an endpoint could not be measured'),
      );
    }
  }

  #lost(cause: string): void {
    if (this.#closed || this.#gone) return;
    this.#gone = true;
    for (const abandon of this.#abandon) abandon();
    this.emit('gone', cause);
  }
}

/** Whether the session has audio at all: port 0 stands for a stream that is refused. */
function hasAudio(sdp: string | undefined): sdp is string {
  return sdp !== undefined && /^m=audio [1-9]/m.test(sdp);
}
