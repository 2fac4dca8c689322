import type { Resampler } from '../../../audio/resample.js';
import type { Listening } from './listening.js';
import type { PhrasebookReply } from './protocol.js';
import type { WorkQueue } from './work-queue.js';

export interface WorkerStreamParts {
  readonly id: number;
  readonly sampleRateHz: number;
  readonly listening: Pick<Listening, 'push' | 'isDue' | 'isDecided' | 'verdict'>;
  /** From the stream's rate to the models'; becomes the stream's own. */
  readonly resampler: Resampler;
  readonly work: WorkQueue;
  readonly reply: (message: PhrasebookReply) => void;
  /** Called once, when there is nothing more to do for it. */
  readonly onEnd: () => void;
}

/**
 * One listening in the worker. Its sound is analysed as it comes; its verdicts wait for their turn with those of the
 * others, and one that nobody wants any more (the caller went on, the turn is over) is never made.
 */
export class WorkerStream {
  #samples = 0;
  /** How much sound the early verdict that is due rests on. */
  #dueAudioMs = 0;
  #ended = false;

  constructor(private readonly parts: WorkerStreamParts) {}

  /** Hot. */
  hear(samples: Int16Array): void {
    const { listening, resampler, work } = this.parts;
    const wasDue = listening.isDue;
    this.#samples += samples.length;
    if (listening.push(resampler.process(samples))) {
      this.#dueAudioMs = this.#audioMs;
      work.put(this, 'early', () => this.#trying(() => this.#tellEarly()));
    } else if (wasDue && !listening.isDue) work.drop(this);
  }

  finish(): void {
    const { listening, resampler, work } = this.parts;
    const wasDue = listening.isDue;
    listening.push(resampler.flush());
    if (listening.isDecided) return this.#tellFinal();
    work.put(this, 'awaited', () => {
      this.#trying(() => {
        if (wasDue && listening.isDue) this.#tellEarly();
        this.#tellFinal();
      });
    });
  }

  /** Nothing is told any more. Safe to call twice. */
  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.parts.work.drop(this);
    this.parts.resampler.close();
    this.parts.onEnd();
  }

  get #audioMs(): number {
    return Math.round((this.#samples * 1000) / this.parts.sampleRateHz);
  }

  /** That nothing fits is a result too: who coughed is not waited for as long as who speaks. */
  #tellEarly(): void {
    const { id, listening, reply } = this.parts;
    reply({ type: 'interim', stream: id, matches: listening.verdict(), audioMs: this.#dueAudioMs });
  }

  #tellFinal(): void {
    const { id, listening, reply } = this.parts;
    reply({ type: 'final', stream: id, matches: listening.verdict(), audioMs: this.#audioMs });
    this.close();
  }

  #trying(job: () => void): void {
    try {
      job();
    } catch (error) {
      const reason = error instanceof Error ? error.message : typeof error;
      this.parts.reply({ type: 'failed', stream: this.parts.id, reason });
      this.close();
    }
  }
}
