import type Srf from 'drachtio-srf';

/** What drachtio says itself of a transport that failed (RFC 3261 §8.1.3.1), the real one also of a connection that is closed. */
const ownStatuses: ReadonlySet<number> = new Set([503, 410]);

/**
 * Whether a final response is drachtio's own and nobody got the request. A user agent gives its final responses a To tag
 * (RFC 3261 §8.2.6.2). The embedded drachtio gives none to its own; the real one does, but tells of no address that it
 * came from.
 */
export function isUndelivered(response: Srf.SrfResponse | undefined): boolean {
  if (response === undefined || !ownStatuses.has(response.status)) return false;
  if (response.source_address === '' || !response.has('To')) return true;
  return !/;\s*tag=/i.test(response.get('To'));
}
