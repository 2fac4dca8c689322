import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/logger.js';
import { TypedEmitter } from '../../core/typed-emitter.js';
import type { IncomingInvite } from './incoming-invite.js';
import type { SipMessage } from './message.js';
import type { OutgoingInvite } from './outgoing-invite.js';
import type { IncomingRequest, RequestOptions } from './request-options.js';
import type { ListenAddress } from './transport.js';

export interface UserAgentOptions {
  /** `udp:127.0.0.1:0`, `tcp:127.0.0.1:5080`; port 0 lets the system choose. */
  readonly listen: readonly string[];
  /** What Via and Contact say instead of the address listened on. Default: that address. */
  readonly externalAddress?: string | undefined;
  /** User-Agent and Server header, and the user part of the default From and Contact. */
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default 500, 4000, 5000 ms (RFC 3261 §17.1.1.1). */
  readonly timers?: { readonly t1Ms?: number; readonly t2Ms?: number; readonly t4Ms?: number } | undefined;
}

export type UserAgentEvents = {
  invite: [incoming: IncomingInvite];
  request: [incoming: IncomingRequest];
};

export class UserAgent extends TypedEmitter<UserAgentEvents> {
  static listen(options: UserAgentOptions): Promise<UserAgent> {
    return Promise.reject(new Error(`not yet ${options.name}`));
  }
  get addresses(): readonly ListenAddress[] {
    throw new Error('not yet');
  }
  invite(uri: string, options: RequestOptions): OutgoingInvite {
    throw new Error(`not yet ${uri} ${String(options)}`);
  }
  /** Resolves with the final response; never rejects (408, 503 are made internally). */
  request(method: string, uri: string, options: RequestOptions): Promise<SipMessage> {
    return Promise.reject(new Error(`not yet ${method} ${uri} ${String(options)}`));
  }
  counts(): { transactions: number; dialogs: number; timers: number; sockets: number } {
    throw new Error('not yet');
  }
  close(): Promise<void> {
    throw new Error('not yet');
  }
}
