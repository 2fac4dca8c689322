import type Mrf from 'drachtio-fsmrf';
import { errorCode } from '../core/errors.js';
import { mediaError } from './errors.js';

/** A place in a file. */
export interface StoppedAt {
  /** At the file's own rate, from its beginning: `file@@samples` goes on from there. */
  readonly samples: number;
  /** How long this playback lasted. */
  readonly ms: number;
}

/** Files being played by the media server, one after another. Owned by whoever started it; {@link stop} is its close. */
export class Playback {
  #stopped = false;
  #over = false;
  #stoppedAt: StoppedAt | undefined;

  /** Resolves when the last sample was sent or the playback was stopped; rejects MEDIA_PLAYBACK_FAILED. */
  readonly finished: Promise<'done' | 'stopped'>;

  constructor(
    private readonly endpoint: Mrf.Endpoint,
    files: readonly string[],
  ) {
    const [only] = files;
    const playing = endpoint.play(files.length === 1 && only !== undefined ? only : [...files]);
    this.finished = playing.then(
      (played) => {
        this.#over = true;
        this.#stoppedAt = placeOf(played);
        return this.#stopped ? 'stopped' : 'done';
      },
      (error: unknown) => {
        this.#over = true;
        if (this.#stopped) return 'stopped';
        throw mediaError('MEDIA_PLAYBACK_FAILED', { reason: errorCode(error) }, error);
      },
    );
    // Whoever awaits `finished` hears of the failure; nobody having to await it must not end the process.
    this.finished.catch(() => undefined);
  }

  /** Where the file ended or was stopped, once that is known; undefined where the media server does not tell. */
  get stoppedAt(): StoppedAt | undefined {
    return this.#stoppedAt;
  }

  /** Silent within the next packet. Safe to call twice and after the end. */
  stop(): void {
    if (this.#stopped || this.#over) return;
    this.#stopped = true;
    this.endpoint.api('uuid_break', `${this.endpoint.uuid} all`).catch(() => undefined);
  }
}

function placeOf(played: Awaited<ReturnType<Mrf.Endpoint['play']>> | undefined): StoppedAt | undefined {
  const samples = Number(played?.playbackLastOffsetPos);
  const ms = Number(played?.playbackMilliseconds);
  return Number.isFinite(samples) && Number.isFinite(ms) && ms > 0 ? { samples, ms } : undefined;
}
