/** A SIP message of a call, as the SIP server saw it on the wire. */
export interface SipTraceMessage {
  readonly wallMs: number;
  readonly direction: 'in' | 'out';
  /** Seen on the wire before: a retransmission. */
  readonly repeated: boolean;
  /** `udp`, `tcp`, ... */
  readonly protocol: string;
  /** `host:port` of the SIP server. */
  readonly local: string;
  /** `host:port` of the other side. */
  readonly peer: string;
  /** The whole message; passwords, keys and what was pressed are blanked. */
  readonly text: string;
}

export interface SipTrace {
  readonly callId: string;
  readonly messages: readonly SipTraceMessage[];
  /** How many are missing in the middle of a long call. */
  readonly dropped: number;
}

/** What a Call-ID, or a beginning of one, led to. */
export type SipTraceAnswer =
  | { readonly found: 'call'; readonly call: SipTrace }
  | { readonly found: 'several'; readonly callIds: readonly string[] }
  | { readonly found: 'none' };
