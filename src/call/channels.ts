import { Channel } from '../core/channel.js';
import type { CallRecord, LedgerRecord, TurnRecord } from '../store/call-record.js';

/** A call's state (RFC 4235 §3.7.1). */
export type CallState = 'trying' | 'proceeding' | 'early' | 'confirmed' | 'terminated';

export interface CallMoved {
  readonly callId: string;
  readonly from: CallState;
  readonly to: CallState;
}

export interface CallTurn {
  readonly callId: string;
  readonly turn: TurnRecord;
}

export interface CallEnded {
  readonly record: CallRecord;
  /** From the INVITE's arrival to our 200, ms; null if it was never answered. */
  readonly setupMs: number | null;
}

/** Every change of a call's state, in order. */
export const callMoved = new Channel<CallMoved>('call:moved');
/** A turn is over. */
export const callTurn = new Channel<CallTurn>('call:turn');
/** A call is over, refused ones included; its record is being stored. */
export const callEnded = new Channel<CallEnded>('call:ended');
/** INVITEs that got no call: the step that refused them. */
export const callRefused = new Channel<{ readonly step: string; readonly status: number }>('call:refused');
/** How long a caller waited for the bot's answer, measured on the call's own audio. */
export const callGap = new Channel<{ readonly callId: string; readonly gapMs: number }>('call:gap');
/** The same, with where the time went. `turn`: its place among the call's turns. */
export const callLedger = new Channel<{
  readonly callId: string;
  readonly turn: number;
  readonly ledger: LedgerRecord;
}>('call:ledger');
/** The other side asked not to be called any more. */
export const callStopCalling = new Channel<{ readonly callId: string }>('call:stop-calling');
/** Whether the media server brought a call's audio. */
export const callForked = new Channel<{ readonly callId: string; readonly opened: boolean }>('call:forked');
/** A caller heard a filler: the answer was not there yet. */
export const callFiller = new Channel<{ readonly callId: string }>('call:filler');
