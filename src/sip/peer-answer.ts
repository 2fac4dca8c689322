import type Srf from 'drachtio-srf';

/**
 * Whether a final response is somebody's, and not drachtio's own for a transport that failed (RFC 3261 §8.1.3.1). A user
 * agent gives its final responses a To tag (§8.2.6.2). The embedded drachtio gives none to its own; the real one does, but
 * tells of no address that it came from.
 */
export function isOfPeer(response: Srf.SrfResponse | undefined): boolean {
  if (response?.has('To') !== true || response.source_address === '') return false;
  return /;\s*tag=/i.test(response.get('To'));
}
