import type { DialFailed, DialOutcome } from './dial-outcome.js';
import { q850FromReason, q850FromStatus } from './end-cause.js';
import type { LegFailed } from './invite-leg.js';

/** What a final status, and the Q.850 cause where the other side gave one, mean for whoever placed the call. */
export function failureOf({ status, reason }: LegFailed): DialFailed {
  if (status === null) {
    return { outcome: 'failed', sipStatus: null, q850Cause: 41, detail: 'the other side did not respond' };
  }
  const q850Cause = q850FromReason(reason) ?? q850FromStatus(status);
  const outcome = outcomeOf(status);
  return { outcome, sipStatus: status, q850Cause, detail: `the other side answered ${String(status)}` };
}

function outcomeOf(status: number): Exclude<DialOutcome, 'answered'> {
  if (status === 486 || status === 600) return 'busy';
  if (status === 603 || status === 403) return 'refused';
  if (status === 480 || status === 408) return 'noAnswer';
  return 'failed';
}

/** Of several telephones that all failed, the failure that says most (RFC 3261 §16.7 step 6). */
export function worthiest(failures: readonly LegFailed[]): LegFailed {
  const [first, ...rest] = [...failures].sort((a, b) => rank(a.status) - rank(b.status));
  void rest;
  return first ?? { dialog: undefined, status: null, reason: undefined, contacts: [] };
}

function rank(status: number | null): number {
  if (status === null) return 9;
  if (status >= 600) return 0;
  if (status === 486) return 1;
  if (status === 487 || status === 408) return 8;
  return status < 400 ? 2 : status < 500 ? 3 : 4;
}
