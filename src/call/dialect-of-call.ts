import { fallbackChain, sameLanguageChain, type Autonomy } from '../dialect/catalogue.js';
import {
  DialectTracker,
  type DialectDecision,
  type DialectReason,
  type RememberedDialect,
} from '../dialect/dialect-tracker.js';
import { autonomyOf } from '../dialect/engine-coverage.js';
import type { DialectEvidence } from '../dialect/identify.js';
import type { TurnEvidence } from '../dialect/turn-evidence.js';
import type { RecognitionResult, Recognizer } from '../speech/recognizer.js';
import type { LearntDialect } from './memory-after-call.js';

export interface DialectOfCallOptions {
  /** Dialects that the dialplan speaks. */
  readonly spoken: readonly string[];
  /** In which the call begins if nothing is remembered; undefined: the dialplan's first. */
  readonly assumed: string | undefined;
  readonly remembered: RememberedDialect | undefined;
  /** Who hears the caller; its capabilities are read at each use. Undefined: nobody, keys alone count. */
  readonly engine: Pick<Recognizer, 'name' | 'capabilities'> | undefined;
}

/** A decision that operators are told of. */
export interface DialectChange {
  /** What the caller speaks now, as far as is known. */
  readonly dialect: string;
  /** The nearest that the dialplan speaks: how he is answered from the next prompt. */
  readonly spoken: string;
  readonly reason: DialectReason;
  /** How far he is let speak in it. */
  readonly autonomy: Autonomy;
  /** In doubt: the dialplan's dialects in which the next question is to be asked. */
  readonly ask?: readonly string[];
}

/** Which dialect one call is held in: brings what is heard to the tracker, and what it decides to the dialplan's dialects. */
export class DialectOfCall {
  #tracker: DialectTracker;
  #spoken: string;
  #learnt: LearntDialect | undefined;
  readonly #isRemembered: boolean;
  /** Turns in which the caller was heard. */
  #turns = 0;

  constructor(private readonly options: DialectOfCallOptions) {
    const { remembered, spoken } = options;
    const assumed = options.assumed ?? spoken[0] ?? '';
    const usable = offered(remembered?.dialect, spoken) === undefined ? undefined : remembered;
    this.#isRemembered = usable !== undefined;
    this.#tracker = new DialectTracker(assumed, usable);
    this.#spoken = nearest(this.#tracker.dialect, spoken) ?? assumed;
  }

  /** What the caller speaks, as far as is known; the dialplan may not speak it. */
  get dialect(): string {
    return this.#tracker.dialect;
  }

  /** What this call told; undefined if it told nothing. */
  get learnt(): LearntDialect | undefined {
    return this.#learnt;
  }

  /** How far a caller of each of the dialplan's dialects is let speak to the engine. */
  get autonomies(): Readonly<Record<string, Autonomy>> {
    return Object.fromEntries(this.options.spoken.map((dialect) => [dialect, this.#autonomyOf(dialect)]));
  }

  /**
   * Dialects to listen in, likeliest first: the caller's, then those in which phrases are expected; while nothing is known of
   * him those of the whole dialplan, for engines that tell several apart.
   */
  order(expected: readonly string[]): readonly string[] {
    const all = this.#isOpen ? this.options.spoken : [];
    const { dialect } = this;
    // Where the dialplan goes on in another language than he speaks, that is what he answers in.
    const own = expected.length === 0 || expected.some((id) => fallbackChain(dialect).includes(id));
    return [...new Set([...(own ? [dialect] : []), ...expected, ...all])];
  }

  /**
   * Dialects of the dialplan in which he is to be heard beside his own, likeliest first: in the first turns of a call of which
   * nothing is known, by engines that can.
   */
  get alsoIn(): readonly string[] {
    const parallel = this.options.engine?.capabilities.parallel;
    if (parallel === undefined || this.#turns >= parallel.turns) return [];
    if (this.#isRemembered || !this.#isOpen) return [];
    return this.#tracker.likeliest(this.options.spoken.filter((id) => id !== this.dialect));
  }

  /** Whether a result's words can tell anything: some engines write standard language whatever was spoken. */
  wordsTell({ by }: RecognitionResult): boolean {
    return (by ?? this.options.engine?.capabilities)?.dialectPreserving === true;
  }

  /** Whether the engine must be told the dialect, hears this one, and was told another before. */
  get hearsOneOnly(): boolean {
    const { engine } = this.options;
    if (engine === undefined || this.#autonomyOf(this.dialect) === 'keys') return false;
    const { openSpeech, maxDialects = 1, dialects } = engine.capabilities;
    return openSpeech && maxDialects === 1 && dialects.includes(this.dialect);
  }

  /**
   * After each final result, with what its words told (undefined: nothing, or nobody knows). Undefined: all stays as it is.
   */
  heard(result: RecognitionResult, told: DialectEvidence | undefined): DialectChange | undefined {
    const { engine } = this.options;
    const [best] = result.alternatives;
    // Of a sound in which nobody heard a word two count as one: a cough is no turn, but costs as much.
    this.#turns += best === undefined ? 0.5 : 1;
    if (best === undefined || engine === undefined) return undefined;
    const { openSpeech } = result.by ?? engine.capabilities;
    const known = this.wordsTell(result) ? told : undefined;
    // Out of a closed set come the dialplan's words, not the caller's: alone they leave doubt.
    const words = known === undefined || openSpeech ? known : { ...known, sure: false };
    const understoodIn = understoodInOf(result, best);
    const { confidence } = result.by ?? engine.capabilities;
    const sound = soundOf(result, confidence !== false);
    if (words === undefined && sound === undefined) return undefined;
    const decision = this.#tracker.hear({
      ...(words !== undefined && { words }),
      ...sound,
      ...(understoodIn !== undefined && { understoodIn }),
    });
    const { dialect } = decision;
    const says = words?.sure === true && words.dialect === dialect;
    if ((says || decision.switched) && this.#learnt?.source !== 'choice') {
      const confidence = Math.round((told?.posterior.get(dialect) ?? 0) * 1000) / 1000;
      this.#learnt = { dialect, confidence, source: 'words' };
    }
    return decision.switched || decision.ask !== undefined ? this.#change(decision) : undefined;
  }

  /** The caller answered, and by that the dialplan speaks this dialect. */
  chosen(dialect: string): DialectChange {
    this.#learnt = { dialect, confidence: 1, source: 'choice' };
    return this.#change(this.#tracker.choose(dialect));
  }

  /** The dialplan speaks another dialect of its own will: the caller has told nothing by that. */
  assume(dialect: string): void {
    this.#tracker = new DialectTracker(dialect);
    this.#spoken = dialect;
  }

  /** Whether nothing has told yet what he speaks. */
  get #isOpen(): boolean {
    return this.#tracker.state === 'assumed' || this.#tracker.state === 'asking';
  }

  #autonomyOf(dialect: string): Autonomy {
    const { engine } = this.options;
    if (engine === undefined) return 'closed';
    const { openSpeech, dialects } = engine.capabilities;
    return autonomyOf(dialect, { name: engine.name, openSpeech, dialects });
  }

  #change({ dialect, reason, ask }: DialectDecision): DialectChange {
    this.#spoken = nearest(dialect, this.options.spoken) ?? this.#spoken;
    const asked = ask?.flatMap((id) => nearest(id, this.options.spoken) ?? []);
    const autonomy = this.#autonomyOf(dialect);
    return { dialect, spoken: this.#spoken, reason, autonomy, ...(asked !== undefined && { ask: asked }) };
  }
}

/** What was heard of the dialect beside words, by engines that tell; undefined if nothing was. */
function soundOf(
  { dialects, alternatives, audioMs, hearings = [] }: RecognitionResult,
  calibrated: boolean,
): Pick<TurnEvidence, 'engineLanguage' | 'recognizers' | 'voicedMs'> | undefined {
  const open = alternatives.filter(
    ({ phraseId, dialect }) => phraseId === undefined && dialect !== undefined,
  );
  // Recognizers that heard it in parallel, or one engine that gives its guess in each dialect; one alone says nothing.
  const each =
    hearings.length > 0
      ? hearings.map(({ dialect, probability }) => [dialect, probability] as const)
      : open.map(({ dialect = '', confidence }) => [dialect, confidence] as const);
  const recognizers = new Map([...each].reverse());
  const parallel = (calibrated || hearings.length > 0) && recognizers.size > 1;
  if (!parallel && dialects === undefined) return undefined;
  return {
    ...(dialects !== undefined && {
      engineLanguage: new Map(dialects.map(({ dialect, score }) => [dialect, score])),
    }),
    ...(audioMs !== undefined && { voicedMs: audioMs }),
    ...(parallel && { recognizers }),
  };
}

/** In whose words the question's answer was found: of recognizers in parallel, if it was in one dialect's alone. */
function understoodInOf(
  { hearings = [] }: RecognitionResult,
  best: RecognitionResult['alternatives'][number],
): string | undefined {
  if (hearings.length < 2) return best.phraseId === undefined ? undefined : best.dialect;
  const found = new Set(hearings.filter(({ inGrammar }) => inGrammar).map(({ dialect }) => dialect));
  return found.size === 1 ? [...found][0] : undefined;
}

/** The dialect, if the dialplan speaks its language: no memory brings a call into another language. */
export function offered(dialect: string | undefined, spoken: readonly string[]): string | undefined {
  if (dialect === undefined) return undefined;
  return sameLanguageChain(dialect).some((id) => spoken.includes(id)) ? dialect : undefined;
}

function nearest(dialect: string, spoken: readonly string[]): string | undefined {
  return fallbackChain(dialect).find((id) => spoken.includes(id));
}
