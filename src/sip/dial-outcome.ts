import type { CallDialog } from './call-dialog.js';

/** How an attempt to reach somebody ended. */
export type DialOutcome = 'answered' | 'busy' | 'refused' | 'noAnswer' | 'failed' | 'cancelled';

export interface DialAnswered {
  readonly outcome: 'answered';
  readonly dialog: CallDialog;
  /** The callee's SDP answer: the media endpoint that made the offer is modified with it. */
  readonly sdp: string;
}

export interface DialFailed {
  readonly outcome: Exclude<DialOutcome, 'answered'>;
  /** Final status of the last leg that was tried; null if none came. */
  readonly sipStatus: number | null;
  readonly q850Cause: number | null;
  /** One sentence for people, without numbers of callers. */
  readonly detail: string;
}

export type DialResult = DialAnswered | DialFailed;
