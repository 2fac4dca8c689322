import type Srf from 'drachtio-srf';

/**
 * Whether somebody has answered: a user agent gives its final responses a To tag (RFC 3261 §8.2.6.2). The 503 of drachtio
 * itself, for a transport that failed (§8.1.3.1), has none.
 */
export function hasToTag(response: Srf.SrfResponse | undefined): boolean {
  return response?.has('To') === true && /;\s*tag=/i.test(response.get('To'));
}
