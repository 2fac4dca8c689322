import { TypedEmitter } from '../core/typed-emitter.js';
import type { MediaEndpoint } from '../media/media-endpoint.js';
import type { CallDialog } from '../sip/call-dialog.js';
import type { Ending, LegStage } from './ending.js';

export type CallLegEvents = {
  /** The caller gave up before our answer. */
  cancelled: [];
  /** The callee's telephone rings. */
  ringing: [];
};

/** What became of an INVITE: a dialog, or the reason why there is none. */
export type Established =
  | {
      readonly dialog: CallDialog;
      /** The other side's SDP is still to come, with the ACK of our 200. */
      readonly answerFollows: boolean;
    }
  | { readonly ending: Ending };

/** A call's own SIP leg until its dialog is there: an INVITE that came to us, or one that we send. Owned by the call. */
export abstract class CallLeg extends TypedEmitter<CallLegEvents> {
  abstract readonly direction: 'inbound' | 'outbound';
  abstract readonly sipCallId: string;
  abstract readonly callingNumber: string;
  abstract readonly calledNumber: string;
  /** The other side's offer, for which the endpoint is made; undefined when the endpoint makes the offer. */
  abstract readonly offer: string | undefined;
  /** The caller gave up, whether we were told yet or not. */
  abstract readonly cancelled: boolean;
  /** How it would have to be ended now. */
  abstract readonly stage: LegStage;

  /** Called once, when the ear is open. Rejects when it cannot be done; what it had made is released then. */
  abstract establish(endpoint: MediaEndpoint): Promise<Established>;

  /** Ends what is not established yet; does nothing once it is. Safe to call twice. */
  abstract abandon(ending: Ending): void;
}
