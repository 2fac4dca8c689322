import type { DialectEvidence } from '../dialect/identify.js';
import type { DialectPacks } from '../dialect/packs.js';
import { isBackchannel } from '../dialect/turn-cue.js';
import type { CollectAction, OpenSpeech, PhraseChoice } from '../dialog/action.js';
import { collectIn } from '../dialog/dialect-switch.js';
import type { DialogState } from '../dialog/dialog-state.js';
import type { Dialplan } from '../dialog/dialplan.js';
import type { Meaning } from '../dialog/event.js';
import type { SlotSpec } from '../dialog/spoken-answer.js';
import { rankHearings } from '../speech/rank-hearings.js';
import type { Alternative, AlsoIn, Grammar, RecognitionResult } from '../speech/recognizer.js';
import type { DialectChange, DialectOfCall } from './dialect-of-call.js';
import type { Journal } from './journal.js';
import type { ListenOptions, Listener } from './listener.js';
import { spotPhrase } from './spot-phrase.js';
import { turnPhrases } from './turn-phrases.js';
import { turnWordIds } from './turn-words.js';
import type { SpeechQuestion, Understood } from './understand.js';
import type { Understanding } from './understanding.js';

export interface HearingOptions {
  readonly dialplan: Dialplan;
  readonly dialects?: DialectOfCall | undefined;
  readonly understanding?: Understanding | undefined;
  readonly packs?: DialectPacks | undefined;
  readonly listener: Pick<Listener, 'again'>;
  readonly journal: Journal;
  /** Where the dialog stands. */
  readonly state: () => DialogState;
  /** What was heard told another dialect, or that it is in doubt. */
  readonly changed: (change: DialectChange) => void;
}

/** One question that listens. */
export interface HearingTurn {
  readonly collect: CollectAction;
  /** What it expects in other dialects that were listened in beside its own. */
  readonly alsoIn?: readonly AlsoIn[];
  /** It was answered otherwise meanwhile, or the call is over. */
  readonly over: () => boolean;
  /** What was heard, and what it means to the question. */
  readonly fits: (heard: {
    readonly alternatives: readonly Alternative[];
    readonly meaning: Meaning | undefined;
  }) => void;
}

/**
 * What becomes of a final result: it tells the dialect first, then is understood in it, then told to the turn. Owned by the
 * call's performer.
 */
export class Hearing {
  /** The question whose answer was heard once more, in another dialect. */
  #heardAgain: CollectAction | undefined;

  constructor(private readonly options: HearingOptions) {}

  /** At each final result. Tells the turn before it returns if there is nothing to ask another thread. */
  recognized(result: RecognitionResult, turn: HearingTurn): void {
    const { understanding } = this.options;
    if (understanding?.running === true && result.alternatives.length > 0) {
      void this.#understand(understanding, result, turn);
      return;
    }
    this.#journal(result, turn);
    const question = this.#questionOf(result, turn, this.#tells(result, undefined));
    this.#fits(result, turn, question?.phrases ?? [], undefined);
  }

  /** The phrase that open speech holds, or that it is only a sign of listening. */
  spotted({ alternatives }: RecognitionResult, wanted: readonly PhraseChoice[]): RecognitionResult {
    const [best, ...others] = alternatives;
    if (best === undefined || best.phraseId !== undefined) return { alternatives };
    const { packs, state } = this.options;
    const spotted = spotPhrase(best, wanted);
    if (spotted !== undefined) return { alternatives: [spotted, ...others] };
    const isNothing = packs !== undefined && isBackchannel(best.text, best.dialect ?? state().dialect, packs);
    return { alternatives: isNothing ? [{ ...best, phraseId: turnWordIds.backchannel }] : alternatives };
  }

  /** Whether 好的 or okay is no answer: nothing that yes could mean was asked. */
  #isSign({ alternatives: [best] }: RecognitionResult, collect: CollectAction, meaning?: Meaning): boolean {
    if (meaning?.type !== 'reply' || meaning.reply !== 'yes' || best === undefined) return false;
    const { packs, state } = this.options;
    const { confirming, replies = [] } = collect.speech ?? {};
    if (confirming !== undefined || replies.some(({ reply }) => reply === 'yes')) return false;
    return packs !== undefined && isBackchannel(best.text, best.dialect ?? state().dialect, packs);
  }

  async #understand(
    understanding: Understanding,
    result: RecognitionResult,
    turn: HearingTurn,
  ): Promise<void> {
    const { dialects } = this.options;
    const before = dialects?.dialect;
    // What is heard once more has told its dialect the first time.
    const again = this.#heardAgain === turn.collect;
    const heard = await this.#weighed(understanding, result, turn);
    if (turn.over()) return;
    this.#journal(heard, turn);
    const words = !again && dialects?.wordsTell(heard) === true ? heard.alternatives[0]?.text : undefined;
    const told = words === undefined ? undefined : await understanding.identify(words);
    if (turn.over()) return;
    const question = this.#questionOf(heard, turn, again || this.#tells(heard, told));
    const understood = question && (await understanding.understand(question));
    if (turn.over()) return;
    const missed = understood === undefined && dialects?.dialect !== before;
    if (missed && question !== undefined && this.#again(question, heard, turn)) return;
    this.#fits(heard, turn, question?.phrases ?? [], understood);
  }

  /** Of several recognizers the one whose words mean something to the question goes first: not its phrases alone do. */
  async #weighed(
    understanding: Understanding,
    result: RecognitionResult,
    turn: HearingTurn,
  ): Promise<RecognitionResult> {
    const { hearings = [], alternatives } = result;
    const { speech } = turn.collect;
    const isPhrase = alternatives[0]?.phraseId !== undefined;
    if (hearings.length < 2 || isPhrase || speech === undefined) return result;
    const weighed = await Promise.all(
      hearings.map(async (heard) => {
        if (heard.inGrammar || heard.alternatives.length === 0) return heard;
        const question = this.#questionOf({ ...heard, hearings: [heard] }, turn, false);
        const understood = question && (await understanding.understand(question));
        return isExpected(understood, speech) ? { ...heard, inGrammar: true } : heard;
      }),
    );
    const { dialect } = this.options.dialects ?? {};
    const ranked = rankHearings(
      weighed,
      weighed.find((heard) => heard.dialect === dialect),
    );
    const [best] = ranked;
    if (best?.inGrammar !== true) return { ...result, hearings: weighed };
    return { ...result, alternatives: best.alternatives, by: best.by, hearings: ranked };
  }

  /** What each recognizer said, so that it can be decided again. */
  #journal({ hearings, audioMs }: RecognitionResult, { collect }: HearingTurn): void {
    if (hearings === undefined) return;
    const shown = collect.sensitive
      ? hearings.map(({ dialect, by, probability, inGrammar }) => ({ dialect, by, probability, inGrammar }))
      : hearings;
    this.options.journal.write('heardIn', { hearings: shown, ...(audioMs !== undefined && { audioMs }) });
  }

  /** Whether what was heard changes the dialect. */
  #tells(result: RecognitionResult, told: DialectEvidence | undefined): boolean {
    const change = this.options.dialects?.heard(result, told);
    if (change !== undefined) this.options.changed(change);
    return change !== undefined;
  }

  /** What open speech is to be understood as; undefined for a phrase of a closed set. */
  #questionOf(
    { alternatives, hearings = [] }: Pick<RecognitionResult, 'alternatives' | 'hearings'>,
    { collect, alsoIn = [] }: HearingTurn,
    changed: boolean,
  ): SpeechQuestion | undefined {
    if (alternatives[0]?.phraseId !== undefined) return undefined;
    const { dialplan, dialects, packs } = this.options;
    const state = this.options.state();
    const now = changed ? collectIn(dialplan, state) : undefined;
    const there = alsoIn.find(({ dialect }) => dialect === hearings[0]?.dialect);
    return {
      alternatives,
      dialect: there?.dialect ?? dialects?.dialect ?? state.dialect,
      phrases: [
        ...collect.phrases,
        ...(now?.phrases ?? there?.phrases ?? []),
        ...turnPhrases(collect, state.dialect, packs),
      ],
      speech: (now ?? collect).speech,
    };
  }

  /** An engine that listens in one dialect at a time has listened in the wrong one: the same once more. */
  #again(
    { phrases }: SpeechQuestion,
    { hearings = [] }: RecognitionResult,
    { collect }: HearingTurn,
  ): boolean {
    const { dialects, listener, journal } = this.options;
    if (dialects?.hearsOneOnly !== true || this.#heardAgain === collect) return false;
    if (hearings.some(({ dialect }) => dialect === dialects.dialect)) return false;
    const wanted = dialects.order(phrases.map(({ dialect }) => dialect));
    if (!listener.again(phrases, wanted)) return false;
    this.#heardAgain = collect;
    journal.write('heardAgain', { dialects: wanted });
    return true;
  }

  #fits(
    result: RecognitionResult,
    turn: HearingTurn,
    phrases: readonly PhraseChoice[],
    understood: Understood | undefined,
  ): void {
    const [, ...others] = result.alternatives;
    if (understood !== undefined && 'phrase' in understood) {
      turn.fits({ alternatives: [understood.phrase, ...others], meaning: undefined });
      return;
    }
    const meaning = this.#isSign(result, turn.collect, understood?.meaning) ? undefined : understood?.meaning;
    const { alternatives } = meaning === undefined ? this.spotted(result, phrases) : result;
    turn.fits({ alternatives, meaning });
  }
}

/** Whether it is something that the question, or every question, expects; not that somebody said yes to nothing. */
function isExpected(understood: Understood | undefined, { replies }: OpenSpeech): boolean {
  if (understood === undefined) return false;
  if ('phrase' in understood) return true;
  const { meaning } = understood;
  if (meaning.type === 'reply') return replies.some(({ reply }) => reply === meaning.reply);
  return meaning.type !== 'choices' || meaning.sure;
}

/** More hearings than this say nothing that the first ones do not. */
const usefulAlternatives = 5;

/** How an engine of open speech is to listen to a question; nothing for one that expects phrases alone. */
export function openListening({ speech }: CollectAction): ListenOptions {
  if (speech === undefined) return {};
  const { slot, confirming } = speech;
  // What is read back may be answered by anything: no, Tuesday. Unless it is said, phrases are all that an engine expects.
  const grammar: Grammar =
    slot === undefined || confirming !== undefined ? { kind: 'open' } : grammarOf(slot);
  return { open: true, maxAlternatives: usefulAlternatives, grammar };
}

function grammarOf({ type, minDigits, maxDigits }: SlotSpec): Grammar {
  switch (type) {
    case 'digits':
    case 'phone':
      return { kind: 'digits', minLength: minDigits, maxLength: maxDigits };
    case 'amount':
      return { kind: 'currency' };
    case 'date':
    case 'time':
      return { kind: type };
    case 'text':
      return { kind: 'open' };
  }
}
