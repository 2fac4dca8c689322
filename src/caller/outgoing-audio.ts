/** One clip on its way out. Times are those of the ticks that sent the samples. */
export interface ClipListener {
  /** The first voiced sample left at `atMs`. */
  began(atMs: number): void;
  /** All is sent; the last voiced sample left at `lastVoicedMs`. */
  done(lastVoicedMs: number): void;
}

interface Clip {
  readonly samples: Int16Array;
  readonly firstVoiced: number;
  readonly lastVoiced: number;
  readonly listener: ClipListener;
  position: number;
  lastVoicedMs: number;
}

const SAMPLES_PER_MS = 8;

/** DESIGN.md §5: a clip's speech ends with the last sample within 35 dB of its peak. */
const VOICED_BELOW_PEAK = 10 ** (-35 / 20);

/** What a clip keeps of its own silence after the last voiced sample, so that the word is not cut. */
const TAIL_SAMPLES = 50 * SAMPLES_PER_MS;

/** The first and last sample within 35 dB of the clip's peak; undefined for a clip of digital silence. */
export function voicedSpan(samples: Int16Array): { first: number; last: number } | undefined {
  let peak = 0;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  if (peak === 0) return undefined;
  const threshold = peak * VOICED_BELOW_PEAK;
  const voiced = (sample: number) => Math.abs(sample) >= threshold;
  return { first: samples.findIndex(voiced), last: samples.findLastIndex(voiced) };
}

/** The caller's mouth: a queue of clips, taken 20 ms at a time; between clips it is silent. */
export class OutgoingAudio {
  readonly #clips: Clip[] = [];

  /** Appends a clip (mono s16, 8 kHz). Silence after its last voiced sample is shortened to 50 ms. */
  enqueue(samples: Int16Array, listener: ClipListener): void {
    const span = voicedSpan(samples) ?? { first: 0, last: samples.length - 1 };
    const kept = samples.subarray(0, Math.min(samples.length, span.last + 1 + TAIL_SAMPLES));
    this.#clips.push({
      samples: kept,
      firstVoiced: span.first,
      lastVoiced: span.last,
      listener,
      position: 0,
      lastVoicedMs: 0,
    });
  }

  /** Hot. Fills `into` with what is sent at `nowMs`: the clip's next samples, or silence. */
  take(into: Int16Array, nowMs: number): void {
    let filled = 0;
    while (filled < into.length) {
      const clip = this.#clips[0];
      if (clip === undefined) {
        into.fill(0, filled);
        return;
      }
      const from = clip.position;
      const to = Math.min(clip.samples.length, from + into.length - filled);
      into.set(clip.samples.subarray(from, to), filled);
      const timeOf = (sample: number) => nowMs + (filled + sample - from) / SAMPLES_PER_MS;
      if (clip.firstVoiced >= from && clip.firstVoiced < to) clip.listener.began(timeOf(clip.firstVoiced));
      if (clip.lastVoiced >= from && clip.lastVoiced < to) clip.lastVoicedMs = timeOf(clip.lastVoiced);
      clip.position = to;
      filled += to - from;
      if (to === clip.samples.length) {
        this.#clips.shift();
        clip.listener.done(clip.lastVoicedMs);
      }
    }
  }
}
