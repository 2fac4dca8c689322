import { callId } from '../core/ids.js';
import type { CallRecord } from '../store/call-record.js';
import type { CallStore } from '../store/call-store.js';
import type { CallOptions } from './call-options.js';
import { CallSession, type CallPorts } from './call-session.js';
import { isTarget } from './call-transfers.js';
import type { DialplanLibrary } from './dialplan-library.js';
import { callError } from './errors.js';
import { keepRecord } from './keep-record.js';
import type { LiveCalls } from './live-calls.js';
import { OutboundLeg } from './outbound-leg.js';
import type { RememberedCallers } from './remembered-callers.js';

/** A call that we are to place. */
export interface OutboundRequest {
  /** A number, the name of a registered user, or a `sip:` URI that trunks.yaml allows. */
  readonly to: string;
  /** What the callee hears. */
  readonly dialplan: string;
  /** Number or name that the callee is shown. */
  readonly from?: string;
  /** Only by this trunk. */
  readonly trunk?: string;
  /** Default 30,000. */
  readonly ringMs?: number;
}

/** One drachtio server with the media servers behind it. */
export interface OutboundLine {
  readonly connected: () => boolean;
  readonly ports: CallPorts;
}

export interface OutboundOptions extends CallOptions {
  readonly maxConcurrent: number;
  readonly draining: () => boolean;
  /** Who asked not to be called is marked here. */
  readonly callers?: RememberedCallers;
}

/** Places calls that run a dialplan with whoever answers, and keeps their records. */
export class Outbound {
  readonly #lines: OutboundLine[] = [];

  constructor(
    private readonly library: DialplanLibrary,
    private readonly live: LiveCalls,
    private readonly store: CallStore,
    private readonly options: OutboundOptions,
  ) {}

  /** A drachtio server over which calls can go; the first that is connected is taken. */
  add(line: OutboundLine): void {
    this.#lines.push(line);
  }

  /**
   * Begins a call; its session tells how it goes, `ended` its record. Throws CALL_TARGET_INVALID, CALL_DIALPLAN_UNKNOWN,
   * CALL_DRAINING, CALL_NO_CAPACITY, CALL_NO_LINE.
   */
  place(request: OutboundRequest): { readonly call: CallSession; readonly ended: Promise<CallRecord> } {
    const { maxConcurrent, draining, callers, ...options } = this.options;
    const { dialplan: name, ...dialled } = request;
    if (!isTarget(dialled.to)) throw callError('CALL_TARGET_INVALID');
    const dialplan = this.library.named(name);
    if (draining()) throw callError('CALL_DRAINING');
    if (this.live.size >= maxConcurrent) throw callError('CALL_NO_CAPACITY', { limit: maxConcurrent });
    const line = this.#lines.find(({ connected }) => connected());
    if (line === undefined) throw callError('CALL_NO_LINE');
    const { ports } = line;
    const call = new CallSession(
      new OutboundLeg(ports.dialer, dialled),
      {
        id: callId(ports.clock.wallMs()),
        dialplan,
        dialect: undefined,
        // Whoever answers is a stranger, however well we know the number.
        mayChooseAnyone: false,
        ...options,
      },
      ports,
    );
    this.live.add(call);
    const ended = new Promise<CallRecord>((resolve) => {
      call.on('ended', (record) => {
        if (record.stopCalling === true) callers?.stopCalling(record.calledNumber);
        void keepRecord(record, null, this.store, ports.logger).then(() => resolve(record));
      });
    });
    void call.run();
    return { call, ended };
  }
}
