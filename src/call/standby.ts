import type { AudioStreamServer } from '../audio-stream/audio-stream-server.js';
import type { Clock, Timer } from '../core/clock.js';
import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { StateMachine, type TransitionTable } from '../core/state-machine.js';
import type { MediaEndpoint } from '../media/media-endpoint.js';
import { CallAudio } from './call-audio.js';

/** A call's endpoint on the media server, and the stream of its sound. */
export interface CallMedia {
  readonly endpoint: MediaEndpoint;
  readonly audio: CallAudio;
}

export interface StandbyOptions {
  /** How many are kept ready; 0: none. */
  readonly size: number;
  /** Makes an endpoint that makes the offer itself. */
  readonly createEndpoint: () => Promise<MediaEndpoint>;
  readonly audio: AudioStreamServer;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Others are made when no call has come for this long, ms: what is made ahead must not delay what is wanted now. */
const quietMs = 20;

/** An endpoint that nobody took is made anew after so long, ms: media servers end a call without sound after five minutes. */
const freshMs = 240_000;

/** After a failure, ms: a media server that is away is asked this often. */
const retryMs = 2_000;

interface Ready {
  readonly media: CallMedia;
  /** Until it is no longer fresh. */
  readonly aging: Timer;
}

/** `unfit`: the media server needs two forks, and so more than one re-INVITE: nothing is made ahead there. */
type State = 'keeping' | 'unfit' | 'closed';

const moves: TransitionTable<State> = {
  keeping: ['unfit', 'closed'],
  unfit: ['keeping', 'closed'],
  closed: [],
};

/**
 * Endpoints whose forks are open already, made ahead of calls: to take a call is one re-INVITE to the media server instead of
 * an INVITE, an Event Socket connection and a WebSocket one after the other. When calls come faster than others are made
 * there is none, and a call goes the long way. Owned by the composition root.
 */
export class Standby {
  readonly #machine = new StateMachine<State>(moves, 'keeping');
  readonly #ready: Ready[] = [];
  #timer: Timer | undefined;
  #filling: Promise<void> | undefined;

  constructor(private readonly options: StandbyOptions) {}

  /** How many are ready. */
  get size(): number {
    return this.#ready.length;
  }

  /** Makes what is missing, one after another. Resolves when all are there or one could not be made. Never rejects. */
  fill(): Promise<void> {
    this.#timer?.cancel();
    this.#filling ??= this.#fill().finally(() => (this.#filling = undefined));
    return this.#filling;
  }

  /**
   * Media for the caller's offer; undefined: none is ready, or the one that was is gone. Rejects MEDIA_NOT_ACCEPTABLE. What it
   * resolves to belongs to the caller of this method.
   */
  async take(offer: string): Promise<CallMedia | undefined> {
    const ready = this.#ready.shift();
    this.#fillAfter(quietMs);
    if (ready === undefined) return undefined;
    ready.aging.cancel();
    const { media } = ready;
    const { endpoint, audio } = media;
    endpoint.removeAllListeners();
    audio.speaking.removeAllListeners();
    try {
      await Promise.all([endpoint.answer(offer), endpoint.resumeForks()]);
      return media;
    } catch (error) {
      await release(media);
      if (errorCode(error) === 'MEDIA_NOT_ACCEPTABLE') throw error;
      return undefined;
    }
  }

  /** The way to the media servers broke: what was made over it is worth nothing. */
  discard(): void {
    void this.#releaseAll();
    this.#machine.move('keeping');
    this.#fillAfter(retryMs);
  }

  /** Releases those that are ready. Safe to call twice. */
  async close(): Promise<void> {
    this.#machine.move('closed');
    this.#timer?.cancel();
    await this.#releaseAll();
    await this.#filling;
  }

  get #isKeeping(): boolean {
    return this.#machine.state === 'keeping';
  }

  async #fill(): Promise<void> {
    const { size, logger } = this.options;
    while (this.#isKeeping && this.#ready.length < size) {
      try {
        const media = await this.#make();
        if (media === undefined) this.#machine.move('unfit');
        else if (this.#isKeeping) this.#add(media);
        else await release(media);
      } catch (error) {
        logger.debug({ code: errorCode(error) }, 'no endpoint could be made ahead of calls');
        this.#fillAfter(retryMs);
        return;
      }
    }
  }

  /** Undefined: this media server does not take both directions in one stream. */
  async #make(): Promise<CallMedia | undefined> {
    const { createEndpoint, audio: server } = this.options;
    const endpoint = await createEndpoint();
    try {
      if (endpoint.forkPlan !== 'stereo') {
        await endpoint.close();
        return undefined;
      }
      const audio = await CallAudio.open(endpoint, server);
      await endpoint.pauseForks();
      return { endpoint, audio };
    } catch (error) {
      await endpoint.close();
      throw error;
    }
  }

  #add(media: CallMedia): void {
    const dropped = (refillMs: number): void => {
      const at = this.#ready.indexOf(ready);
      if (at < 0) return;
      this.#ready.splice(at, 1);
      ready.aging.cancel();
      void release(media);
      this.#fillAfter(refillMs);
    };
    const ready: Ready = { media, aging: this.options.clock.after(freshMs, () => dropped(quietMs)) };
    this.#ready.push(ready);
    media.endpoint.on('gone', () => dropped(retryMs));
    media.audio.speaking.on('lost', () => dropped(retryMs));
  }

  async #releaseAll(): Promise<void> {
    await Promise.all(
      this.#ready.splice(0).map(({ media, aging }) => {
        aging.cancel();
        return release(media);
      }),
    );
  }

  #fillAfter(delayMs: number): void {
    this.#timer?.cancel();
    if (!this.#isKeeping || this.options.size === 0) return;
    this.#timer = this.options.clock.after(delayMs, () => void this.fill());
  }
}

async function release({ endpoint, audio }: CallMedia): Promise<void> {
  audio.speaking.removeAllListeners();
  await endpoint.close();
  audio.close();
}
