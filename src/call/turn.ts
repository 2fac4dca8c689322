import { StateMachine, type TransitionTable } from '../core/state-machine.js';
import type { BargeIn, CollectAction } from '../dialog/action.js';
import type { DialogEvent, Meaning } from '../dialog/event.js';
import type { Alternative, RecognitionResult } from '../speech/recognizer.js';
import { judgeKeys, judgeKeysAtRest, type KeyVerdict } from './turn-keys.js';
import { turnWordIds, voiceWishes, voiceWishOf } from './turn-words.js';

/** What happens to a turn, each with the time at which it did (ms of one monotonic clock). */
export type TurnInput =
  | { readonly type: 'key'; readonly key: string }
  /**
   * Voice activity began: the caller speaks (startOfInput). `carried`: he began before this turn did. `doubtful`: nobody knew
   * the line yet, it may be its noise.
   */
  | { readonly type: 'speechStarted'; readonly carried?: boolean; readonly doubtful?: boolean }
  /** What the recognizer would say if the caller stopped now. Needed only while {@link Turn.needsInterim}. */
  | { readonly type: 'interim'; readonly result: RecognitionResult }
  /**
   * The endpoint was found: the caller has stopped. `voicedMs`: how much voice there was, pauses left out; `echoMs`: how long
   * nothing but the bot's own voice was heard in it, default 0.
   */
  | { readonly type: 'speechEnded'; readonly voicedMs: number; readonly echoMs?: number }
  /** The recognizer's final result for the speech that ended; `meaning`: what open speech means to the question. */
  | { readonly type: 'recognized'; readonly result: RecognitionResult; readonly meaning?: Meaning }
  /** The recognizer failed; nothing will come of this speech. */
  | { readonly type: 'recognizerFailed' }
  /** A prompt begins that may be interrupted otherwise than the one before. */
  | { readonly type: 'promptStarted'; readonly bargeIn: BargeIn }
  /** What was to be said has been heard, or was cut. */
  | { readonly type: 'promptsEnded' }
  /** The deadline has passed. */
  | { readonly type: 'tick' };

/** What the shell carries out, in order. */
export type TurnAction =
  /** Silence the prompts: the caller interrupts, or coughs. */
  | { readonly type: 'pausePrompts'; readonly by: 'speech' }
  /** It was nothing: go on from the interrupted word. */
  | { readonly type: 'resumePrompts' }
  /** Silence the prompts for good. */
  | { readonly type: 'cutPrompts'; readonly by: 'key' }
  /** Give the speech so far to the recognizer's end: a final result is wanted. */
  | { readonly type: 'finishRecognizer' }
  /** No result is wanted any more. */
  | { readonly type: 'dropRecognizer' }
  /** The turn is over; this is what the dialog is told. */
  | { readonly type: 'answer'; readonly event: DialogEvent; readonly bargedIn: boolean };

/** Longest single utterance, ms: a turn must end. */
const maxSpeechMs = 20_000;

/** For so long, ms, the bot waits for who interrupts it without a word that is understood: music and a television go on. */
const maxInterruptionMs = 8_000;

/** How long a recognizer may take for its final result before the turn goes on without it, ms. */
const recognizerLimitMs = 3_000;

/** Less voice than this is a cough or a click, if no word was heard in it. */
const coughMs = 250;

/** Less voice than this, ms, is no wish: the shortest, said fast, has 260. What a click lets in of the bot's own voice has less. */
const leastWishMs = 240;

/** So much voice, ms, was meant for us, at first: who said it is told that it was not understood. No cough is as long. */
const sentenceMs = 600;

/** After so many interruptions by nothing a turn's prompts go on until words are heard: the line is noisy. */
const mostFalseStarts = 2;

/** After so many sounds that were nothing the caller is asked again. */
const mostNoises = 3;

/** Who began before the prompt did is talked over for so long at most, ms: a last word ends by then. */
const talkedOverMs = 500;

/** After a sound that was nothing the caller has at least so long to answer, ms. */
const afterNoiseMs = 2_000;

/** `held`: the answer is there, but what is being said may not be interrupted by it. */
type State = 'listening' | 'speaking' | 'recognizing' | 'held' | 'answered';

/** An engine may have its result before the caller's end was found; a key takes everything but an answer back. */
const moves: TransitionTable<State> = {
  listening: ['speaking', 'answered'],
  speaking: ['recognizing', 'listening', 'held', 'answered'],
  recognizing: ['listening', 'held', 'answered'],
  held: ['listening', 'answered'],
  answered: [],
};

type Prompts = 'playing' | 'paused' | 'over';

const promptMoves: TransitionTable<Prompts> = {
  playing: ['paused', 'over'],
  paused: ['playing', 'over'],
  over: [],
};

/**
 * One listening of the call, from the first prompt to the caller's answer: keys and speech together, barge-in, coughs,
 * noInput, noMatch. Pure: time comes with each input, the next deadline is read from {@link deadlineMs}.
 */
export class Turn {
  readonly #machine = new StateMachine<State>(moves, 'listening');
  #keys = '';
  readonly #saying: StateMachine<Prompts>;
  #bargedIn = false;
  /** Counts from the end of the prompts, anew after a speech that came to nothing. */
  #noInputAtMs: number | undefined;
  /** Where it stood when the caller began to speak. */
  #noInputWasMs = 0;
  #interDigitAtMs: number | undefined;
  #speechLimitAtMs: number | undefined;
  #carried = false;
  #doubtful = false;
  /** When who began before the prompt is still speaking, and is given the word. */
  #giveWayAtMs: number | undefined;
  #voicedMs = 0;
  /** Whether the speech that ended was enough for a wish, and the caller's own. */
  #maySayWish = true;
  #falseStarts = 0;
  #noises = 0;
  #held: DialogEvent | undefined;

  constructor(
    private readonly collect: CollectAction,
    /** Of the first prompt. */
    private bargeIn: BargeIn,
    /** Whether anything is said first; without prompts the noInput time begins at once. */
    hasPrompts: boolean,
    nowMs: number,
    /** The caller was told already that he was not understood; on a noisy line that would go on for ever. */
    private readonly wasMissed = false,
  ) {
    this.#saying = new StateMachine<Prompts>(promptMoves, hasPrompts ? 'playing' : 'over');
    if (!hasPrompts) this.#noInputAtMs = nowMs + collect.noInputMs;
  }

  get answered(): boolean {
    return this.#state === 'answered';
  }

  /** Whether an interim result can change anything. */
  get needsInterim(): boolean {
    if (this.#state !== 'speaking') return false;
    return this.#prompts === 'paused' || (this.#prompts === 'playing' && this.#interruptedBy === 'phrase');
  }

  /** The caller has finished, and what he said is being understood. */
  get isRecognizing(): boolean {
    return this.#state === 'recognizing';
  }

  get isSpeaking(): boolean {
    return this.#state === 'speaking';
  }

  /** When a `tick` is due; undefined when only the world can move this turn. */
  get deadlineMs(): number | undefined {
    let earliest: number | undefined;
    for (const at of [this.#noInputAtMs, this.#interDigitAtMs, this.#speechLimitAtMs, this.#giveWayAtMs]) {
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
        return this.#speechStarted(input.carried === true, input.doubtful === true, nowMs);
      case 'interim':
        return this.#interim(input.result, nowMs);
      case 'speechEnded':
        return this.#speechEnded(input.voicedMs, nowMs, input.echoMs);
      case 'recognized':
        return this.#recognized(input.result, input.meaning, nowMs);
      case 'recognizerFailed':
        return this.#recognizerFailed(nowMs);
      case 'promptStarted':
        return this.#promptStarted(input.bargeIn);
      case 'promptsEnded':
        return this.#promptsDone(nowMs);
      case 'tick':
        return this.#tick(nowMs);
    }
  }

  get #state(): State {
    return this.#machine.state;
  }

  get #prompts(): Prompts {
    return this.#saying.state;
  }

  /** What waited for something in the state that is left waits no more. */
  #move(to: State): void {
    if (!this.#machine.move(to)) return;
    this.#giveWayAtMs = undefined;
    this.#speechLimitAtMs = undefined;
    if (to === 'answered') this.#noInputAtMs = this.#interDigitAtMs = undefined;
  }

  /** By what the prompts may be interrupted at this moment. */
  get #interruptedBy(): BargeIn {
    const onlyWords = this.#carried || this.#doubtful || this.#falseStarts >= mostFalseStarts;
    return this.bargeIn === 'speech' && onlyWords ? 'phrase' : this.bargeIn;
  }

  #key(key: string, nowMs: number): TurnAction[] {
    const { keys } = this.collect;
    if (keys === undefined) return [];
    // Nobody who has to hear this can have an answer to it yet.
    if (this.#prompts === 'playing' && this.bargeIn === 'none') return [];
    const actions: TurnAction[] = [];
    if (this.#state !== 'listening') {
      // Who presses a key while speaking means the key.
      this.#move('listening');
      this.#held = undefined;
      actions.push({ type: 'dropRecognizer' });
    }
    if (this.#prompts !== 'over') {
      this.#saying.move('over');
      this.#bargedIn = true;
      actions.push({ type: 'cutPrompts', by: 'key' });
    }
    this.#noInputAtMs = undefined;
    this.#keys += key;
    const verdict = judgeKeys(keys, this.#keys);
    if (verdict.type === 'wait') {
      this.#interDigitAtMs = nowMs + this.collect.interDigitTimeoutMs;
      return actions;
    }
    return [...actions, ...this.#answerKeys(verdict)];
  }

  #speechStarted(carried: boolean, doubtful: boolean, nowMs: number): TurnAction[] {
    if (this.#state !== 'listening') return [];
    if (this.collect.phrases.length === 0 && this.collect.speech === undefined) return [];
    // Keys have begun: what is heard beside them is not the answer.
    if (this.#keys !== '') return [];
    this.#move('speaking');
    this.#maySayWish = true;
    this.#carried = carried;
    this.#doubtful = doubtful;
    this.#giveWayAtMs = carried && this.#prompts === 'playing' ? nowMs + talkedOverMs : undefined;
    this.#noInputWasMs = this.#noInputAtMs ?? 0;
    this.#noInputAtMs = undefined;
    this.#speechLimitAtMs = nowMs + maxSpeechMs;
    return this.#interruptedBy === 'speech' ? this.#pause(nowMs) : [];
  }

  #pause(nowMs: number): TurnAction[] {
    if (this.#prompts !== 'playing') return [];
    this.#saying.move('paused');
    this.#speechLimitAtMs = nowMs + maxInterruptionMs;
    return [{ type: 'pausePrompts', by: 'speech' }];
  }

  #interim({ alternatives: [best] }: RecognitionResult, nowMs: number): TurnAction[] {
    if (!this.needsInterim || best === undefined || best.phraseId === turnWordIds.backchannel) return [];
    // Somebody says words: he is heard to the end.
    if (this.#prompts === 'paused') {
      this.#speechLimitAtMs = nowMs + maxSpeechMs;
      return [];
    }
    return best.phraseId === undefined ? [] : this.#pause(nowMs);
  }

  #speechEnded(voicedMs: number, nowMs: number, echoMs = 0): TurnAction[] {
    if (this.#state !== 'speaking') return [];
    this.#maySayWish = voicedMs >= leastWishMs && voicedMs > echoMs;
    this.#move('recognizing');
    this.#voicedMs = voicedMs;
    this.#speechLimitAtMs = nowMs + recognizerLimitMs;
    return [{ type: 'finishRecognizer' }];
  }

  #recognized(
    { alternatives: [best] }: RecognitionResult,
    meaning: Meaning | undefined,
    nowMs: number,
  ): TurnAction[] {
    if (this.#state !== 'recognizing' && this.#state !== 'speaking') return [];
    const answer = best === undefined ? undefined : answerOf(best, meaning);
    if (best !== undefined && isWish(answer) && !this.#maySayWish) {
      return this.#meaningless({ ...best, phraseId: turnWordIds.backchannel }, nowMs);
    }
    // An engine of open speech that heard no word may say so by an empty one.
    if (answer === undefined) return this.#meaningless(best?.text.trim() === '' ? undefined : best, nowMs);
    const mustWait = this.#prompts === 'playing' && (this.bargeIn === 'none' || this.bargeIn === 'key');
    if (!mustWait) return this.#answer(answer);
    this.#move('held');
    this.#held = answer;
    return [];
  }

  /** Something was said, or sounded, that fits nothing. */
  #meaningless(heard: Alternative | undefined, nowMs: number): TurnAction[] {
    const isSentence = !this.wasMissed && this.#voicedMs >= sentenceMs;
    const meant = heard === undefined ? isSentence : heard.phraseId === undefined;
    if (this.#prompts === 'playing') return this.#ignore(nowMs);
    if (this.#prompts === 'paused') return meant ? this.#answer({ type: 'noMatch' }) : this.#ignore(nowMs);
    const isNoise = heard === undefined ? this.#voicedMs < coughMs : !meant;
    if (!isNoise || ++this.#noises >= mostNoises) return this.#answer({ type: 'noMatch' });
    return this.#ignore(nowMs);
  }

  /** As if nothing had been heard: the prompts go on, or the caller is waited for. */
  #ignore(nowMs: number): TurnAction[] {
    this.#move('listening');
    this.#carried = false;
    // It was there before anybody spoke, and comes again.
    if (this.#doubtful) this.#falseStarts = mostFalseStarts;
    this.#doubtful = false;
    if (this.#prompts === 'over') {
      const { noInputMs } = this.collect;
      const leastMs = nowMs + Math.min(noInputMs, afterNoiseMs);
      // 0: the prompts ended while he spoke.
      this.#noInputAtMs =
        this.#noInputWasMs === 0 ? nowMs + noInputMs : Math.max(this.#noInputWasMs, leastMs);
      return [];
    }
    if (this.#prompts === 'playing') return [];
    this.#falseStarts += 1;
    this.#saying.move('playing');
    return [{ type: 'resumePrompts' }];
  }

  #recognizerFailed(nowMs: number): TurnAction[] {
    if (this.#state !== 'recognizing' && this.#state !== 'speaking') return [];
    if (this.#prompts === 'over') return this.#answer({ type: 'noMatch' });
    // The prompts tell which keys there are; who speaks on is not waited for in vain.
    this.#falseStarts = mostFalseStarts;
    return this.#ignore(nowMs);
  }

  #promptStarted(bargeIn: BargeIn): TurnAction[] {
    this.bargeIn = bargeIn;
    const held = this.#held;
    if (held === undefined || bargeIn === 'none' || bargeIn === 'key') return [];
    return this.#answer(held);
  }

  #promptsDone(nowMs: number): TurnAction[] {
    if (this.#prompts === 'over') return [];
    this.#saying.move('over');
    if (this.#held !== undefined) return this.#answer(this.#held);
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
    if (this.#giveWayAtMs !== undefined && nowMs >= this.#giveWayAtMs) {
      this.#giveWayAtMs = undefined;
      this.#carried = false;
      return this.#interruptedBy === 'speech' ? this.#pause(nowMs) : [];
    }
    if (this.#speechLimitAtMs !== undefined && nowMs >= this.#speechLimitAtMs) {
      if (this.#state === 'recognizing')
        return [{ type: 'dropRecognizer' }, ...this.#answer({ type: 'noMatch' })];
      // Sound without words that goes on and on is no sentence.
      const endless = this.#prompts === 'paused';
      if (endless) this.#falseStarts = mostFalseStarts;
      return this.#speechEnded(endless ? 0 : maxSpeechMs, nowMs);
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

  #answer(event: DialogEvent): TurnAction[] {
    const bargedIn = this.#bargedIn || this.#prompts !== 'over';
    this.#move('answered');
    return [{ type: 'answer', event, bargedIn }];
  }
}

/** What the dialog is told of it; undefined if it is no answer. */
function answerOf(best: Alternative, meaning: Meaning | undefined): DialogEvent | undefined {
  const { phraseId, text, dialect, confidence } = best;
  const wish = voiceWishOf(phraseId);
  const means: Meaning | undefined = wish === undefined ? meaning : { type: 'reply', reply: wish };
  if (means !== undefined) {
    return { type: 'input', input: { kind: 'speech', text, dialect, confidence, meaning: means } };
  }
  if (phraseId === undefined || phraseId === turnWordIds.backchannel) return undefined;
  return { type: 'input', input: { kind: 'phrase', phraseId, text, dialect, confidence } };
}

/** Whether the caller asks for the bot's voice to be otherwise, or for the same again: nobody asked for that. */
function isWish(answer: DialogEvent | undefined): boolean {
  if (answer?.type !== 'input' || answer.input.kind !== 'speech') return false;
  const { meaning } = answer.input;
  return meaning.type === 'reply' && voiceWishes.some((wish) => wish === meaning.reply);
}
