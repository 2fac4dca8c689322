import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/logger.js';
import type { RtpSession } from '../rtp/rtp-session.js';
import type { DigitQueue } from './digit-queue.js';
import type { MediaPath } from './media-path.js';
import type { SoundLibrary } from './sound-library.js';
import type { ChannelVariables } from './variables.js';

/** What applications see of their channel. */
export interface ApplicationHost {
  readonly uuid: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly variables: ChannelVariables;
  readonly sounds: SoundLibrary;
  /** Keys pressed while no application wanted them. */
  readonly digits: DigitQueue;
  readonly media: MediaPath;
  readonly session: RtpSession;
  /** Publishes an event with the channel's data and `headers`. */
  publish(name: string, headers?: Readonly<Record<string, string>>): void;
  /** Interrupts the innermost application, all with `true`. Returns whether there was one. */
  breakApplications(all: boolean): boolean;
  hangup(cause: string): void;
}
