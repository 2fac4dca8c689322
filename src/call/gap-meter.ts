/** Louder than this is audible: -40 dB of full scale, as mean square (DESIGN.md, section 5). */
const audible = (32768 * 10 ** (-40 / 20)) ** 2;

/** The pieces in which an edge is looked for, samples (5 ms): finer than a frame, longer than a pitch period. */
const pieceSamples = 40;

/**
 * The old prompt may still sound for some packets after it was cut. Where it does not fall silent within this time the
 * answer began without a silence before it, and there is no gap to measure, samples (200 ms).
 */
const edgeLimitSamples = 1600;

/**
 * Measures on the call's own stereo audio how long the caller waited: from the last audible sample of what the caller
 * said (or the end of the key) to the bot's first audible sample. Pure; time is the sample count.
 */
export class GapMeter {
  #position = 0;
  #callerAudibleTo = 0;
  #fromSample: number | undefined;
  #armedAt = 0;
  #silenceSeen = false;

  constructor(private readonly measured: (gapMs: number) => void) {}

  /** The caller's answer is complete: the bot owes speech. A speech ended where it was last audible, a key ends now. */
  answered(by: 'keys' | 'speech'): void {
    this.#fromSample = by === 'keys' ? this.#position : this.#callerAudibleTo;
    this.#armedAt = this.#position;
    this.#silenceSeen = false;
  }

  /** Hot. One frame of both channels, mono s16 at 8 kHz. */
  frame(caller: Int16Array, heard: Int16Array): void {
    for (let at = 0; at < caller.length; at += pieceSamples) {
      const position = this.#position + at;
      if (power(caller, at) > audible) this.#callerAudibleTo = position + pieceSamples;
      if (this.#fromSample === undefined) continue;
      if (power(heard, at) <= audible) this.#silenceSeen = true;
      else if (this.#silenceSeen) this.#done(position);
      else if (position - this.#armedAt > edgeLimitSamples) this.#fromSample = undefined;
    }
    this.#position += caller.length;
  }

  #done(position: number): void {
    const gapMs = Math.max(0, (position - (this.#fromSample ?? position)) / 8);
    this.#fromSample = undefined;
    this.measured(gapMs);
  }
}

/** Hot. Mean square of one piece. */
function power(samples: Int16Array, at: number): number {
  const end = Math.min(samples.length, at + pieceSamples);
  let sum = 0;
  for (let i = at; i < end; i += 1) {
    const sample = samples[i] ?? 0;
    sum += sample * sample;
  }
  return end === at ? 0 : sum / (end - at);
}
