/** Louder than this is audible: -40 dB of full scale, as mean square (DESIGN.md, section 5). */
const audible = (32_768 * 10 ** (-40 / 20)) ** 2;

/**
 * Silence in which the bot owes speech, after which it makes itself heard, ms. 1500 is the promise: from the decision to
 * the caller's ear it takes about 60, and the 200 ms that end a silence begin with the sound; a busy machine has the rest.
 */
const fillerAfterMs = 900;

/** A sound that was ordered is given so long to be heard before the next is, ms. */
const orderedMs = 800;

const frameMs = 20;

/**
 * Watches on the call's own sound that the caller never waits in silence: while the bot owes speech (from the answer, or
 * from the end of what the caller says, until it listens again) something is heard before 1500 ms are over. Pure; time is
 * the count of frames.
 */
export class OwedSpeech {
  #silentMs = 0;
  #sinceOrderMs = orderedMs;
  #orders = 0;

  /**
   * Hot. One 20 ms frame of both channels, mono s16 at 8 kHz. `owes`: the bot owes speech now. A number: play a filler,
   * the so manieth of this wait, from 0.
   */
  frame(caller: Int16Array, heard: Int16Array, owes: boolean): number | undefined {
    this.#sinceOrderMs += frameMs;
    if (!owes) this.#orders = 0;
    if (isAudible(heard) || isAudible(caller)) this.#silentMs = 0;
    else this.#silentMs += frameMs;
    if (!owes || this.#silentMs < fillerAfterMs || this.#sinceOrderMs < orderedMs) return undefined;
    this.#sinceOrderMs = 0;
    this.#orders += 1;
    return this.#orders - 1;
  }

  /** From here on the caller waits: what was silent before does not count. */
  begin(): void {
    this.#silentMs = 0;
  }
}

/** Hot. */
function isAudible(samples: Int16Array): boolean {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return samples.length > 0 && sum / samples.length > audible;
}
