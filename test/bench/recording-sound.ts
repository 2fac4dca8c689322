/** What the caller of the recording bench says: known to the client that sends it and to the side that looks for it. */

/** A click of one sample every half a second. */
export const CLICK_EVERY_SAMPLES = 4000;
const CLICK = 30_000;

/** Above this in the recording is a click: G.711 keeps 30000 to 512, and the speech stays below 8000. */
export const CLICK_THRESHOLD = 24_000;

/** Place of the click with number `index` on the sender's clock: in the middle of its half second. */
export function clickSample(index: number): number {
  return index * CLICK_EVERY_SAMPLES + CLICK_EVERY_SAMPLES / 2;
}

/** Speech-like: syllables of noise for 1.6 s, then 0.4 s of line noise, and the clicks. */
export function callerSample(sample: number): number {
  if (sample % CLICK_EVERY_SAMPLES === CLICK_EVERY_SAMPLES / 2) return CLICK;
  const noise = (Math.imul(sample ^ (sample >>> 7), 0x9e3779b1) >>> 16) / 32768 - 1;
  if (sample % 16_000 >= 12_800) return Math.round(20 * noise);
  const syllable = Math.sin((Math.PI * (sample % 1600)) / 1600);
  return Math.round(7000 * syllable * noise);
}
