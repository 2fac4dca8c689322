import type { SipMessage } from './message.js';
import type { Source } from './transport.js';

/** What may be told of a request outside a dialog. */
export interface RequestOptions {
  /** Sent as it is; Content-Type is `application/sdp` when it begins with `v=0` and no header says otherwise. */
  readonly body?: string | undefined;
  /** Added to (or instead of) what the user agent writes itself. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** URI or name-addr of the From header, without tag; default `<sip:NAME@our address>`. */
  readonly from?: string | undefined;
  readonly fromTag?: string | undefined;
  readonly callId?: string | undefined;
}

export interface ResponseOptions {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
}

/** A request that the application must answer once with a final response. */
export interface IncomingRequest {
  readonly request: SipMessage;
  readonly source: Source;
  /** Repeats after a final response are ignored. */
  respond(status: number, reason?: string, options?: ResponseOptions): void;
}
