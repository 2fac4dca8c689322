import type { SipMessage } from '../sip/message.js';
import { longestWaitMs } from '../sip/timers.js';
import type { CallContext } from './call-context.js';
import type { CallDialog } from './call-dialog.js';
import { SessionTimer } from './session-timer.js';

/** What most event packages say when nobody names a time (RFC 3842, 6665 §4.2.1.1). */
const defaultSeconds = 3600;

/**
 * A SUBSCRIBE was accepted: its dialog is forgotten when that time is over and nobody has renewed it (RFC 6665 §4.1.2.2).
 * The last NOTIFY may come 64*T1 later.
 */
export function renewSubscription(
  context: CallContext,
  dialog: CallDialog,
  request: SipMessage,
  response: SipMessage,
): void {
  if (dialog.kind !== 'SUBSCRIBE') return; // one that shares the dialog of a call
  const { clock, timers } = context.layer;
  const seconds = expires(response) ?? expires(request) ?? defaultSeconds;
  dialog.session ??= new SessionTimer(clock);
  dialog.session.start(seconds + longestWaitMs(timers) / 1000, () => context.dialogs.remove(dialog));
}

function expires(message: SipMessage): number | undefined {
  const match = /^\s*(\d{1,10})\s*$/.exec(message.get('expires') ?? '');
  return match === null ? undefined : Number(match[1]);
}
