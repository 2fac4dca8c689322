import type Srf from 'drachtio-srf';

/** What From says instead of a number: RFC 3323 §4.1's `anonymous`, and what carriers write. */
const namelessUser = /sips?:(?:(?:anonymous|unknown|unavailable|restricted|private|withheld)?@|[^@>;]*$)/i;
const namelessHost = /@anonymous\.invalid\b/i;

/**
 * Whether a caller wants not to be known: no name in From, or Privacy (RFC 3323 §4.2, RFC 3325 §9.3). The number may still
 * be asserted by the carrier.
 */
export function isAnonymous(request: Srf.SrfRequest): boolean {
  const from = request.get('From');
  const uri = /<([^>]*)>/.exec(from)?.[1] ?? from;
  if (namelessUser.test(uri) || namelessHost.test(uri)) return true;
  return request.has('Privacy') && /\b(?:id|user|header)\b/i.test(request.get('Privacy'));
}
