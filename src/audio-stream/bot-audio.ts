import type { Clock, Timer } from '../core/clock.js';
import type { AudioStream } from './audio-stream.js';
import { SaidAudio } from './said-audio.js';

/** How far ahead of the caller's ear audio is handed over, ms: enough to outlive any pause of this process. */
const leadMs = 2000;

/** How far the lead may shrink before it is made up for, ms: several pieces a wake-up, not a wake-up for each. */
const topUpMs = 500;

/** Largest piece handed over at once, samples (200 ms): small enough that a cut never waits behind a big message. */
const pieceSamples = 1600;

/** How long past its expected end a mark may be missing before the speech counts as heard, ms. */
const markGraceMs = 1000;

/** How long a media server may take to drop what it was told to drop, ms: it does so with its next frame. */
const clearedLimitMs = 100;

/** From the hand-over to the caller's ear, ms: what was on its way when a speech paused was not heard. */
const hearingDelayMs = 40;

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

/** The source is asked, its first samples are there, they are handed to the stream. */
export type SpeechStep = 'requested' | 'firstChunk' | 'handedOver';

/** Something being said to the caller. */
export interface Speech {
  /** Resolves when the caller has heard the last sample, or when it was cut. Rejects if its source fails. */
  readonly finished: Promise<SpeechEnd>;
  /** Silent within the next packet; what was not sent yet never will be. Safe to call twice. */
  cut(): void;
  /** Silent within the next packet, until {@link resume}. The source goes on making. Nothing after the end. */
  pause(): void;
  /** Goes on from a pause between words a little before what the caller heard last. Nothing if it does not pause. */
  resume(): void;
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
  /** Of what was handed over last, silence that only pushes. */
  #flushedSamples = 0;
  /** Settles when what was cut is gone at the media server. */
  #cleared: Promise<void> | undefined;

  constructor(
    private readonly stream: AudioStream,
    private readonly clock: Clock,
    private readonly traits: PlayoutTraits = immediatePlayout,
  ) {}

  /**
   * Mono s16 at 8 kHz, in pieces of any size. `aborted` is called once if the speech is cut: stop making more. `reached`
   * is called at each of its first steps, once; `piece` is what was handed over.
   */
  speak(
    audio: AsyncIterable<Int16Array>,
    aborted: () => void = () => undefined,
    reached: (step: SpeechStep, piece?: Int16Array) => void = () => undefined,
  ): Speech {
    const said = new SaidAudio();
    let cutShort = false;
    let paused = false;
    let asked = false;
    let chunked = false;
    let began = false;
    let over = false;
    let made = false;
    let wake: (() => void) | undefined;
    const waker = (woken: () => void): void => void (wake = woken);
    const stop = (): boolean => cutShort || paused;
    const source = audio[Symbol.asyncIterator]();

    /** Hands over what there is until all is there, or until it pauses or is cut. */
    const handAll = async (): Promise<void> => {
      for (;;) {
        while (said.waitingSamples > 0) {
          const aheadMs = this.#heardAtMs - this.clock.nowMs() - leadMs;
          if (aheadMs > 0) await this.#sleep(aheadMs + topUpMs, waker);
          if (stop()) return;
          const piece = said.next(pieceSamples);
          // Told before: no sample is on its way by then.
          if (!began) reached('handedOver', piece);
          began = true;
          this.#hand(piece);
        }
        if (stop() || made) return;
        if (!asked) reached('requested');
        asked = true;
        const { done, value } = await source.next();
        if (done === true) made = true;
        else {
          if (!chunked && value.length > 0) reached('firstChunk');
          chunked ||= value.length > 0;
          said.keep(value);
        }
      }
    };
    const run = async (): Promise<SpeechEnd> => {
      try {
        for (;;) {
          if (paused && !cutShort) await new Promise<void>(waker);
          if (this.#cleared !== undefined) await this.#cleared;
          if (cutShort) return 'cut';
          if (paused) continue;
          await handAll();
          if (!stop() && this.traits.heldSamples > 0) {
            // In a later turn: the media server may be busy with the last words now.
            await this.#sleep(10, waker);
            if (!stop()) this.#flush();
          }
          if (!stop()) await this.#heard(waker);
          if (cutShort) return 'cut';
          // Who paused and went on meanwhile has something left to say.
          if (!paused && made && said.waitingSamples === 0) return 'done';
        }
      } finally {
        over = true;
        if (!made) source.return?.().catch(() => undefined);
      }
    };
    const finished = run();
    finished.catch(() => undefined);
    return {
      finished,
      cut: () => {
        // What has been heard to its end leaves nothing to kill; the next speech may be on its way already.
        if (cutShort || over) return;
        cutShort = true;
        // While it pauses all is killed already.
        if (!paused) this.#kill();
        aborted();
        wake?.();
      },
      pause: () => {
        if (stop() || over) return;
        paused = true;
        said.goBack(this.#unheardSamples + hearingDelayMs * samplesPerMs);
        this.#kill();
        wake?.();
      },
      resume: () => {
        if (!paused || cutShort || over) return;
        paused = false;
        wake?.();
      },
    };
  }

  /** Of the speech itself, handed over and not yet played, as far as the clock tells. */
  get #unheardSamples(): number {
    const aheadSamples = Math.round((this.#heardAtMs - this.clock.nowMs()) * samplesPerMs);
    return Math.max(0, aheadSamples - this.#flushedSamples);
  }

  #hand(samples: Int16Array): void {
    this.stream.send(samples);
    this.#sentSamples += samples.length;
    this.#flushedSamples = 0;
    this.#heardAtMs = Math.max(this.#heardAtMs, this.clock.nowMs()) + samples.length / samplesPerMs;
  }

  /** Pushes out what the media server holds back of the last words. */
  #flush(): void {
    const { heldSamples } = this.traits;
    const silence = new Int16Array(Math.max(heldSamples, 2 * heldSamples - this.#sentSamples));
    this.#hand(silence);
    this.#flushedSamples = silence.length;
  }

  #kill(): void {
    this.#heardAtMs = 0;
    this.#flushedSamples = 0;
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

  /** Waits until the media server says that everything was played, or until it must have been, or until woken. */
  async #heard(waker: (wake: () => void) => void): Promise<void> {
    await this.#marked(Math.max(0, this.#heardAtMs - this.clock.nowMs()) + markGraceMs, waker);
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
