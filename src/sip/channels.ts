import { Channel } from '../core/channel.js';
import type { DialOutcome } from './dial-outcome.js';

/** One way to a callee was tried: a trunk, or (trunk undefined) the telephones of a user, or a URI. */
export interface DialAttemptEnded {
  readonly trunk: string | undefined;
  readonly outcome: DialOutcome;
}

/** Every attempt, also those after which the next trunk was tried. */
export const dialAttemptEnded = new Channel<DialAttemptEnded>('sip:dialAttemptEnded');

/** Credentials that were refused: `wrong`, or `blocked` without a look after too many of them. */
export const authenticationFailed = new Channel<{ readonly reason: 'wrong' | 'blocked' }>(
  'sip:authenticationFailed',
);
