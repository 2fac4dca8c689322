/** Where the far side became audible, and where it fell silent. Times are on the clock of the pushed packets. */
export interface SpeechMeterListener {
  /** Speech began with the sample heard at `atMs`, after so much silence; told {@link CONFIRM_FRAMES} frames later. */
  speechStart(atMs: number, silenceMs: number): void;
  /** Within speech, nothing was audible from `fromMs` to `toMs`: a stop consonant, or one prompt cut for the next. */
  dip(fromMs: number, toMs: number): void;
  /** The last audible sample was heard at `atMs`; told {@link HANGOVER_MS} later. */
  speechEnd(atMs: number): void;
}

/** -40 dBFS: DESIGN.md §5 counts a caller's silence until the bot is louder than this. */
export const AUDIBLE_PEAK = Math.round(32768 * 10 ** (-40 / 20));

/** Shorter than any pause between two prompts, longer than most stops (p, t, k) within a word. */
export const HANGOVER_MS = 100;

/** Shorter silences are part of any voice. */
const DIP_MS = 15;

/** Three audible frames of five: a click or a lost packet's edge is no speech. */
const CONFIRM_FRAMES = 3;
const CONFIRM_WINDOW_MS = 100;

const FRAME_SAMPLES = 160;
const SAMPLES_PER_MS = 8;

/**
 * Measures the energy of what is heard, frame by frame of 20 ms. A packet that arrives at `atMs` is taken to be heard
 * from that moment on, sample by sample (as a packet sent at `atMs` holds what is spoken from that moment on), so the
 * gap between a sample sent and a sample heard has the accuracy of a sample and the honesty of the packets' times.
 */
export class SpeechMeter {
  #candidateMs: number | undefined;
  #candidateFrames = 0;
  #speaking = false;
  #lastAudibleMs: number | undefined;
  #silentSinceMs = -Infinity;

  constructor(private readonly listener: SpeechMeterListener) {}

  get speaking(): boolean {
    return this.#speaking;
  }

  /** Hot. One packet's samples (mono, 8 kHz) with its arrival time. */
  push(samples: Int16Array, atMs: number): void {
    for (let start = 0; start < samples.length; start += FRAME_SAMPLES) {
      const end = Math.min(start + FRAME_SAMPLES, samples.length);
      let first = -1;
      let last = -1;
      for (let i = start; i < end; i++) {
        const sample = samples[i] as number;
        if (sample >= AUDIBLE_PEAK || sample <= -AUDIBLE_PEAK) {
          if (first < 0) first = i;
          last = i;
        }
      }
      const frameMs = atMs + start / SAMPLES_PER_MS;
      if (first >= 0) this.#audible(atMs + first / SAMPLES_PER_MS, atMs + last / SAMPLES_PER_MS, frameMs);
      this.tick(atMs + end / SAMPLES_PER_MS);
    }
  }

  /** Time passed without a packet: a far side that sends nothing is silent. */
  tick(nowMs: number): void {
    if (this.#speaking) {
      const lastMs = this.#lastAudibleMs as number;
      if (nowMs - lastMs >= HANGOVER_MS) {
        this.#speaking = false;
        this.#silentSinceMs = lastMs;
        this.listener.speechEnd(lastMs);
      }
    } else if (this.#candidateMs !== undefined && nowMs - this.#candidateMs > CONFIRM_WINDOW_MS) {
      this.#candidateMs = undefined;
    }
  }

  #audible(firstMs: number, lastMs: number, frameMs: number): void {
    const quietSinceMs = this.#lastAudibleMs ?? -Infinity;
    this.#lastAudibleMs = lastMs;
    if (this.#speaking) {
      if (firstMs - quietSinceMs >= DIP_MS) this.listener.dip(quietSinceMs, firstMs);
      return;
    }
    if (this.#candidateMs === undefined || frameMs - this.#candidateMs > CONFIRM_WINDOW_MS) {
      this.#candidateMs = firstMs;
      this.#candidateFrames = 0;
    }
    if (++this.#candidateFrames >= CONFIRM_FRAMES) {
      const startMs = this.#candidateMs;
      this.#candidateMs = undefined;
      this.#speaking = true;
      this.listener.speechStart(startMs, startMs - this.#silentSinceMs);
    }
  }
}
