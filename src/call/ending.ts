import { XiangyinError } from '../core/errors.js';
import { q850FromStatus } from '../sip/end-cause.js';
import type { DialFailed } from '../sip/dial-outcome.js';
import type { EndReason } from '../store/call-record.js';

/** Why a call ends, as its record will say. */
export interface Ending {
  readonly reason: EndReason;
  /** With which the INVITE is refused (ours to an incoming one, the callee's to an outgoing one); null once answered. */
  readonly sipStatus: number | null;
  readonly q850Cause: number | null;
  readonly detail: string | null;
}

/** For endings that need no more words than their reason. */
export const nothing = { sipStatus: null, q850Cause: null, detail: null } as const;

/**
 * How a leg can be ended: an INVITE that came is refused, one that we sent is cancelled, and with the answer on its way
 * or out it is hung up.
 */
export type LegStage = 'inbound' | 'outbound' | 'answered';

/** Somebody on our side ends the call. */
export function endingOfHangup(detail: string, stage: LegStage): Ending {
  switch (stage) {
    case 'answered':
      return { reason: 'local-bye', sipStatus: null, q850Cause: 16, detail };
    case 'inbound':
      return { reason: 'rejected', sipStatus: 480, q850Cause: q850FromStatus(480), detail };
    case 'outbound':
      return { reason: 'cancelled', sipStatus: null, q850Cause: 16, detail };
  }
}

/** The media server has ended its side of the call. */
export function endingOfMedia(cause: string, stage: LegStage): Ending {
  const detail = `the media server ended the call (${cause})`;
  return { reason: 'error', sipStatus: stage === 'inbound' ? 503 : null, q850Cause: 41, detail };
}

/** Something of the call could not be done. */
export function endingOfFailure(error: unknown, stage: LegStage): Ending {
  const known = error instanceof XiangyinError ? error : undefined;
  const detail = known?.message ?? 'an unexpected failure; the log has its code';
  if (stage !== 'inbound') return { reason: 'error', sipStatus: null, q850Cause: 41, detail };
  const sipStatus = known?.sipStatus ?? 500;
  const reason = sipStatus === 488 ? 'rejected' : 'error';
  return { reason, sipStatus, q850Cause: q850FromStatus(sipStatus), detail };
}

/** The callee did not answer. */
export function endingOfDial({ outcome, sipStatus, q850Cause, detail }: DialFailed): Ending {
  const reason = dialReasons[outcome];
  // Without a status nobody refused anything: it failed on the way.
  return {
    reason: reason === 'rejected' && sipStatus === null ? 'error' : reason,
    sipStatus,
    q850Cause,
    detail,
  };
}

const dialReasons: Readonly<Record<DialFailed['outcome'], EndReason>> = {
  busy: 'rejected',
  refused: 'rejected',
  failed: 'rejected',
  noAnswer: 'timeout',
  cancelled: 'cancelled',
};
