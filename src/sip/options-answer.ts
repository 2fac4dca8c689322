import type Srf from 'drachtio-srf';
import { drainingRetryAfterSeconds } from './admission.js';

/** What this application takes, in and out of dialogs (RFC 3261 §20.5). */
export const allowedMethods = 'INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, NOTIFY, REGISTER';

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

/** What telephones try though nobody offered it: chat, and the state of mailboxes and colleagues (RFC 6665 §4.1.3). */
export function refuseMethod(method: string, response: Srf.SrfResponse): void {
  if (method === 'message') response.send(405, { headers: { Allow: allowedMethods } });
  // We have no events: those of RFC 3515 come and go within a call.
  else response.send(489, { headers: { 'Allow-Events': 'refer' } });
}
