import type { Clock, Timer } from '../core/clock.js';
import type { AudioStream } from './audio-stream.js';

/** How far ahead of the caller's ear audio is handed over, ms: enough to outlive any pause of this process. */
const leadMs = 2000;

/** Largest piece handed over at once, samples (200 ms): small enough that a cut never waits behind a big message. */
const pieceSamples = 1600;

/** How long past its expected end a mark may be missing before the speech counts as heard, ms. */
const markGraceMs = 1000;

const samplesPerMs = 8;

export type SpeechEnd = 'done' | 'cut';

/** Something being said to the caller. */
export interface Speech {
  /** Resolves when the caller has heard the last sample, or when it was cut. Rejects if its source fails. */
  readonly finished: Promise<SpeechEnd>;
  /** Silent within the next packet; what was not sent yet never will be. Safe to call twice. */
  cut(): void;
}

/**
 * The bot's voice on one call: hands audio to the media server ahead of time and knows when it has been heard. One
 * speech at a time; a new one waits for nobody, the caller of {@link speak} keeps the order.
 */
export class BotAudio {
  #marks = 0;
  /** When the last sample handed over so far will have been heard, on the clock. */
  #heardAtMs = 0;

  constructor(
    private readonly stream: AudioStream,
    private readonly clock: Clock,
  ) {}

  /** Mono s16 at 8 kHz, in pieces of any size. `aborted` is called once if the speech is cut: stop making more. */
  speak(audio: AsyncIterable<Int16Array>, aborted: () => void = () => undefined): Speech {
    let cutShort = false;
    let wake: (() => void) | undefined;
    const run = async (): Promise<SpeechEnd> => {
      for await (const chunk of audio) {
        for (let at = 0; at < chunk.length; at += pieceSamples) {
          const aheadMs = this.#heardAtMs - this.clock.nowMs() - leadMs;
          if (aheadMs > 0) await this.#sleep(aheadMs, (woken) => (wake = woken));
          if (cutShort) return 'cut';
          const piece = chunk.subarray(at, at + pieceSamples);
          this.stream.send(piece);
          this.#heardAtMs = Math.max(this.#heardAtMs, this.clock.nowMs()) + piece.length / samplesPerMs;
        }
        if (cutShort) return 'cut';
      }
      return cutShort
        ? 'cut'
        : await this.#heard(
            (woken) => (wake = woken),
            () => cutShort,
          );
    };
    const finished = run();
    finished.catch(() => undefined);
    return {
      finished,
      cut: () => {
        if (cutShort) return;
        cutShort = true;
        this.#heardAtMs = 0;
        this.stream.killAudio();
        aborted();
        wake?.();
      },
    };
  }

  async #sleep(ms: number, waker: (wake: () => void) => void): Promise<void> {
    let timer: Timer | undefined;
    await new Promise<void>((resolve) => {
      timer = this.clock.after(ms, resolve);
      waker(resolve);
    });
    timer?.cancel();
  }

  /** Waits until the media server says that everything was played, or until it must have been. */
  async #heard(waker: (wake: () => void) => void, cutShort: () => boolean): Promise<SpeechEnd> {
    const name = `m${++this.#marks}`;
    const limitMs = Math.max(0, this.#heardAtMs - this.clock.nowMs()) + markGraceMs;
    let timer: Timer | undefined;
    let listener: ((mark: string) => void) | undefined;
    let lost: (() => void) | undefined;
    await new Promise<void>((resolve) => {
      listener = (mark) => {
        if (mark === name) resolve();
      };
      this.stream.on('mark', listener);
      lost = resolve;
      this.stream.on('lost', resolve);
      timer = this.clock.after(limitMs, resolve);
      waker(resolve);
      this.stream.mark(name);
    });
    timer?.cancel();
    if (listener !== undefined) this.stream.off('mark', listener);
    if (lost !== undefined) this.stream.off('lost', lost);
    return cutShort() ? 'cut' : 'done';
  }
}
