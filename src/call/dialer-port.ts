import type { DialRequest } from '../sip/dialer.js';
import type { OutgoingCall } from '../sip/outgoing-call.js';

/** What a call needs of the dialer of its drachtio server. */
export interface CallDialer {
  /** Prepares a call; nothing is sent before it is dialled. */
  place(request: DialRequest): OutgoingCall;
  /** Whether `to` means a user of this server, who costs nothing to reach. */
  reachesUser(to: string): boolean;
}
