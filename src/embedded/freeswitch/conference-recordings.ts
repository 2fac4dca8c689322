import { isAbsolute, join } from 'node:path';
import { errorCode } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import { FRAME_SAMPLES } from './audio-source.js';
import type { ConferenceMix } from './conference-mix.js';
import { WavRecording } from './recording.js';

interface RunningRecording {
  readonly path: string;
  readonly wav: WavRecording;
  isPaused: boolean;
}

/** The files that a conference is being recorded to: what all say together, mono. */
export class ConferenceRecordings {
  readonly #running = new Map<string, RunningRecording>();
  readonly #left = new Int16Array(FRAME_SAMPLES);
  readonly #frame = { index: 0, left: this.#left, right: this.#left };

  constructor(
    /** Tells clients. */
    private readonly report: (action: string, headers: Readonly<Record<string, string>>) => void,
    private readonly logger: Logger,
  ) {}

  get size(): number {
    return this.#running.size;
  }

  get paths(): string[] {
    return [...this.#running.keys()];
  }

  /** False when the file is already being written. */
  start(path: string, prefix: string | undefined): boolean {
    if (this.#running.has(path)) return false;
    const file = isAbsolute(path) ? path : join(prefix ?? process.cwd(), path);
    this.#running.set(path, { path, wav: new WavRecording(file, 'caller', this.logger), isPaused: false });
    this.report('start-recording', { Path: path });
    return true;
  }

  /** False when there is no such recording. */
  pause(path: string, isPaused: boolean): boolean {
    const recording = this.#running.get(path);
    if (recording === undefined) return false;
    recording.isPaused = isPaused;
    this.report(isPaused ? 'pause-recording' : 'resume-recording', {
      Path: path,
      'Other-Recordings': String(this.#running.size > 1),
    });
    return true;
  }

  /** Stops that file's recording, or `all`; says which. The event comes when the file is whole. */
  stop(path: string): string[] {
    const wanted = path === 'all' ? [...this.#running.values()] : [this.#running.get(path)];
    const stopped: string[] = [];
    for (const recording of wanted) {
      if (recording === undefined) continue;
      this.#running.delete(recording.path);
      stopped.push(recording.path);
      recording.wav
        .close()
        .catch((error: unknown) =>
          this.logger.error({ code: errorCode(error) }, 'a recording could not be closed'),
        )
        .finally(() =>
          this.report('stop-recording', {
            Path: recording.path,
            'Other-Recordings': String(this.#running.size > 0),
            'Samples-Out': String(recording.wav.samples),
          }),
        );
    }
    return stopped;
  }

  /** Hot: one frame of the conference, as everybody together said it. */
  frame(mix: ConferenceMix): void {
    this.#left.fill(0);
    mix.addTo(this.#left);
    for (const recording of this.#running.values()) if (!recording.isPaused) recording.wav.frame(this.#frame);
  }
}
