import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { encodeWav } from '../audio/wav.js';
import { makeFolder } from '../core/make-folder.js';

const SAMPLES_PER_MS = 8;
const RATE_HZ = 8000;
/** Room for ten seconds; grows by doubling. */
const FIRST_SAMPLES = 10 * RATE_HZ;
/** A packet this near to where the last one ended follows it: jitter is not heard. */
const JITTER_SAMPLES = 60 * SAMPLES_PER_MS;

/**
 * The caller's own stereo recording, left what it sent, right what it received, as it would sound in the room: each
 * packet lies where it was sent or arrived, jitter below 60 ms taken out. Kept in memory (two minutes are 4 MB).
 */
export class CallRecording {
  readonly #left = new Lane();
  readonly #right = new Lane();

  constructor(
    private readonly file: string,
    private readonly startMs: number,
  ) {}

  /** Hot. */
  sent(samples: Int16Array, atMs: number): void {
    this.#left.put(samples, (atMs - this.startMs) * SAMPLES_PER_MS);
  }

  /** Hot. */
  received(samples: Int16Array, atMs: number): void {
    this.#right.put(samples, (atMs - this.startMs) * SAMPLES_PER_MS);
  }

  /** Writes the WAV, as long as the call was; rejects with the system's error. */
  async write(endMs: number): Promise<void> {
    const length = Math.max(
      this.#left.length,
      this.#right.length,
      Math.round((endMs - this.startMs) * SAMPLES_PER_MS),
    );
    const stereo = new Int16Array(length * 2);
    for (let i = 0; i < this.#left.length; i++) stereo[2 * i] = this.#left.samples[i] as number;
    for (let i = 0; i < this.#right.length; i++) stereo[2 * i + 1] = this.#right.samples[i] as number;
    await makeFolder(dirname(this.file));
    await writeFile(this.file, encodeWav(stereo, { sampleRateHz: RATE_HZ, channels: 2 }));
  }
}

class Lane {
  samples = new Int16Array(FIRST_SAMPLES);
  /** Samples up to the end of the last packet. */
  length = 0;

  put(samples: Int16Array, wanted: number): void {
    const position =
      Math.abs(wanted - this.length) <= JITTER_SAMPLES
        ? this.length
        : Math.max(this.length, Math.round(wanted));
    const end = position + samples.length;
    if (end > this.samples.length) {
      const larger = new Int16Array(Math.max(end, this.samples.length * 2));
      larger.set(this.samples);
      this.samples = larger;
    }
    this.samples.set(samples, position);
    this.length = end;
  }
}
