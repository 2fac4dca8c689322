import type { BargeIn, CollectAction, KeyGrammar } from '../dialog/action.js';
import type { DialogEvent } from '../dialog/event.js';
import type { RecognitionResult } from '../speech/recognizer.js';

/** What happens to a turn, each with the time at which it did (ms of one monotonic clock). */
export type TurnInput =
  | { readonly type: 'key'; readonly key: string }
  /** Voice activity began: the caller speaks (startOfInput). */
  | { readonly type: 'speechStarted' }
  /** The endpoint was found: the caller has stopped. */
  | { readonly type: 'speechEnded' }
  /** The recognizer's final result for the speech that ended. */
  | { readonly type: 'recognized'; readonly result: RecognitionResult }
  /** The recognizer failed; nothing will come of this speech. */
  | { readonly type: 'recognizerFailed' }
  /** What was to be said has been heard, or was cut. */
  | { readonly type: 'promptsEnded' }
  /** The deadline has passed. */
  | { readonly type: 'tick' };

/** What the shell carries out, in order. */
export type TurnAction =
  /** Silence the prompts: the caller interrupts. */
  | { readonly type: 'cutPrompts'; readonly by: 'key' | 'speech' }
  /** Give the speech so far to the recognizer's end: a final result is wanted. */
  | { readonly type: 'finishRecognizer' }
  /** No result is wanted any more. */
  | { readonly type: 'dropRecognizer' }
  /** The turn is over; this is what the dialog is told. */
  | { readonly type: 'answer'; readonly event: DialogEvent; readonly bargedIn: boolean };

/** Longest single utterance, ms: music on hold never pauses, and a turn must end. */
const maxSpeechMs = 20_000;

/** How long a recognizer may take for its final result before the turn goes on without it, ms. */
const recognizerLimitMs = 3_000;

type State = 'listening' | 'speaking' | 'recognizing' | 'answered';

/**
 * One listening of the call, from the first prompt to the caller's answer: keys and speech together, barge-in,
 * noInput, noMatch. Pure: time comes with each input, the next deadline is read from {@link deadlineMs}.
 */
export class Turn {
  #state: State = 'listening';
  #keys = '';
  #promptsEnded: boolean;
  #bargedIn = false;
  /** Counts from the end of the prompts, anew after a speech that came to nothing. */
  #noInputAtMs: number | undefined;
  #interDigitAtMs: number | undefined;
  #speechLimitAtMs: number | undefined;

  constructor(
    private readonly collect: CollectAction,
    private readonly bargeIn: BargeIn,
    /** Whether anything is said first; without prompts the noInput time begins at once. */
    hasPrompts: boolean,
    nowMs: number,
  ) {
    this.#promptsEnded = !hasPrompts;
    if (!hasPrompts) this.#noInputAtMs = nowMs + collect.noInputMs;
  }

  get answered(): boolean {
    return this.#state === 'answered';
  }

  /** When a `tick` is due; undefined when only the world can move this turn. */
  get deadlineMs(): number | undefined {
    let earliest: number | undefined;
    for (const at of [this.#noInputAtMs, this.#interDigitAtMs, this.#speechLimitAtMs]) {
      if (at !== undefined && (earliest === undefined || at < earliest)) earliest = at;
    }
    return earliest;
  }

  /** Total: any input in any state is answered, if only with nothing. */
  handle(input: TurnInput, nowMs: number): TurnAction[] {
    if (this.#state === 'answered') return [];
    switch (input.type) {
      case 'key':
        return this.#key(input.key, nowMs);
      case 'speechStarted':
        return this.#speechStarted(nowMs);
      case 'speechEnded':
        return this.#speechEnded(nowMs);
      case 'recognized':
        return this.#recognized(input.result);
      case 'recognizerFailed':
        return this.#state === 'recognizing' || this.#state === 'speaking'
          ? this.#answer({ type: 'noMatch' })
          : [];
      case 'promptsEnded':
        return this.#promptsDone(nowMs);
      case 'tick':
        return this.#tick(nowMs);
    }
  }

  #key(key: string, nowMs: number): TurnAction[] {
    const { keys } = this.collect;
    if (keys === undefined) return [];
    const actions: TurnAction[] = [];
    if (this.#state !== 'listening') {
      // Who presses a key while speaking means the key.
      this.#state = 'listening';
      this.#speechLimitAtMs = undefined;
      actions.push({ type: 'dropRecognizer' });
    }
    if (!this.#promptsEnded && this.bargeIn !== 'none') actions.push(...this.#cut('key'));
    this.#noInputAtMs = undefined;
    this.#keys += key;
    const verdict = judgeKeys(keys, this.#keys);
    if (verdict.type === 'wait') {
      this.#interDigitAtMs = nowMs + this.collect.interDigitTimeoutMs;
      return actions;
    }
    return [...actions, ...this.#answerKeys(verdict)];
  }

  #speechStarted(nowMs: number): TurnAction[] {
    if (this.collect.phrases.length === 0 || this.#state !== 'listening') return [];
    // Keys have begun: what is heard beside them is not the answer.
    if (this.#keys !== '') return [];
    this.#state = 'speaking';
    this.#noInputAtMs = undefined;
    this.#speechLimitAtMs = nowMs + maxSpeechMs;
    return !this.#promptsEnded && this.bargeIn === 'speech' ? this.#cut('speech') : [];
  }

  #speechEnded(nowMs: number): TurnAction[] {
    if (this.#state !== 'speaking') return [];
    this.#state = 'recognizing';
    this.#speechLimitAtMs = nowMs + recognizerLimitMs;
    return [{ type: 'finishRecognizer' }];
  }

  #recognized(result: RecognitionResult): TurnAction[] {
    if (this.#state !== 'recognizing' && this.#state !== 'speaking') return [];
    const best = result.alternatives[0];
    if (best?.phraseId === undefined) return this.#answer({ type: 'noMatch' });
    const { phraseId, text, dialect, confidence } = best;
    return this.#answer({ type: 'input', input: { kind: 'phrase', phraseId, text, dialect, confidence } });
  }

  #promptsDone(nowMs: number): TurnAction[] {
    if (this.#promptsEnded) return [];
    this.#promptsEnded = true;
    if (this.#state === 'listening' && this.#keys === '') this.#noInputAtMs = nowMs + this.collect.noInputMs;
    return [];
  }

  #tick(nowMs: number): TurnAction[] {
    if (
      this.#interDigitAtMs !== undefined &&
      nowMs >= this.#interDigitAtMs &&
      this.collect.keys !== undefined
    ) {
      return this.#answerKeys(judgeKeysAtRest(this.collect.keys, this.#keys));
    }
    if (this.#speechLimitAtMs !== undefined && nowMs >= this.#speechLimitAtMs) {
      if (this.#state === 'speaking') return this.#speechEnded(nowMs);
      return [{ type: 'dropRecognizer' }, ...this.#answer({ type: 'noMatch' })];
    }
    if (this.#noInputAtMs !== undefined && nowMs >= this.#noInputAtMs)
      return this.#answer({ type: 'noInput' });
    return [];
  }

  #answerKeys(verdict: KeyVerdict): TurnAction[] {
    return this.#answer(
      verdict.type === 'complete'
        ? { type: 'input', input: { kind: 'keys', keys: verdict.keys } }
        : { type: 'noMatch' },
    );
  }

  #cut(by: 'key' | 'speech'): TurnAction[] {
    if (this.#bargedIn) return [];
    this.#bargedIn = true;
    return [{ type: 'cutPrompts', by }];
  }

  #answer(event: DialogEvent): TurnAction[] {
    this.#state = 'answered';
    this.#noInputAtMs = this.#interDigitAtMs = this.#speechLimitAtMs = undefined;
    return [{ type: 'answer', event, bargedIn: this.#bargedIn }];
  }
}

type KeyVerdict =
  | { readonly type: 'wait' }
  | { readonly type: 'complete'; readonly keys: string }
  | { readonly type: 'mismatch' };

/** After each key: complete, hopeless, or worth waiting for more. */
function judgeKeys(grammar: KeyGrammar, keys: string): KeyVerdict {
  if (grammar.kind === 'choices') {
    const longer = grammar.choices.some((choice) => choice.length > keys.length && choice.startsWith(keys));
    if (longer) return { type: 'wait' };
    return grammar.choices.includes(keys) ? { type: 'complete', keys } : { type: 'mismatch' };
  }
  if (grammar.termChar !== '' && keys.endsWith(grammar.termChar)) {
    return digitsOf(grammar, keys.slice(0, -grammar.termChar.length));
  }
  return keys.length >= grammar.maxDigits ? { type: 'complete', keys } : { type: 'wait' };
}

/** After the inter-digit time: what is there is all that comes. */
function judgeKeysAtRest(grammar: KeyGrammar, keys: string): KeyVerdict {
  if (grammar.kind === 'choices') {
    return grammar.choices.includes(keys) ? { type: 'complete', keys } : { type: 'mismatch' };
  }
  return digitsOf(grammar, keys);
}

function digitsOf(grammar: KeyGrammar & { kind: 'digits' }, keys: string): KeyVerdict {
  const enough = keys.length >= grammar.minDigits && keys.length <= grammar.maxDigits;
  return enough ? { type: 'complete', keys } : { type: 'mismatch' };
}
