import { melBands, MelStream } from '../../../audio/features.js';
import { align, confidenceOf, examine, type Pronunciation } from './alignment.js';
import type { PhoneModel } from './phone-model.js';
import type { Match } from './protocol.js';

/** A phrase ready to be looked for. */
export interface KnownPhrase {
  readonly id: string;
  readonly model: PhoneModel;
  readonly pronunciations: readonly Pronunciation[];
}

/** Less sure than this is noMatch. The calibration puts the wanted share of false acceptances here. */
const leastConfidence = 0.5;
/** After so many quiet frames the verdict is worked out in advance: the network looks 120 ms ahead. */
const quietFrames = 13;
/** Frames of sound without which nothing was said. */
const leastSoundFrames = 8;
/** Log energy under which a sound is none: about -55 dB of full scale. */
const leastLoudness = 14.5;
/** Within so many nepers of energy of the loudest frame is sound; the network's average uses the same frames. */
const soundWithin = 6;

/**
 * One utterance as it comes. While the caller is silent for a moment the verdict is made, so that it is there when the
 * endpoint is found; if the caller goes on it is made again.
 */
export class Listening {
  readonly #mel = new MelStream();
  #seenFrames = 0;
  #loudest = -Infinity;
  #lastSoundFrame = -1;
  #soundFrames = 0;
  #verdict: { readonly lastSoundFrame: number; readonly matches: readonly Match[] } | undefined;

  constructor(private readonly phrases: readonly KnownPhrase[]) {}

  /** 8 kHz samples. Gives an early verdict when one was just worked out. */
  push(samples: Int16Array): readonly Match[] | undefined {
    this.#mel.push(samples);
    const { mel, frames } = this.#mel;
    for (; this.#seenFrames < frames; this.#seenFrames++) {
      let loudness = 0;
      for (let band = 0; band < melBands; band++) {
        loudness += mel[this.#seenFrames * melBands + band] as number;
      }
      loudness /= melBands;
      this.#loudest = Math.max(this.#loudest, loudness);
      if (loudness < leastLoudness || loudness < this.#loudest - soundWithin) continue;
      this.#lastSoundFrame = this.#seenFrames;
      this.#soundFrames++;
    }
    const isDue =
      this.#soundFrames >= leastSoundFrames &&
      frames - this.#lastSoundFrame > quietFrames &&
      this.#verdict?.lastSoundFrame !== this.#lastSoundFrame;
    return isDue ? this.#decide() : undefined;
  }

  finish(): readonly Match[] {
    if (this.#soundFrames < leastSoundFrames) return [];
    if (this.#verdict?.lastSoundFrame === this.#lastSoundFrame) return this.#verdict.matches;
    return this.#decide();
  }

  #decide(): readonly Match[] {
    const matches = recognize(this.phrases, this.#mel.mel);
    this.#verdict = { lastSoundFrame: this.#lastSoundFrame, matches };
    return matches;
  }
}

/** Best first; empty when nothing fits. Of several wordings of one choice the best counts. */
export function recognize(phrases: readonly KnownPhrase[], mel: Float32Array): readonly Match[] {
  const best = new Map<string, Match & { readonly score: number }>();
  for (const model of new Set(phrases.map((phrase) => phrase.model))) {
    const utterance = examine(model, mel);
    if (utterance === undefined) continue;
    phrases.forEach((phrase, index) => {
      if (phrase.model !== model) return;
      for (const pronunciation of phrase.pronunciations) {
        const alignment = align(utterance, pronunciation);
        if (alignment === undefined) continue;
        if (alignment.score <= (best.get(phrase.id)?.score ?? -Infinity)) continue;
        const confidence = confidenceOf(model, alignment);
        best.set(phrase.id, { phrase: index, confidence, score: alignment.score });
      }
    });
  }
  const ranked = [...best.values()].sort((a, b) => b.score - a.score);
  if ((ranked[0]?.confidence ?? 0) < leastConfidence) return [];
  return ranked
    .filter((match, rank) => rank === 0 || match.confidence >= leastConfidence)
    .slice(0, 3)
    .map(({ phrase, confidence }) => ({ phrase, confidence }));
}
