import type { Clock, Timer } from '../core/clock.js';
import type { AudioStream } from './audio-stream.js';

/** How far ahead of the caller's ear audio is handed over, ms: enough to outlive any pause of this process. */
const leadMs = 2000;

/** Largest piece handed over at once, samples (200 ms): small enough that a cut never waits behind a big message. */
const pieceSamples = 1600;

/** How long past its expected end a mark may be missing before the speech counts as heard, ms. */
const markGraceMs = 1000;

/** How long a media server may take to drop what it was told to drop, ms: it does so with its next frame. */
const clearedLimitMs = 100;

const samplesPerMs = 8;

/** How the media server treats what it is handed (wire.md C). */
export interface PlayoutTraits {
  /**
   * Samples it keeps to itself until more come, at the end of a speech too. mod_audio_fork: 640, and twice that at the
   * call's beginning. 0: plays what it has.
   */
  readonly heldSamples: number;
  /** killAudio takes effect with its next frame, and takes along what was handed over in between. */
  readonly lateKill: boolean;
}

const immediatePlayout: PlayoutTraits = { heldSamples: 0, lateKill: false };

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
  #sentSamples = 0;
  /** Settles when what was cut is gone at the media server. */
  #cleared: Promise<void> | undefined;

  constructor(
    private readonly stream: AudioStream,
    private readonly clock: Clock,
    private readonly traits: PlayoutTraits = immediatePlayout,
  ) {}

  /** Mono s16 at 8 kHz, in pieces of any size. `aborted` is called once if the speech is cut: stop making more. */
  speak(audio: AsyncIterable<Int16Array>, aborted: () => void = () => undefined): Speech {
    let cutShort = false;
    let over = false;
    let wake: (() => void) | undefined;
    const run = async (): Promise<SpeechEnd> => {
      if (this.#cleared !== undefined) await this.#cleared;
      for await (const chunk of audio) {
        for (let at = 0; at < chunk.length; at += pieceSamples) {
          const aheadMs = this.#heardAtMs - this.clock.nowMs() - leadMs;
          if (aheadMs > 0) await this.#sleep(aheadMs, (woken) => (wake = woken));
          if (cutShort) return 'cut';
          const piece = chunk.subarray(at, at + pieceSamples);
          this.#hand(piece);
        }
        if (cutShort) return 'cut';
      }
      if (!cutShort && this.traits.heldSamples > 0) {
        // In a later turn: the media server may be busy with the last words now.
        await this.#sleep(10, (woken) => (wake = woken));
        if (!cutShort) this.#flush();
      }
      return cutShort
        ? 'cut'
        : await this.#heard(
            (woken) => (wake = woken),
            () => cutShort,
          );
    };
    const finished = run().finally(() => (over = true));
    finished.catch(() => undefined);
    return {
      finished,
      cut: () => {
        // What has been heard to its end leaves nothing to kill; the next speech may be on its way already.
        if (cutShort || over) return;
        cutShort = true;
        this.#kill();
        aborted();
        wake?.();
      },
    };
  }

  #hand(samples: Int16Array): void {
    this.stream.send(samples);
    this.#sentSamples += samples.length;
    this.#heardAtMs = Math.max(this.#heardAtMs, this.clock.nowMs()) + samples.length / samplesPerMs;
  }

  /** Pushes out what the media server holds back of the last words. */
  #flush(): void {
    const { heldSamples } = this.traits;
    this.#hand(new Int16Array(Math.max(heldSamples, 2 * heldSamples - this.#sentSamples)));
  }

  #kill(): void {
    this.#heardAtMs = 0;
    if (this.traits.heldSamples > 0) this.stream.send(new Int16Array(this.traits.heldSamples));
    this.stream.killAudio();
    if (!this.traits.lateKill) return;
    const cleared = this.#marked(clearedLimitMs, () => undefined).then(() => {
      if (this.#cleared === cleared) this.#cleared = undefined;
    });
    this.#cleared = cleared;
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
    await this.#marked(Math.max(0, this.#heardAtMs - this.clock.nowMs()) + markGraceMs, waker);
    return cutShort() ? 'cut' : 'done';
  }

  /** Sends a mark and waits until it comes back, at most `limitMs`. */
  async #marked(limitMs: number, waker: (wake: () => void) => void): Promise<void> {
    const name = `m${++this.#marks}`;
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
  }
}
