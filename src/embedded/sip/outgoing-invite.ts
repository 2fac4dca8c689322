import { TypedEmitter } from '../../core/typed-emitter.js';
import type { Dialog } from './dialog.js';
import type { SipMessage } from './message.js';

export type OutgoingInviteEvents = {
  provisional: [response: SipMessage];
  accepted: [response: SipMessage, dialog: Dialog];
  failed: [status: number, response: SipMessage | undefined];
};

export abstract class OutgoingInvite extends TypedEmitter<OutgoingInviteEvents> {
  abstract readonly request: SipMessage;
  abstract ack(options?: { readonly body?: string | undefined }): void;
  abstract cancel(): void;
}
