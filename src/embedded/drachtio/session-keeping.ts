import { errorCode } from '../../core/errors.js';
import { cseqNumber, setBody } from '../sip/make-message.js';
import type { SipMessage } from '../sip/message.js';
import type { CallContext } from './call-context.js';
import type { CallDialog } from './call-dialog.js';
import { agreedSession, SessionTimer, type AgreedSession } from './session-timer.js';

type Ours = AgreedSession & { readonly refresher: 'update' | 'reinvite' };

/**
 * Keeps to what was agreed anew (RFC 4028 §10): we refresh after half the time, or hang up a little before the end when
 * the peer has not refreshed. Undefined: the session lives without timer.
 */
export function keepSession(
  context: CallContext,
  dialog: CallDialog,
  agreed: AgreedSession | undefined,
): void {
  if (dialog.kind !== 'INVITE') return;
  dialog.session?.stop();
  if (agreed === undefined) return;
  const { seconds, refresher } = agreed;
  dialog.session ??= new SessionTimer(context.layer.clock);
  if (refresher === 'peer')
    dialog.session.start(seconds - Math.min(32, seconds / 3), () => expire(context, dialog));
  else dialog.session.start(seconds / 2, () => refresh(context, dialog, { seconds, refresher }));
}

function expire(context: CallContext, dialog: CallDialog): void {
  context.hangUp(dialog, 'Session timer expired', 'session-expired');
}

/** After the first at half the time so many more, a tenth of it apart: the last is over before the session is. */
const repeats = 4;

/**
 * With an UPDATE that has no offer, else with a re-INVITE that repeats our session as it is (§7.4): nothing changes but the
 * time, and the application need not know. §10: a session that nothing refreshes is ended before its time is over.
 */
function refresh(context: CallContext, dialog: CallDialog, agreed: Ours, left = repeats): void {
  const { layer } = context;
  const { seconds, refresher } = agreed;
  const again = (): void => {
    if (left === 0) expire(context, dialog);
    else dialog.session?.start(seconds / 10, () => refresh(context, dialog, agreed, left - 1));
  };
  const target = dialog.state.target();
  if (target === undefined) return again();
  const isReinvite = refresher === 'reinvite';
  if (isReinvite && (dialog.localSdp === undefined || isNegotiating(dialog))) return again();
  const request = dialog.state.buildRequest(isReinvite ? 'INVITE' : 'UPDATE');
  request.append('Supported', 'timer');
  request.append('Session-Expires', `${seconds};refresher=uac`);
  if (isReinvite) setBody(request, dialog.localSdp);
  let ack: SipMessage | undefined;
  try {
    const listener = layer.listenerFor(target);
    request.append('Contact', context.contact(listener, context.ownAddress(listener, target.host, true)));
    const sent = layer.request(request, target, (response, source) => {
      const { status } = response;
      if (status < 200) return;
      const accepted = status < 300;
      const isRepeated = ack !== undefined;
      if (accepted && source !== undefined && !isRepeated) dialog.state.refreshTarget(response, source);
      if (accepted && isReinvite) {
        ack ??= dialog.state.buildRequest('ACK', cseqNumber(request));
        layer.sendAck(ack, dialog.state.target() ?? target);
        if (isRepeated) return;
      }
      if (dialog.outgoingOffer === sent) dialog.outgoingOffer = undefined;
      if (context.dialogs.byId(dialog.id) !== dialog) return;
      if (accepted) keepSession(context, dialog, agreedSession(response));
      else if (status === 408 || status === 481) expire(context, dialog);
      else again(); // glare, most likely
    });
    if (isReinvite) dialog.outgoingOffer = sent;
  } catch (error) {
    // No transport leads to the peer now; one may by the next time.
    if (errorCode(error) !== 'SIP_CLOSED') again();
  }
}

/** Whether somebody else's offer is open: one at a time (RFC 3261 §14.1). */
function isNegotiating(dialog: CallDialog): boolean {
  return (
    dialog.answer !== undefined ||
    dialog.outgoingOffer !== undefined ||
    dialog.incomingOffer?.pending === true
  );
}

/** Nobody speaks so long; who does gets 481 either way. */
const ownerlessSeconds = 24 * 3600;

/**
 * The application of a dialog is gone. Its call goes on: a session timer, or the BYE of the peer, ends it. What neither ends is
 * forgotten after a day, a subscription at once.
 */
export function disown(context: CallContext, dialog: CallDialog): void {
  dialog.app = undefined;
  if (dialog.kind === 'SUBSCRIBE') context.dialogs.remove(dialog);
  else if (dialog.session?.isRunning !== true) {
    dialog.session ??= new SessionTimer(context.layer.clock);
    dialog.session.start(ownerlessSeconds, () => context.dialogs.remove(dialog));
  }
}
