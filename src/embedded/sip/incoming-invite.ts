import { TypedEmitter } from '../../core/typed-emitter.js';
import type { Dialog } from './dialog.js';
import type { SipMessage } from './message.js';
import type { ResponseOptions } from './request-options.js';
import type { Source } from './transport.js';

export type IncomingInviteEvents = { cancel: [] };

export abstract class IncomingInvite extends TypedEmitter<IncomingInviteEvents> {
  abstract readonly request: SipMessage;
  abstract readonly source: Source;
  abstract respond(status: number, reason?: string, options?: ResponseOptions): void;
  abstract accept(options: ResponseOptions): Dialog;
}
