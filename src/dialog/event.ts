import type { ChoiceReply } from './spoken-answer.js';

/** What open speech means to the question that was asked. */
export type Meaning =
  /** Choices of the node in the order they were said; not `sure`: he is to be asked whether he means the first. */
  | { readonly type: 'choices'; readonly ids: readonly string[]; readonly sure: boolean }
  /** A value of the slot in its canonical form; `others` it may as well be, likeliest first. */
  | {
      readonly type: 'value';
      readonly value: string;
      readonly sure: boolean;
      readonly others: readonly string[];
    }
  | { readonly type: 'reply'; readonly reply: ChoiceReply }
  /** He wants this dialect. */
  | { readonly type: 'language'; readonly dialect: string };

/** What the caller gave in answer to a collect. */
export type CallerInput =
  | { readonly kind: 'keys'; readonly keys: string }
  | {
      readonly kind: 'phrase';
      /** {@link PhraseChoice.id} of the choice that was heard. */
      readonly phraseId: string;
      readonly text: string;
      readonly dialect: string | undefined;
      readonly confidence: number;
    }
  /** Open speech. */
  | {
      readonly kind: 'speech';
      /** As it was heard. */
      readonly text: string;
      readonly dialect: string | undefined;
      readonly confidence: number;
      readonly meaning: Meaning;
    };

/**
 * How a transfer ended for a caller who is still there. `answered`: they talked, and the other side hung up. All others:
 * nobody was reached.
 */
export type TransferOutcome = 'answered' | 'busy' | 'refused' | 'noAnswer' | 'failed';

/** What may happen to a dialog. Each is answered by one step. */
export type DialogEvent =
  | { readonly type: 'start' }
  | { readonly type: 'input'; readonly input: CallerInput }
  /** The caller gave nothing within {@link CollectAction.noInputMs} after the prompts ended. */
  | { readonly type: 'noInput' }
  /** The caller gave something that fits nothing the collect expects. */
  | { readonly type: 'noMatch' }
  | { readonly type: 'transferred'; readonly outcome: TransferOutcome }
  /** The call is over; the state is final after this. */
  | { readonly type: 'hangup' };
