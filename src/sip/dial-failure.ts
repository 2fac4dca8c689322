import { q850Table, statusTable } from './cause-table.js';
import type { DialFailed } from './dial-outcome.js';
import { q850FromReason, q850FromStatus } from './end-cause.js';
import type { LegFailed } from './invite-leg.js';

const byStatus = new Map(statusTable.map(([status, , outcome]) => [status, outcome]));
const byCause = new Map(q850Table);

/** What a final status, and the Q.850 cause where the other side gave one, mean for whoever placed the call. */
export function failureOf({
  status,
  reason,
  rang,
  undelivered = false,
}: Omit<LegFailed, 'contacts' | 'dialog'>): DialFailed {
  // The 503 of our own SIP server is no word of the other side's.
  if (undelivered) return { outcome: 'failed', sipStatus: null, q850Cause: 41, detail: notSent };
  if (status === null) {
    const detail = rang ? 'the other side fell silent' : 'the other side did not respond';
    return { outcome: 'failed', sipStatus: null, q850Cause: 41, detail };
  }
  const given = q850FromReason(reason);
  const q850Cause = given ?? q850FromStatus(status);
  const outcome = (given === null ? undefined : byCause.get(given)) ?? outcomeOf(status, rang);
  // What the status says already is not told again.
  const more = given === null || given === q850FromStatus(status) ? '' : ` (Q.850 cause ${String(given)})`;
  return { outcome, sipStatus: status, q850Cause, detail: details[outcome] + more };
}

const notSent =
  'our SIP server could not send it there: no address, no connection, or a certificate that is not trusted (its log says which)';

function outcomeOf(status: number, rang: boolean): DialFailed['outcome'] {
  // Before anything rang it is the network, or our own SIP server, that waited in vain.
  if (status === 408 && !rang) return 'failed';
  return byStatus.get(status) ?? (status >= 600 ? 'refused' : 'failed');
}

const details: Readonly<Record<DialFailed['outcome'], string>> = {
  busy: 'the callee is busy',
  refused: 'the callee, or the network before it, refused the call',
  noAnswer: 'the callee did not answer',
  failed: 'the call could not be put through',
  cancelled: 'we gave up before the answer',
};

/** Of several telephones that all failed, the failure that says most (RFC 3261 §16.7 step 6). */
export function worthiest(failures: readonly LegFailed[]): LegFailed {
  const [first] = [...failures].sort((a, b) => rank(a) - rank(b));
  return first ?? { dialog: undefined, status: null, reason: undefined, contacts: [], rang: false };
}

/** A telephone that says busy or declines says more than one that is not there. */
const ranks: Readonly<Record<DialFailed['outcome'], number>> = {
  busy: 1,
  refused: 2,
  noAnswer: 3,
  failed: 4,
  cancelled: 5,
};

function rank(failure: LegFailed): number {
  if ((failure.status ?? 0) >= 600) return 0;
  return failure.status === null ? 6 : ranks[failureOf(failure).outcome];
}
