import { Listening, type KnownPhrase } from './listening.js';

/** Of the sound, samples at 8 kHz: 0.8 s, and then silence enough for an early verdict. */
const voicedSamples = 6400;
const silentSamples = 1600;
/** As a call writes it, 20 ms. */
const pieceSamples = 160;

/**
 * Hears something that is nothing with these phrases: what runs for the first time is slow (code that is not compiled,
 * tables that are not filled), and it is not to be a caller's verdict. Costs some tens of ms at first.
 */
export function warmUp(phrases: readonly KnownPhrase[]): void {
  const sound = new Int16Array(voicedSamples + silentSamples);
  // Like a voice of 125 Hz that says four syllables.
  for (let at = 0; at < voicedSamples; at += 1) {
    const swell = 1 + Math.sin((2 * Math.PI * 5 * at) / 8000);
    sound[at] = swell * (((at % 64) - 32) * 80 + Math.sin((2 * Math.PI * 700 * at) / 8000) * 1000);
  }
  const listening = new Listening(phrases);
  for (let at = 0; at < sound.length; at += pieceSamples) {
    if (listening.push(sound.subarray(at, at + pieceSamples))) listening.verdict();
  }
  listening.verdict();
}
