import type Mrf from 'drachtio-fsmrf';
import { errorCode } from '../core/errors.js';
import { mediaError } from './errors.js';

/** Files being played by the media server, one after another. Owned by whoever started it; {@link stop} is its close. */
export class Playback {
  #stopped = false;
  #over = false;

  /** Resolves when the last sample was sent or the playback was stopped; rejects MEDIA_PLAYBACK_FAILED. */
  readonly finished: Promise<'done' | 'stopped'>;

  constructor(
    private readonly endpoint: Mrf.Endpoint,
    files: readonly string[],
  ) {
    const [only] = files;
    const playing = endpoint.play(files.length === 1 && only !== undefined ? only : [...files]);
    this.finished = playing.then(
      () => {
        this.#over = true;
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

  /** Silent within the next packet. Safe to call twice and after the end. */
  stop(): void {
    if (this.#stopped || this.#over) return;
    this.#stopped = true;
    this.endpoint.api('uuid_break', `${this.endpoint.uuid} all`).catch(() => undefined);
  }
}
