import { rankHearings, soundFor } from './rank-hearings.js';
import type { Hearing } from './recognizer.js';

export interface ParallelRules {
  /** From a final result that is not sure to the end of the wait for the others, ms. */
  readonly waitMs: number;
  /** Whether nothing but phrases answers the question. */
  readonly onlyPhrases: boolean;
}

/** What comes of it: the best hearing first; empty: every recognizer failed, or what is left is worth nothing. */
export type ParallelVerdict = readonly Hearing[];

/** A recognizer that found what the question expects with this probability is not doubted. */
const sureProbability = 0.8;
/** Nor one that wrote other words with this one: engines are sure of a dialect that they do not know, too. */
const sureOfWordsProbability = 0.9;
/** Of another dialect less than this is a guess: it takes nothing from the call's own. */
const likelyProbability = 0.5;

interface Ear {
  state: 'hearing' | 'final' | 'failed';
  hearing: Hearing | undefined;
  /** Of its final result. */
  finalMs: number;
}

/**
 * When one of several recognizers that hear the same is believed, and which. The first of them listens in the call's dialect:
 * what it is sure of counts at once. Pure: time comes with each input, {@link deadlineMs} tells when to ask again.
 */
export class ParallelDecision {
  readonly #all: Ear[];
  #finished = false;

  /** `count`: recognizers, the call's own first. */
  constructor(
    count: number,
    private readonly rules: ParallelRules,
  ) {
    this.#all = Array.from({ length: count }, () => ({ state: 'hearing', hearing: undefined, finalMs: 0 }));
  }

  /** An interim result; each replaces the one before. */
  interim(index: number, hearing: Hearing): void {
    const one = this.#all[index];
    if (one?.state === 'hearing') one.hearing = hearing;
  }

  final(index: number, hearing: Hearing, nowMs: number): void {
    const one = this.#all[index];
    if (one?.state === 'hearing') Object.assign(one, { state: 'final', hearing, finalMs: nowMs });
  }

  /** Nothing more comes of it. */
  failed(index: number): void {
    const one = this.#all[index];
    if (one?.state === 'hearing') Object.assign(one, { state: 'failed', hearing: undefined });
  }

  /** The caller has spoken out. */
  finish(): void {
    this.#finished = true;
  }

  /** The best of what was heard so far, and whether nothing that another may say changes it. Undefined: nothing yet. */
  get soFar(): { readonly best: Hearing; readonly decided: boolean } | undefined {
    const [best] = this.#ranked(({ hearing }) => hearing !== undefined);
    return best && { best, decided: this.#isDecisive };
  }

  /** When {@link verdict} is to be asked again though nothing came; undefined: not before something comes. */
  get deadlineMs(): number | undefined {
    const since = this.#finished ? this.#waitingSinceMs : undefined;
    return since === undefined ? undefined : since + this.rules.waitMs;
  }

  /** Undefined: wait. */
  verdict(nowMs: number): ParallelVerdict | undefined {
    if (this.#all.every(({ state }) => state === 'failed')) return [];
    if (!this.#finished) return undefined;
    const [own] = this.#all;
    if (this.#all.every(({ state }) => state !== 'hearing')) return this.#chosen;
    if (own?.state === 'final' && this.#isDecisive) return this.#chosen;
    const { deadlineMs } = this;
    return deadlineMs !== undefined && nowMs >= deadlineMs ? this.#chosen : undefined;
  }

  /** Whether the call's own recognizer is sure, and nobody knows better. */
  get #isDecisive(): boolean {
    const own = this.#all[0]?.hearing;
    if (own === undefined || (this.rules.onlyPhrases && !own.inGrammar)) return false;
    if (own.probability < (own.inGrammar ? sureProbability : sureOfWordsProbability)) return false;
    if (soundFor(own.dialect, own.dialects ?? []) < 0) return false;
    return this.#ranked(({ hearing }) => hearing !== undefined)[0] === own;
  }

  /**
   * The call's own recognizer has answered, and is not sure; or it has not, and another one found what the question expects.
   * What another one only wrote is not believed while it may still answer, nor when it fails while others may.
   */
  get #waitingSinceMs(): number | undefined {
    const [own, ...others] = this.#all;
    if (own?.state === 'final') return own.finalMs;
    const clear = others.filter(
      ({ state, hearing }) =>
        state === 'final' && hearing?.inGrammar === true && hearing.probability >= sureProbability,
    );
    return clear.length === 0 ? undefined : Math.min(...clear.map(({ finalMs }) => finalMs));
  }

  get #chosen(): ParallelVerdict {
    const own = this.#all[0];
    const ranked = this.#ranked(({ state }) => state === 'final');
    const isWorth = (hearing: Hearing) =>
      hearing === own?.hearing || hearing.inGrammar || hearing.probability >= likelyProbability;
    const [best] = ranked.filter(isWorth);
    return best === undefined ? [] : [best, ...ranked.filter((hearing) => hearing !== best)];
  }

  #ranked(counts: (one: Ear) => boolean): Hearing[] {
    const hearings = this.#all.flatMap((one) => (counts(one) && one.hearing ? [one.hearing] : []));
    return rankHearings(hearings, this.#all[0]?.hearing);
  }
}
