import { XiangyinError } from '../core/errors.js';
import { q850FromStatus } from '../sip/end-cause.js';
import type { EndReason } from '../store/call-record.js';

/** Why a call ends, as its record will say. */
export interface Ending {
  readonly reason: EndReason;
  /** With which the INVITE is refused; null once it is being answered. */
  readonly sipStatus: number | null;
  readonly q850Cause: number | null;
  readonly detail: string | null;
}

/** For endings that need no more words than their reason. */
export const nothing = { sipStatus: null, q850Cause: null, detail: null } as const;

/** Somebody on our side ends the call; before the answer that is a refusal. */
export function endingOfHangup(detail: string, answering: boolean): Ending {
  return answering
    ? { reason: 'local-bye', sipStatus: null, q850Cause: 16, detail }
    : { reason: 'rejected', sipStatus: 480, q850Cause: q850FromStatus(480), detail };
}

/** The media server has ended its side of the call. */
export function endingOfMedia(cause: string, answering: boolean): Ending {
  const detail = `the media server ended the call (${cause})`;
  return { reason: 'error', sipStatus: answering ? null : 503, q850Cause: 41, detail };
}

/** Something of the call could not be done. */
export function endingOfFailure(error: unknown, answered: boolean): Ending {
  const known = error instanceof XiangyinError ? error : undefined;
  const detail = known?.message ?? 'an unexpected failure; the log has its code';
  if (answered) return { reason: 'error', sipStatus: null, q850Cause: 41, detail };
  const sipStatus = known?.sipStatus ?? 500;
  const reason = sipStatus === 488 ? 'rejected' : 'error';
  return { reason, sipStatus, q850Cause: q850FromStatus(sipStatus), detail };
}
