import { TypedEmitter } from '../../core/typed-emitter.js';
import type { SipMessage } from './message.js';
import type { IncomingRequest, ResponseOptions } from './request-options.js';

export type DialogEndReason = 'local-bye' | 'remote-bye' | 'ack-timeout' | 'error';

export type DialogEvents = {
  ack: [ack: SipMessage];
  bye: [bye: SipMessage];
  request: [incoming: IncomingRequest];
  ended: [reason: DialogEndReason];
};

export abstract class Dialog extends TypedEmitter<DialogEvents> {
  abstract readonly callId: string;
  abstract readonly localTag: string;
  abstract readonly remoteTag: string;
  abstract readonly remoteTarget: string;
  abstract request(method: string, options?: ResponseOptions): Promise<SipMessage>;
  abstract reinvite(body: string): Promise<SipMessage>;
  abstract bye(headers?: Readonly<Record<string, string>>): Promise<void>;
}
