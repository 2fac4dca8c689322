import { digitsHeard } from '../dialect/digit-words.js';
import type { DialectPacks } from '../dialect/packs.js';
import { syllables } from '../dialect/syllables.js';
import { turnCue } from '../dialect/turn-cue.js';
import type { Alternative, RecognitionResult } from '../speech/recognizer.js';
import { turnWordIds } from './turn-words.js';

/** What a question expects to hear, as far as it tells when the answer is over. */
export interface ExpectedSpeech {
  /** Phrases in question, those that are understood everywhere too. */
  readonly phrases: readonly { readonly text: string }[];
  /** `closed`: nothing but the phrases; `digits`: read out one by one; `address`: names too; `open`: anything. */
  readonly kind: 'closed' | 'open' | 'digits' | 'address';
  /** Of digits. */
  readonly minDigits?: number;
  readonly maxDigits?: number;
  /** Whether the recognizer says something while the caller speaks. */
  readonly interim: boolean;
}

/** What is known of the speech so far. */
export interface SpeechSoFar {
  /** The recognizer's latest interim result; undefined if there is none. */
  readonly heard: RecognitionResult | undefined;
  /** It came after the caller's last voice: it covers all that he said. */
  readonly settled: boolean;
  /** Pauses left out. */
  readonly voicedMs: number;
  /** How far his voice stands out from the line's noise, dB. */
  readonly clearDb: number;
}

/**
 * Silences after which a speech is over, ms. People leave about 200 ms between turns and pause up to 250 ms inside a
 * phrase; what the voice detector hears as silence is up to 100 ms longer, because words fade in and out.
 */
export const endpointSilences = {
  /** A phrase that is whole, sure, and the beginning of no other: he has said what can be said. */
  complete: 220,
  /** The beginning of a longer phrase, or not sure: longer than a pause inside a phrase. */
  prefix: 380,
  /** Nothing that fits: words may be missing. */
  nothing: 480,
  /** A cough, or a short first word (change, my address): the bot goes on soon, but not in a pause inside a phrase. */
  cough: 460,
  /** The recognizer says nothing before the end. */
  unknown: 400,
  open: 700,
  /** Open speech that ended in a word by which people end (吗, please). */
  final: 450,
  /** Open speech that cannot be over (然后, because). */
  holding: 1400,
  /** As few syllables as a sentence begins with. */
  begun: 1000,
  /** All digits that there can be. */
  lastDigit: 300,
  /** As many as needed, but there may be more. */
  enoughDigits: 900,
  /** More are needed: people look them up, and breathe between groups. */
  moreDigits: 1500,
  address: 1200,
} as const;

/** A phrase that the recognizer is less sure of may be part of another. */
const sureConfidence = 0.7;

/**
 * On a line with noise the beginning of a phrase is sooner taken for the whole: what follows may lie in the noise. Of
 * phrases heard whole 97 % are surer than this there (`bench endpoint`).
 */
const sureInNoise = 0.9;

/** A voice that stands out less than this from the noise loses its soft ends in it, dB. */
const leastClearDb = 36;

/**
 * By so much a pause seems longer, ms for each dB less: of 250 ms 320 at most on a quiet line, 380 where the voice is at
 * 30 dB over the noise, 440 at 23 dB.
 */
const drownedMsPerDb = 7;
const mostDrownedMs = 100;

/** Less voice than this is a cough, if no word was heard in it. */
const coughMs = 250;

/** So few syllables are a beginning: 我要, I want. */
const fewSyllables = 2;

/** How long silence must last until the caller has finished, by what was asked and what he has said so far. Pure. */
export class EndpointPolicy {
  readonly #phrases: ReadonlySet<string>;
  readonly #prefixes: ReadonlySet<string>;

  /** `patience` 1 is usual; slow speakers get more. `packs`: words by which people end or go on; undefined: none. */
  constructor(
    private readonly expected: ExpectedSpeech,
    private readonly patience = 1,
    private readonly packs?: DialectPacks,
  ) {
    this.#phrases = new Set(expected.phrases.map(({ text }) => plain(text)));
    const all = [...this.#phrases];
    this.#prefixes = new Set(all.filter((text) => all.some((other) => begins(other, text))));
  }

  /** Silence (ms) after which this speech is over. */
  silenceMs(so: SpeechSoFar): number {
    return Math.round(this.#usualMs(so) * this.patience);
  }

  /** Whether the interim result is as good as a final one: it covers all that was said, by an engine that knows the phrases. */
  isFinal({ heard, settled }: SpeechSoFar): boolean {
    const best = heard?.alternatives[0];
    return settled && this.expected.kind === 'closed' && best?.phraseId !== undefined;
  }

  #usualMs(so: SpeechSoFar): number {
    const best = so.heard?.alternatives[0];
    switch (this.expected.kind) {
      case 'closed':
        return this.#closedMs(best, so);
      case 'digits':
        return best === undefined ? endpointSilences.moreDigits : this.#digitsMs(best);
      case 'address':
        return best !== undefined && so.settled && this.#cue(best) === 'final'
          ? endpointSilences.open
          : Math.max(endpointSilences.address, this.#cue(best) === 'holding' ? endpointSilences.holding : 0);
      case 'open':
        return this.#openMs(best, so);
    }
  }

  #closedMs(best: Alternative | undefined, { heard, settled, voicedMs, clearDb }: SpeechSoFar): number {
    if (!this.expected.interim) return endpointSilences.unknown;
    if (heard === undefined || !settled) return endpointSilences.nothing;
    const { cough, complete, prefix, nothing } = endpointSilences;
    if (best === undefined) return voicedMs < coughMs ? cough + drownedMs(clearDb) : nothing;
    const least = clearDb < leastClearDb ? sureInNoise : sureConfidence;
    return this.#isWhole(best, least) ? complete : prefix + drownedMs(clearDb);
  }

  #isWhole(best: Alternative, leastConfidence = sureConfidence): boolean {
    const { phraseId, text, confidence } = best;
    if (phraseId === turnWordIds.backchannel || confidence < leastConfidence) return false;
    const words = plain(text);
    return (phraseId !== undefined || this.#phrases.has(words)) && !this.#prefixes.has(words);
  }

  #digitsMs(best: Alternative): number {
    const { minDigits = 1, maxDigits = Infinity } = this.expected;
    const count = digitsHeard(best.text, best.dialect ?? '');
    if (count >= maxDigits) return endpointSilences.lastDigit;
    return count >= minDigits ? endpointSilences.enoughDigits : endpointSilences.moreDigits;
  }

  #openMs(best: Alternative | undefined, { settled }: SpeechSoFar): number {
    if (best === undefined) return endpointSilences.open;
    const cue = this.#cue(best);
    if (cue === 'holding') return endpointSilences.holding;
    if (settled && this.#isWhole(best)) return endpointSilences.final;
    if (syllables(best.text) <= fewSyllables && cue === undefined) return endpointSilences.begun;
    return settled && cue === 'final' ? endpointSilences.final : endpointSilences.open;
  }

  #cue(best: Alternative | undefined): 'final' | 'holding' | undefined {
    if (best === undefined || this.packs === undefined || best.dialect === undefined) return undefined;
    return turnCue(best.text, best.dialect, this.packs);
  }
}

/** How much longer a silence seems to be on a noisy line, ms. */
function drownedMs(clearDb: number): number {
  return Math.min(mostDrownedMs, Math.max(0, (leastClearDb - clearDb) * drownedMsPerDb));
}

/** Engines and dialplans agree on neither commas nor capitals. */
function plain(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}']+/gu, ' ')
    .trim();
}

/** Whether `longer` goes on after `text`: with another word, or in Han writing with another character. */
function begins(longer: string, text: string): boolean {
  if (text === '' || longer.length <= text.length || !longer.startsWith(text)) return false;
  const border = `${text.at(-1) ?? ''}${longer.charAt(text.length)}`;
  return /\s|\p{Script=Han}/u.test(border);
}
