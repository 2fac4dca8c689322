import type { CallContext } from './call-context.js';
import type { CallDialog } from './call-dialog.js';
import { agreedSession, SessionTimer, type AgreedSession } from './session-timer.js';

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
  if (refresher === 'us') {
    dialog.session.start(seconds / 2, () => refresh(context, dialog, seconds));
  } else {
    const expired = (): void => context.hangUp(dialog, 'Session timer expired');
    dialog.session.start(seconds - Math.min(32, seconds / 3), expired);
  }
}

/** With an UPDATE that has no offer: nothing changes but the time, and the application need not know. */
function refresh(context: CallContext, dialog: CallDialog, seconds: number): void {
  const { layer } = context;
  const target = dialog.state.target();
  if (target === undefined) return;
  const update = dialog.state.buildRequest('UPDATE');
  update.append('Supported', 'timer');
  update.append('Session-Expires', `${seconds};refresher=uac`);
  try {
    const listener = layer.listenerFor(target);
    update.append('Contact', context.contact(listener, context.ownAddress(listener, target.host, true)));
    layer.request(update, target, (response, source) => {
      const { status } = response;
      if (status < 200 || context.dialogs.byId(dialog.id) !== dialog) return;
      if (status < 300) {
        if (source !== undefined) dialog.state.refreshTarget(response, source);
        keepSession(context, dialog, agreedSession(response));
      } else if (status === 408 || status === 481) context.hangUp(dialog, 'Session timer expired');
      // Glare, most likely: there is time to try again before the peer gives up.
      else dialog.session?.start(seconds / 10, () => refresh(context, dialog, seconds));
    });
  } catch {
    return; // closed, or the transport is gone: the peer ends it
  }
}
