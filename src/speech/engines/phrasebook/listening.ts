import { melBands, MelStream } from '../../../audio/features.js';
import { align, confidenceOf, examine, type Pronunciation, type Utterance } from './alignment.js';
import type { Calibration, PhoneModel } from './phone-model.js';
import { SoundLevel } from './sound-level.js';
import type { Match } from './protocol.js';
import { compare, heardSound, soundConfidence, type HeardSound, type SoundTemplate } from './taught-sound.js';

/** A phrase ready to be looked for. */
export interface KnownPhrase {
  readonly id: string;
  /** Undefined: nobody can say how it sounds, only what was taught is heard. */
  readonly said:
    { readonly model: PhoneModel; readonly pronunciations: readonly Pronunciation[] } | undefined;
  readonly taught: readonly KnownSound[];
}

/** What a caller said once and somebody taught. */
export interface KnownSound {
  readonly id: string;
  readonly model: PhoneModel;
  readonly template: SoundTemplate;
  readonly calibration: Calibration;
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

/** A moment of silence after which the verdict is worth to be made. */
interface Pause {
  readonly lastSoundFrame: number;
  /** What was heard by then: the verdict rests on that much, whenever it is made. */
  readonly frames: number;
}

/**
 * One utterance as it comes. While the caller is silent for a moment the verdict falls due, so that it is there when the
 * endpoint is found; if the caller goes on before it is made it is not made at all, and falls due at the next pause.
 */
export class Listening {
  readonly #mel = new MelStream();
  #seenFrames = 0;
  #lastSoundFrame = -1;
  #soundFrames = 0;
  readonly #level = new SoundLevel();
  #due: Pause | undefined;
  #verdict: { readonly lastSoundFrame: number; readonly matches: readonly Match[] } | undefined;

  constructor(private readonly phrases: readonly KnownPhrase[]) {}

  /** 8 kHz samples. True when an early verdict fell due by them. */
  push(samples: Int16Array): boolean {
    this.#mel.push(samples);
    const { mel, frames } = this.#mel;
    for (; this.#seenFrames < frames; this.#seenFrames++) {
      let loudness = 0;
      for (let band = 0; band < melBands; band++) {
        loudness += mel[this.#seenFrames * melBands + band] as number;
      }
      loudness /= melBands;
      this.#level.push(loudness);
      const least = Math.max(leastLoudness, this.#level.least(soundWithin));
      if (loudness < least) continue;
      this.#lastSoundFrame = this.#seenFrames;
      this.#soundFrames++;
    }
    const lastSoundFrame = this.#lastSoundFrame;
    if (this.#due?.lastSoundFrame !== lastSoundFrame) this.#due = undefined;
    if (
      this.#soundFrames < leastSoundFrames ||
      frames - lastSoundFrame <= quietFrames ||
      this.#due !== undefined ||
      this.#verdict?.lastSoundFrame === lastSoundFrame
    ) {
      return false;
    }
    this.#due = { lastSoundFrame, frames };
    return true;
  }

  /** Whether an early verdict is wanted that was not made. */
  get isDue(): boolean {
    return this.#due !== undefined;
  }

  /** Whether {@link verdict} has nothing to work out. */
  get isDecided(): boolean {
    return this.#soundFrames < leastSoundFrames || this.#verdict?.lastSoundFrame === this.#lastSoundFrame;
  }

  /** Of all that was said so far; costs some milliseconds when it {@link isDecided} not yet. */
  verdict(): readonly Match[] {
    if (this.#soundFrames < leastSoundFrames) return [];
    const lastSoundFrame = this.#lastSoundFrame;
    if (this.#verdict?.lastSoundFrame !== lastSoundFrame) {
      const { mel, frames } = this.#mel;
      const heard = mel.subarray(0, (this.#due?.frames ?? frames) * melBands);
      this.#verdict = { lastSoundFrame, matches: recognize(this.phrases, heard) };
    }
    this.#due = undefined;
    return this.#verdict.matches;
  }
}

/**
 * Best first; empty when nothing fits. Of several wordings of one choice the best counts. What was taught is asked
 * beside the phrases, and goes before one only when it is surer.
 */
export function recognize(phrases: readonly KnownPhrase[], mel: Float32Array): readonly Match[] {
  const utterances = new Map<PhoneModel, Utterance | undefined>();
  const heardBy = (model: PhoneModel): Utterance | undefined => {
    if (!utterances.has(model)) utterances.set(model, examine(model, mel));
    return utterances.get(model);
  };
  const matches = [...phrasesIn(phrases, heardBy)];
  for (const match of taughtIn(phrases, heardBy)) {
    const rival = matches.findIndex(({ phrase }) => phrases[phrase]?.id === phrases[match.phrase]?.id);
    const before = matches[rival];
    if (before !== undefined && before.confidence >= match.confidence) continue;
    if (before !== undefined) matches.splice(rival, 1);
    const at = matches.findIndex(({ confidence }) => confidence < match.confidence);
    matches.splice(at < 0 ? matches.length : at, 0, match);
  }
  return matches.slice(0, 3);
}

type HeardBy = (model: PhoneModel) => Utterance | undefined;

/** By the words of the phrases. */
function phrasesIn(phrases: readonly KnownPhrase[], heardBy: HeardBy): readonly Match[] {
  const best = new Map<string, Match & { readonly score: number }>();
  phrases.forEach(({ id, said }, index) => {
    const utterance = said === undefined ? undefined : heardBy(said.model);
    if (said === undefined || utterance === undefined) return;
    for (const pronunciation of said.pronunciations) {
      const alignment = align(utterance, pronunciation);
      if (alignment === undefined) continue;
      if (alignment.score <= (best.get(id)?.score ?? -Infinity)) continue;
      const confidence = confidenceOf(said.model, alignment);
      best.set(id, { phrase: index, confidence, score: alignment.score });
    }
  });
  const ranked = [...best.values()].sort((a, b) => b.score - a.score);
  if ((ranked[0]?.confidence ?? 0) < leastConfidence) return [];
  return ranked
    .filter((match, rank) => rank === 0 || match.confidence >= leastConfidence)
    .slice(0, 3)
    .map(({ phrase, confidence }) => ({ phrase, confidence }));
}

/** By what was taught, the surest first, one for each choice. */
function taughtIn(phrases: readonly KnownPhrase[], heardBy: HeardBy): readonly Match[] {
  const sounds = new Map<PhoneModel, HeardSound>();
  const asked = new Set<string>();
  const best = new Map<string, Match>();
  phrases.forEach(({ id, taught }, index) => {
    for (const sound of taught) {
      const utterance = heardBy(sound.model);
      // One that stands for several wordings is compared once.
      if (utterance === undefined || asked.has(sound.id)) continue;
      asked.add(sound.id);
      const heard = sounds.get(sound.model) ?? heardSound(utterance);
      sounds.set(sound.model, heard);
      const facts = compare(heard, sound.template);
      const confidence = facts === undefined ? 0 : soundConfidence(sound.calibration, facts);
      if (confidence < leastConfidence || confidence <= (best.get(id)?.confidence ?? 0)) continue;
      best.set(id, { phrase: index, confidence, taught: sound.id });
    }
  });
  return [...best.values()].sort((a, b) => b.confidence - a.confidence);
}
