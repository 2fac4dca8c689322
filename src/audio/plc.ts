/**
 * Packet-loss concealment for speech at 8 kHz, after the idea of ITU-T G.711 Appendix I: what is missing is made of the last
 * pitch periods before it, and fades to silence when the loss lasts. Own code, and without the appendix's 3.75 ms of delay.
 */

/** Pitch between 66 and 200 Hz, the appendix's bounds. */
const MIN_PERIOD = 40;
const MAX_PERIOD = 120;
/** What is compared to find the pitch: 20 ms. */
const MATCH_SAMPLES = 160;
/** Three periods of the deepest voice, and a quarter to blend them where they meet: 390 samples. */
const HISTORY_SAMPLES = 400;

/** The first 10 ms are repeated as they are; from there a straight line down to silence at 60 ms. */
const FADE_FROM_SAMPLES = 80;
const FADE_TO_SAMPLES = 480;
/** After 10 ms, and again after 20, one more period is repeated, so that it does not buzz. */
const SECOND_PERIOD_SAMPLES = 80;
const THIRD_PERIOD_SAMPLES = 160;

/** Blend back into the sound: 4 ms, and 4 more for each 10 ms lost, at most 10. */
const BLEND_SAMPLES = 32;
const MAX_BLEND_SAMPLES = 80;

/**
 * One stream's concealment: {@link received} for what came, {@link conceal} for what did not, in the order of playing and in
 * pieces of any length.
 */
export class LossConcealer {
  /** What was played last. */
  readonly #history = new Int16Array(HISTORY_SAMPLES);
  /** The history as it was when the loss began. */
  readonly #before = new Int16Array(HISTORY_SAMPLES);
  /** What is repeated: the last periods before the loss, their end blended with what lies before their beginning. */
  readonly #pattern = new Float32Array(3 * MAX_PERIOD);
  readonly #tail = new Int16Array(MAX_BLEND_SAMPLES);
  #periodSamples = MIN_PERIOD;
  #patternSamples = MIN_PERIOD;
  #readAt = 0;
  #lostSamples = 0;
  #blendSamples = 0;
  #blendAt = 0;

  /** Hot: sound that came. After a loss its beginning is changed in place, so that there is no click. */
  received(samples: Int16Array): void {
    if (this.#lostSamples > 0) this.#endLoss();
    if (this.#blendAt < this.#blendSamples) this.#blend(samples);
    remember(this.#history, samples);
  }

  /** Hot while packets are lost: fills `into` with what was probably there. */
  conceal(into: Int16Array): void {
    if (this.#lostSamples === 0) this.#beginLoss();
    this.#continue(into, into.length);
    remember(this.#history, into);
  }

  /** Whether the concealment has faded away: what {@link conceal} gives now is silence. */
  get hasFaded(): boolean {
    return this.#lostSamples >= FADE_TO_SAMPLES;
  }

  #beginLoss(): void {
    this.#blendSamples = 0;
    this.#before.set(this.#history);
    this.#periodSamples = pitchPeriod(this.#before);
    this.#repeat(1);
    this.#readAt = 0;
  }

  /** Lays out the last `periods` before the loss. */
  #repeat(periods: number): void {
    const [before, pattern] = [this.#before, this.#pattern];
    const length = periods * this.#periodSamples;
    const from = HISTORY_SAMPLES - length;
    const quarter = this.#periodSamples >> 2;
    for (let i = 0; i < length; i++) pattern[i] = before[from + i] as number;
    for (let i = 0; i < quarter; i++) {
      const at = length - quarter + i;
      const weight = (i + 1) / (quarter + 1);
      pattern[at] = (pattern[at] as number) * (1 - weight) + (before[from - quarter + i] as number) * weight;
    }
    // Where the longer pattern has the same phase: at the same distance from its end.
    this.#readAt = (this.#readAt + length - this.#patternSamples + length) % length;
    this.#patternSamples = length;
  }

  /** Hot while packets are lost. */
  #continue(into: Int16Array, length: number): void {
    for (let i = 0; i < length; i++) {
      const lost = this.#lostSamples++;
      if (lost >= FADE_TO_SAMPLES) {
        into[i] = 0;
        continue;
      }
      if (lost === SECOND_PERIOD_SAMPLES) this.#repeat(2);
      else if (lost === THIRD_PERIOD_SAMPLES) this.#repeat(3);
      const gain =
        lost < FADE_FROM_SAMPLES ? 1 : (FADE_TO_SAMPLES - lost) / (FADE_TO_SAMPLES - FADE_FROM_SAMPLES);
      into[i] = Math.round((this.#pattern[this.#readAt] as number) * gain);
      this.#readAt = (this.#readAt + 1) % this.#patternSamples;
    }
  }

  /** Goes on concealing for a moment, to be blended with what comes. */
  #endLoss(): void {
    const tenMs = Math.floor((this.#lostSamples - 1) / 80);
    this.#blendSamples = Math.min(MAX_BLEND_SAMPLES, BLEND_SAMPLES + 32 * tenMs);
    this.#blendAt = 0;
    this.#continue(this.#tail, this.#blendSamples);
    this.#lostSamples = 0;
  }

  #blend(samples: Int16Array): void {
    for (let i = 0; i < samples.length && this.#blendAt < this.#blendSamples; i++, this.#blendAt++) {
      const weight = (this.#blendAt + 1) / (this.#blendSamples + 1);
      const ours = this.#tail[this.#blendAt] as number;
      samples[i] = Math.round(ours * (1 - weight) + (samples[i] as number) * weight);
    }
  }
}

/** Hot: moves `samples` in at the end. */
function remember(history: Int16Array, samples: Int16Array): void {
  const length = samples.length;
  if (length >= HISTORY_SAMPLES) {
    history.set(samples.subarray(length - HISTORY_SAMPLES));
    return;
  }
  history.copyWithin(0, length);
  history.set(samples, HISTORY_SAMPLES - length);
}

/** The lag at which the end of `history` is most like what lies before it: coarse by every second sample, then exact. */
function pitchPeriod(history: Int16Array): number {
  let best = MIN_PERIOD;
  let bestLikeness = -Infinity;
  for (let lag = MIN_PERIOD; lag <= MAX_PERIOD; lag += 2) {
    const found = likeness(history, lag, 2);
    if (found > bestLikeness) [best, bestLikeness] = [lag, found];
  }
  const middle = best;
  bestLikeness = -Infinity;
  for (let lag = Math.max(MIN_PERIOD, middle - 1); lag <= Math.min(MAX_PERIOD, middle + 1); lag++) {
    const found = likeness(history, lag, 1);
    if (found > bestLikeness) [best, bestLikeness] = [lag, found];
  }
  return best;
}

/** Correlation over the last 20 ms, by the energy of the earlier part, which alone depends on the lag. */
function likeness(history: Int16Array, lag: number, step: number): number {
  let product = 0;
  let energy = 1;
  for (let i = HISTORY_SAMPLES - MATCH_SAMPLES; i < HISTORY_SAMPLES; i += step) {
    const earlier = history[i - lag] as number;
    product += (history[i] as number) * earlier;
    energy += earlier * earlier;
  }
  return product / Math.sqrt(energy);
}
