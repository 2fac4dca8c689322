import { tone, dtmfFrequenciesHz } from '../../audio/tone.js';

/** ITU-T Q.24: a receiver may ask for 40 ms of pause; with as much again it is never mistaken. */
const PAUSE_MS = 80;
const SAMPLE_RATE_HZ = 8000;
/** Peak of each tone: -9 dBm0, what telephones send. */
const LEVEL_DB = -12;

/** Keys as sound, for a far side that did not agree to telephone-event: the ticks take it in the place of theirs. */
export class ToneKeys {
  #sounds: Int16Array[] = [];
  #at = 0;

  /** Whether a key, or the pause after it, has the line. */
  get busy(): boolean {
    return this.#sounds.length > 0;
  }

  /** False for what is no key. */
  push(digit: string, durationMs: number): boolean {
    const frequenciesHz = dtmfFrequenciesHz(digit);
    if (frequenciesHz === undefined) return false;
    const key = tone({
      frequenciesHz,
      durationMs,
      sampleRateHz: SAMPLE_RATE_HZ,
      levelDb: LEVEL_DB,
      fadeMs: 2,
    });
    this.#sounds.push(key, new Int16Array((PAUSE_MS * SAMPLE_RATE_HZ) / 1000));
    return true;
  }

  clear(): void {
    this.#sounds = [];
    this.#at = 0;
  }

  /** Hot while keys are sent: the next samples into `into`, silence after the last. */
  take(into: Int16Array): void {
    for (let i = 0; i < into.length; i++) {
      const sound = this.#sounds[0];
      into[i] = sound?.[this.#at++] ?? 0;
      if (sound === undefined || this.#at < sound.length) continue;
      this.#sounds.shift();
      this.#at = 0;
    }
  }
}
