import type { Logger } from '../../core/logger.js';
import type { Conference } from './conference.js';
import type { Conferences } from './conferences.js';

/** The words after the command's own. Undefined: the usage is the answer. */
export type ConferenceCommand = (
  conference: Conference,
  words: readonly string[],
  context: CommandContext,
) => string | undefined | Promise<string | undefined>;

export interface CommandContext {
  readonly conferences: Conferences;
  readonly logger: Logger;
  /** The words as they were written, for what is to be said. */
  readonly text: string;
}
