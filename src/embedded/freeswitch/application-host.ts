import type { HostPort } from '../../core/address.js';
import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/logger.js';
import type { RtpSession } from '../rtp/rtp-session.js';
import type { Execution } from './application-stack.js';
import type { JoinRequest } from './conference-join.js';
import type { DigitQueue } from './digit-queue.js';
import type { MediaPath } from './media-path.js';
import type { SoundLibrary } from './sound-library.js';
import type { ChannelVariables } from './variables.js';

/** Of a CUSTOM event. */
export interface EventOptions {
  readonly subclass?: string;
  readonly body?: string;
}

/** How a key came; as events say it: in RTP (RFC 4733), in the sound, in an INFO. */
export type DigitSource = 'RTP' | 'INBAND_AUDIO' | 'ENDPOINT';

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
  publish(name: string, headers?: Readonly<Record<string, string>>, options?: EventOptions): void;
  /** Interrupts the innermost application, all with `true`. Returns whether there was one. */
  breakApplications(all: boolean): boolean;
  hangup(cause: string): void;
  /** A key of the caller's, however it came. */
  pressed(digit: string, durationSamples: number, source: DigitSource): void;
  /** Runs an application beside what runs, as a client's message would. */
  execute(request: { readonly application: string; readonly argument: string }): void;
  /** Dials a client that is to control the call besides; resolves when that connection is gone, or did not come about. */
  openControl(address: HostPort): Promise<void>;
  /** Resolves when the call has left the conference again. */
  joinConference(request: JoinRequest, execution: Execution): Promise<void>;
}
