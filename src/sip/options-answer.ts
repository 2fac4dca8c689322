import type Srf from 'drachtio-srf';
import { drainingRetryAfterSeconds } from './admission.js';

/** What this application takes, in and out of dialogs (RFC 3261 §20.5). */
export const allowedMethods = 'INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, NOTIFY';

/**
 * Answers an OPTIONS as an INVITE would be (RFC 3261 §11.2): carriers ask every few seconds whether to send calls. 503
 * while draining, so that they send them elsewhere.
 */
export function answerOptions(response: Srf.SrfResponse, draining: boolean): void {
  const headers = { Allow: allowedMethods, Accept: 'application/sdp' };
  if (draining) {
    response.send(503, { headers: { ...headers, 'Retry-After': String(drainingRetryAfterSeconds) } });
  } else response.send(200, { headers });
}
