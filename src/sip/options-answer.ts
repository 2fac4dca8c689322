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

/** What telephones try outside calls though nobody offered it: chat, the state of mailboxes and colleagues, keep-alives. */
export const refusedMethods = ['message', 'refer', 'subscribe', 'publish', 'info', 'notify'] as const;

/**
 * Refuses one of them for good: the SIP server's own 503 for what no application takes would have carriers take us for
 * overloaded, and phones try again.
 */
export function refuseMethod(method: (typeof refusedMethods)[number], response: Srf.SrfResponse): void {
  switch (method) {
    case 'message':
    case 'refer':
      response.send(405, { headers: { Allow: allowedMethods } });
      return;
    case 'subscribe':
    case 'publish':
      // RFC 6665 §4.1.3. We have no events: those of RFC 3515 come and go within a call.
      response.send(489, { headers: { 'Allow-Events': 'refer' } });
      return;
    case 'info':
    case 'notify':
      // RFC 6086 §4.2.2, RFC 6665 §4.1.3: it belongs to no call and to no subscription.
      response.send(481);
  }
}
