import type { Autonomy } from '../dialect/catalogue.js';
import type { ChoiceReply, SlotSpec } from './spoken-answer.js';

/** One thing to be heard: words to be spoken, or a recorded prompt that says them. */
export interface Prompt {
  /** The words. For a recorded prompt, those of the manifest: what transcripts show and what is spoken if the file is missing. */
  readonly text: string;
  /** Dialect id in which the words are. */
  readonly dialect: string;
  /** Name in audio-prompts (without folder and extension) when the prompt is a recorded one. */
  readonly recorded: string | undefined;
  /** What transcripts, records and journals show instead of `text`, because that reads back a sensitive answer. */
  readonly shownAs?: string;
  /** Speaking rate that the caller asked for, 1 is the voice's own. Default 1. */
  readonly rate?: number;
}

/**
 * By what the caller may interrupt: nothing, keys, keys and words that fit the question (the prompt goes on until they
 * do), or keys and any speech.
 */
export type BargeIn = 'none' | 'key' | 'phrase' | 'speech';

export interface SayAction {
  readonly type: 'say';
  readonly node: string;
  readonly prompts: readonly Prompt[];
  readonly bargeIn: BargeIn;
}

/** One wording that a collect expects. Several wordings may share an id. */
export interface PhraseChoice {
  readonly id: string;
  readonly text: string;
  readonly dialect: string;
}

export type KeyGrammar =
  /** Complete as soon as the keys pressed are one of `choices` and no longer choice begins with them. */
  | { readonly kind: 'choices'; readonly choices: readonly string[] }
  /** Complete at maxDigits, at termChar, or after interDigitTimeoutMs once minDigits are there. */
  | {
      readonly kind: 'digits';
      readonly minDigits: number;
      readonly maxDigits: number;
      readonly termChar: string;
    };

/** What open speech may mean to a question, for engines that hear it. */
export interface OpenSpeech {
  readonly autonomy: Autonomy;
  /** Set of intents; undefined: the dialplan names none. */
  readonly set: string | undefined;
  /** What each intent stands for. `own`: a choice of this question, not one of those that every question has. */
  readonly intents: readonly { readonly intent: string; readonly id: string; readonly own: boolean }[];
  readonly replies: readonly { readonly reply: ChoiceReply; readonly id: string }[];
  readonly slot: SlotSpec | undefined;
  /** What was asked back: yes and no are the answers. `value` is the one read back, if it was a value. */
  readonly confirming: { readonly value: string | undefined } | undefined;
  /** Dialects that the dialplan speaks: which one a caller can wish for. */
  readonly spoken: readonly string[];
  /** False: an answer is expected by keys, and speech that means nothing is no answer at all. */
  readonly expected: boolean;
}

/** Listen: what was queued by `say` plays meanwhile; the answer is one `input`, `noInput` or `noMatch` event. */
export interface CollectAction {
  readonly type: 'collect';
  readonly node: string;
  /** Closed set of phrases; empty when only keys are expected. */
  readonly phrases: readonly PhraseChoice[];
  /** Undefined when only speech is expected. */
  readonly keys: KeyGrammar | undefined;
  /** Absent: nothing but {@link phrases} is understood. */
  readonly speech?: OpenSpeech;
  /** Counted from the end of the prompts. */
  readonly noInputMs: number;
  readonly interDigitTimeoutMs: number;
  /** Whether keys or transcript of this answer are personal and are kept out of journal and record (a PIN). */
  readonly sensitive: boolean;
  /** False: keys pressed before the question is asked do not count for it. Default true. */
  readonly typeAhead?: boolean;
}

/** End the call once what was queued by `say` has been heard. */
export interface HangupAction {
  readonly type: 'hangup';
  readonly node: string;
}

/** How a transfer is made: `refer` hands the caller's telephone on, `bridge` calls and stays between, `auto` tries both. */
export type TransferMethod = 'refer' | 'bridge' | 'auto';

/** Connect the caller with somebody once what was queued by `say` has been heard; the answer is one `transferred` event. */
export interface TransferAction {
  readonly type: 'transfer';
  readonly node: string;
  /** Number, registered user or `sip:` URI; empty when nothing was filled in. */
  readonly to: string;
  /** What records and journals show instead of `to`, because that reads back a sensitive answer. */
  readonly shownAs?: string;
  /** Whether something that the caller dialled, keyed in or claims to be is in `to`: not every caller may have that. */
  readonly chosenByCaller: boolean;
  readonly by: TransferMethod;
  /** How long it may ring. */
  readonly ringMs: number;
}

/**
 * Carried out in order. A step's list ends with one `collect`, `transfer` or `hangup`; it is empty after a `hangup` event,
 * and for an event that has no meaning during a transfer.
 */
export type DialogAction = SayAction | CollectAction | TransferAction | HangupAction;
