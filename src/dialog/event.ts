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

/** What may happen to a dialog. Each is answered by one step. */
export type DialogEvent =
  | { readonly type: 'start' }
  | { readonly type: 'input'; readonly input: CallerInput }
  /** The caller gave nothing within {@link CollectAction.noInputMs} after the prompts ended. */
  | { readonly type: 'noInput' }
  /** The caller gave something that fits nothing the collect expects. */
  | { readonly type: 'noMatch' }
  /** The call is over; the state is final after this. */
  | { readonly type: 'hangup' };
