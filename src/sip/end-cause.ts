import { statusTable } from './cause-table.js';

/** Why a SIP dialog ended, as far as signalling knows (RFC 4235 §3.7.3's words). */
export type DialogEnd = 'local-bye' | 'remote-bye' | 'cancelled' | 'timeout' | 'error';

export interface EndCause {
  readonly end: DialogEnd;
  /** ITU-T Q.850 cause, from a Reason header (RFC 3326) where there was one. */
  readonly q850Cause: number | null;
  /** What the SIP server found, one sentence for people; left out where the end says everything. */
  readonly detail?: string;
}

/** Texts with which a drachtio server ends a dialog alone (its unsolicited BYE), and what they mean. */
const serverTexts: readonly (readonly [text: RegExp, end: DialogEnd, detail: string])[] = [
  [/ACK timeout/i, 'timeout', 'our answer was never acknowledged (no ACK to the 200)'],
  [/session timer expired/i, 'timeout', 'the other side did not refresh the session (RFC 4028)'],
  [/cancel/i, 'cancelled', 'the CANCEL crossed our answer'],
];

/** Reads what ended a dialog from drachtio-srf's `destroy` event: the BYE's Reason header and the library's text. */
export function causeOfBye(reasonHeader: string | undefined, libraryText: string | undefined): EndCause {
  if (libraryText !== undefined) {
    for (const [text, end, detail] of serverTexts) {
      if (text.test(libraryText)) return { end, q850Cause: null, detail };
    }
  }
  return { end: 'remote-bye', q850Cause: q850FromReason(reasonHeader) };
}

/** `Q.850;cause=16;text="Normal call clearing"` gives 16. RFC 3326 §2. */
export function q850FromReason(header: string | undefined): number | null {
  const match = header === undefined ? null : /Q\.850\s*;[^,]*?cause\s*=\s*(\d{1,3})/i.exec(header);
  return match === null ? null : Number(match[1]);
}

/** Q.850 cause for a final SIP status (RFC 3398 §8.2.6.1), for records of refused calls. */
export function q850FromStatus(status: number): number {
  return causes.get(status) ?? (status >= 500 ? 41 : 31);
}

const causes = new Map(statusTable.map(([status, cause]) => [status, cause]));
