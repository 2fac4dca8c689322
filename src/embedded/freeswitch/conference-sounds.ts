import { scale } from '../../audio/pcm.js';
import { FRAME_SAMPLES, SAMPLE_RATE_HZ, type AudioSource } from './audio-source.js';
import { volumeFactor } from './volume-steps.js';

/** Which sounds `stop` means. */
export type StopScope = 'current' | 'all' | 'last';

/** Sounds that play one after another, into a conference or to one member. */
export class SoundQueue {
  readonly #sounds: { readonly file: string; readonly source: AudioSource }[] = [];
  readonly #frame = new Int16Array(FRAME_SAMPLES);
  isPaused = false;
  /** Steps of -4 to 4. */
  volume = 0;

  /** `played` is called once for each sound, when it ends or is stopped. */
  constructor(private readonly played: (file: string, source: AudioSource) => void) {}

  push(file: string, source: AudioSource): void {
    this.#sounds.push({ file, source });
  }

  get current(): { readonly file: string; readonly source: AudioSource } | undefined {
    return this.#sounds[0];
  }

  /** Hot: the next frame, silence after its end; undefined when nothing plays. Valid until the next call. */
  read(): Int16Array | undefined {
    const [sound] = this.#sounds;
    if (sound === undefined || this.isPaused) return undefined;
    const count = sound.source.read(this.#frame);
    this.#frame.fill(0, count);
    if (this.volume !== 0) scale(this.#frame, volumeFactor(this.volume));
    const { totalSamples } = sound.source;
    if (
      count < FRAME_SAMPLES ||
      (totalSamples !== undefined && sound.source.positionSamples >= totalSamples)
    ) {
      this.#end(0);
    }
    return this.#frame;
  }

  /** Returns how many it stopped. */
  stop(scope: StopScope): number {
    this.isPaused = false;
    let stopped = 0;
    while (this.#sounds.length > 0) {
      this.#end(scope === 'last' ? this.#sounds.length - 1 : 0);
      stopped += 1;
      if (scope !== 'all') break;
    }
    return stopped;
  }

  #end(at: number): void {
    const [ended] = this.#sounds.splice(at, 1);
    if (at === 0) this.isPaused = false;
    if (ended !== undefined) this.played(ended.file, ended.source);
  }
}

/** What `play-file-done` says of a sound: its length in the file's own samples. */
export function playedHeaders(file: string, source: AudioSource): Record<string, string> {
  const samples = Math.round((source.positionSamples * source.nativeRateHz) / SAMPLE_RATE_HZ);
  return {
    File: file,
    seconds: String(Math.floor(samples / source.nativeRateHz)),
    milliseconds: String(Math.floor((samples * 1000) / source.nativeRateHz)),
    samples: String(samples),
  };
}
