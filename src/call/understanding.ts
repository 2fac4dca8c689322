import type { DialectEvidence } from '../dialect/identify.js';
import type { SpeechQuestion, Understood } from './understand.js';

/** Understands what callers say, in a thread of its own. Neither ever rejects. */
export interface Understanding {
  /** False: nothing would come of asking. */
  readonly running: boolean;
  /** What words tell of the dialect; undefined if nothing can be told now. */
  identify(text: string): Promise<DialectEvidence | undefined>;
  understand(question: SpeechQuestion): Promise<Understood | undefined>;
}
