import type { Reply } from '../dialect/replies.js';
import type { SlotType } from '../dialect/slots/slot-value.js';

/** What a caller can answer everywhere; `language`: he wants to be spoken to in another. */
export type ChoiceReply = Exclude<Reply, 'question' | 'stop'> | 'language';

/** `text`: any words, an address or a name; they are kept as they were heard. */
export type AskedSlot = SlotType | 'text';

/** What is collected, and what of it is taken. */
export interface SlotSpec {
  readonly type: AskedSlot;
  /** Of digits and telephone numbers. */
  readonly minDigits: number;
  readonly maxDigits: number;
  /** Of amounts. */
  readonly min: number | undefined;
  readonly max: number | undefined;
}
