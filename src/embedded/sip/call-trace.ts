import { formatHostPort } from '../../core/address.js';
import type { Clock } from '../../core/clock.js';
import type { SipMessage } from './message.js';
import type { SipObserver } from './sip-observer.js';
import type { Listener, ListenAddress, Source, Target } from './transport.js';

export interface TraceOptions {
  /** Of all calls together, without what JavaScript needs around them. Default 16 MB; 0 keeps nothing. */
  readonly traceBytes?: number | undefined;
}

export const defaultTraceBytes = 16_000_000;
/** Of one call: an ordinary one has 5 to 10 kB; a phone that registers for weeks under one Call-ID must not fill all. */
const maxCallBytes = 128 * 1024;
/** What every message takes besides its bytes. */
const overheadBytes = 200;
/** When a call is too long its middle goes: the beginning says what was agreed, the end why it ended. */
const keptFirst = 20;

/** One message as it went over the wire. */
export interface TracedMessage {
  readonly wallMs: number;
  readonly direction: 'in' | 'out';
  readonly repeated: boolean;
  readonly protocol: string;
  /** `host:port` of ours. */
  readonly local: string;
  /** `host:port` of the peer; a name if the message was sent to a name. */
  readonly peer: string;
  /** The whole message, secrets blanked. */
  readonly text: string;
}

export interface TracedCall {
  readonly callId: string;
  /** In the order of the wire. */
  readonly messages: readonly TracedMessage[];
  /** How many are missing between the first and the last ones. */
  readonly dropped: number;
}

/** What a Call-ID, or a beginning of one, leads to. */
export type TraceAnswer =
  | { readonly found: 'call'; readonly call: TracedCall }
  | { readonly found: 'several'; readonly callIds: readonly string[] }
  | { readonly found: 'none' };

interface Kept {
  readonly wallMs: number;
  readonly inbound: boolean;
  readonly repeated: boolean;
  readonly protocol: string;
  readonly local: ListenAddress;
  readonly host: string;
  readonly port: number;
  /** One character per byte: a string costs less to keep than a buffer, and never more than its own length. */
  readonly bytes: string;
}

interface Call {
  readonly messages: Kept[];
  bytes: number;
  dropped: number;
}

/**
 * Keeps the messages of the last calls in memory, by Call-ID. Calls that were answered and all else have half the room
 * each, and the oldest goes first: a flood of refused INVITEs cannot wash out what an operator looks for.
 */
export class CallTrace implements SipObserver {
  readonly #answered: CallRing;
  readonly #others: CallRing;

  constructor(
    private readonly clock: Clock,
    { traceBytes = defaultTraceBytes }: TraceOptions = {},
  ) {
    this.#answered = new CallRing(traceBytes / 2);
    this.#others = new CallRing(traceBytes / 2);
  }

  /** Bytes kept now, with what each message takes besides its own. */
  get bytes(): number {
    return this.#answered.bytes + this.#others.bytes;
  }

  received(message: SipMessage, bytes: Buffer, source: Source, repeated: boolean): void {
    this.#keep(message, {
      wallMs: this.clock.wallMs(),
      inbound: true,
      repeated,
      protocol: source.protocol,
      local: source.listener.address,
      host: source.host,
      port: source.port,
      bytes: bytes.toString('latin1'),
    });
  }

  sent(message: SipMessage, bytes: Buffer, listener: Listener, target: Target, repeated: boolean): void {
    this.#keep(message, {
      wallMs: this.clock.wallMs(),
      inbound: false,
      repeated,
      protocol: target.protocol,
      local: listener.address,
      host: target.host,
      port: target.port,
      bytes: bytes.toString('latin1'),
    });
  }

  /** Without a Call-ID that can be trusted there is nothing to keep them under. */
  malformed(): void {}

  finished(): void {}

  /** A flood would wash out the calls that somebody looks for. */
  dropped(): void {}

  /** The call of a Call-ID, or of a beginning that only one has. */
  find(key: string): TraceAnswer {
    const call = this.#answered.get(key) ?? this.#others.get(key);
    if (call !== undefined) return { found: 'call', call: shown(key, call) };
    const callIds =
      key === '' ? [] : [...this.#answered.startingWith(key), ...this.#others.startingWith(key)];
    const [only = ''] = callIds;
    if (callIds.length === 0) return { found: 'none' };
    return callIds.length === 1 ? this.find(only) : { found: 'several', callIds: callIds.slice(0, 10) };
  }

  /** Hot. */
  #keep(message: SipMessage, kept: Kept): void {
    const callId = message.get('call-id');
    if (callId === undefined) return;
    const sizeBytes = kept.bytes.length + overheadBytes;
    const answered = this.#answered.get(callId);
    if (answered !== undefined) {
      this.#answered.add(callId, answered, kept, sizeBytes);
      return;
    }
    const call = this.#others.get(callId) ?? { messages: [], bytes: 0, dropped: 0 };
    const isAnswer = message.status >= 200 && message.status < 300 && message.method === 'INVITE';
    if (isAnswer) {
      this.#others.remove(callId, call);
      this.#answered.add(callId, call, kept, sizeBytes);
    } else this.#others.add(callId, call, kept, sizeBytes);
  }
}

/** Calls in the order of their beginning, at most so many bytes. */
class CallRing {
  readonly #calls = new Map<string, Call>();
  bytes = 0;

  constructor(private readonly maxBytes: number) {}

  get(callId: string): Call | undefined {
    return this.#calls.get(callId);
  }

  startingWith(beginning: string): string[] {
    return [...this.#calls.keys()].filter((callId) => callId.startsWith(beginning));
  }

  /** Hot: adds a message to a call that is here or not yet; drops what there is no room for. */
  add(callId: string, call: Call, kept: Kept, sizeBytes: number): void {
    if (!this.#calls.has(callId)) {
      // A copy: the parsed value is a part of the whole head and would keep all of it.
      this.#calls.set(Buffer.from(callId).toString(), call);
      this.bytes += call.bytes;
    }
    call.messages.push(kept);
    call.bytes += sizeBytes;
    this.bytes += sizeBytes;
    while (call.bytes > maxCallBytes && call.messages.length > 1) {
      const [dropped] = call.messages.splice(Math.min(keptFirst, call.messages.length - 2), 1);
      const droppedBytes = (dropped?.bytes.length ?? 0) + overheadBytes;
      call.bytes -= droppedBytes;
      this.bytes -= droppedBytes;
      call.dropped++;
    }
    while (this.bytes > this.maxBytes && this.#calls.size > 0) this.#dropOldest();
  }

  remove(callId: string, call: Call): void {
    if (this.#calls.delete(callId)) this.bytes -= call.bytes;
  }

  #dropOldest(): void {
    for (const [callId, call] of this.#calls) {
      this.remove(callId, call);
      return;
    }
  }
}

function shown(callId: string, call: Call): TracedCall {
  const messages = call.messages.map((kept): TracedMessage => {
    const { wallMs, inbound, repeated, protocol, local, host, port, bytes } = kept;
    return {
      wallMs,
      direction: inbound ? 'in' : 'out',
      repeated,
      protocol,
      local: formatHostPort(local),
      peer: formatHostPort({ host, port }),
      text: withoutSecrets(Buffer.from(bytes, 'latin1').toString('utf8')),
    };
  });
  return { callId, messages, dropped: call.dropped };
}

/**
 * Blanks what nobody needs to see to understand a call: digest answers, keys of SRTP, and the body of INFO, which brings
 * the keys that were pressed. There is no way to see them here: who must have them records the wire.
 */
export function withoutSecrets(text: string): string {
  const blanked = text
    .replace(/^((?:Proxy-)?Authorization\s*:).*(?:\r?\n[ \t].*)*/gim, '$1 (blanked)')
    .replace(/^(a=crypto:\d+ \S+ ).*/gim, '$1(blanked)')
    .replace(/^(a=ice-pwd:).*/gim, '$1(blanked)')
    .replace(/^k=.*/gim, 'k=(blanked)');
  return text.startsWith('INFO ') ? blanked.replace(/(\r?\n\r?\n)[^]+$/, '$1(blanked)') : blanked;
}
