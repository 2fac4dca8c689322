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
}

/** By what the caller may interrupt: nothing, keys, or keys and speech. */
export type BargeIn = 'none' | 'key' | 'speech';

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

/** Listen: what was queued by `say` plays meanwhile; the answer is one `input`, `noInput` or `noMatch` event. */
export interface CollectAction {
  readonly type: 'collect';
  readonly node: string;
  /** Closed set of phrases; empty when only keys are expected. */
  readonly phrases: readonly PhraseChoice[];
  /** Undefined when only speech is expected. */
  readonly keys: KeyGrammar | undefined;
  /** Counted from the end of the prompts. */
  readonly noInputMs: number;
  readonly interDigitTimeoutMs: number;
  /** Whether keys or transcript of this answer are personal and are kept out of journal and record (a PIN). */
  readonly sensitive: boolean;
}

/** End the call once what was queued by `say` has been heard. */
export interface HangupAction {
  readonly type: 'hangup';
  readonly node: string;
}

/** Carried out in order. A step's list ends with one `collect` or one `hangup`, unless the event was `hangup`. */
export type DialogAction = SayAction | CollectAction | HangupAction;
