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
