import { mixInto } from '../../audio/pcm.js';
import { FRAME_SAMPLES, SAMPLE_RATE_HZ } from './audio-source.js';

/** How far the application may hand audio over ahead of the caller's hearing it. It is asked to stay at 2 s. */
const CAPACITY_SAMPLES = 10 * SAMPLE_RATE_HZ;
/** As many marks may be waiting; further ones are refused, as in mod_audio_fork. */
const MAX_MARKS = 30;

interface Mark {
  readonly name: string;
  /** Sample count before the mark, since the queue's beginning. */
  readonly atSamples: number;
}

/**
 * Bot audio between the application's WebSocket and the caller: what arrives is sent from the next frame on, without
 * any prebuffer, since the application already paces it. Marks report when the audio before them has been sent.
 */
export class BotAudioQueue {
  readonly #chunks: Int16Array[] = [];
  #marks: Mark[] = [];
  #headOffset = 0;
  #pushedSamples = 0;
  #takenSamples = 0;
  #heldLast = false;

  get waitingSamples(): number {
    return this.#pushedSamples - this.#takenSamples;
  }

  /** Appends 8 kHz samples, which the queue keeps. Returns how many did not fit and are lost. */
  push(samples: Int16Array): number {
    const room = Math.max(0, CAPACITY_SAMPLES - this.waitingSamples);
    const kept = samples.length > room ? samples.subarray(0, room) : samples;
    if (kept.length > 0) this.#chunks.push(kept);
    this.#pushedSamples += kept.length;
    return samples.length - kept.length;
  }

  /** Puts a mark behind what was pushed so far; false when too many wait. */
  mark(name: string): boolean {
    if (this.#marks.length >= MAX_MARKS) return false;
    this.#marks.push({ name, atSamples: this.#pushedSamples });
    return true;
  }

  /** Forgets the waiting marks without a report; the audio stays. */
  clearMarks(): void {
    this.#marks = [];
  }

  /** Drops all audio and returns the marks that were never reached. */
  clear(): string[] {
    const names = this.#marks.map((mark) => mark.name);
    this.#marks = [];
    this.#chunks.length = 0;
    this.#headOffset = 0;
    this.#takenSamples = this.#pushedSamples;
    this.#heldLast = false;
    return names;
  }

  /**
   * Hot. Adds the next frame to `out`; false when there is none. Less than a frame waits one frame for its rest, unless a
   * mark says that it is the end of an utterance: a pause inside a word would be heard, at the end nobody hears it.
   */
  mix(out: Int16Array): boolean {
    const waiting = this.waitingSamples;
    if (waiting === 0) return false;
    if (waiting < FRAME_SAMPLES && !this.#heldLast && this.#marks.at(-1)?.atSamples !== this.#pushedSamples) {
      this.#heldLast = true;
      return false;
    }
    this.#heldLast = false;
    let filled = 0;
    while (filled < FRAME_SAMPLES) {
      const head = this.#chunks[0];
      if (head === undefined) break;
      const part = head.subarray(this.#headOffset, this.#headOffset + FRAME_SAMPLES - filled);
      mixInto(out, part, filled);
      filled += part.length;
      this.#headOffset += part.length;
      if (this.#headOffset === head.length) {
        this.#chunks.shift();
        this.#headOffset = 0;
      }
    }
    this.#takenSamples += filled;
    return true;
  }

  /** Hot. The marks whose audio has gone out; call after the frame was sent. */
  takeReached(): string[] | undefined {
    const first = this.#marks[0];
    if (first === undefined || first.atSamples > this.#takenSamples) return undefined;
    const reached: string[] = [];
    while (this.#marks[0] !== undefined && this.#marks[0].atSamples <= this.#takenSamples) {
      reached.push((this.#marks.shift() as Mark).name);
    }
    return reached;
  }
}
