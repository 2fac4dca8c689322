import type { Clock } from '../../core/clock.js';
import { CallTrace, type TraceAnswer, type TraceOptions } from './call-trace.js';
import type { SipMessage } from './message.js';
import { SipCounters, type Gauges } from './sip-counters.js';
import type { DropReason, Role, SipObserver } from './sip-observer.js';
import type { Listener, Protocol, Source, Target } from './transport.js';

/** Counters and trace as the one observer of a stack. */
export class SipObservation implements SipObserver {
  readonly #counters = new SipCounters();
  readonly #trace: CallTrace | undefined;

  constructor(clock: Clock, options: TraceOptions = {}) {
    this.#trace = options.traceBytes === 0 ? undefined : new CallTrace(clock, options);
  }

  /** Prometheus' text format. */
  metrics(gauges: Gauges): string {
    return this.#counters.text(gauges);
  }

  trace(key: string): TraceAnswer {
    return this.#trace?.find(key) ?? { found: 'none' };
  }

  received(message: SipMessage, bytes: Buffer, source: Source, repeated: boolean): void {
    this.#counters.received(message, bytes, source, repeated);
    this.#trace?.received(message, bytes, source, repeated);
  }

  sent(message: SipMessage, bytes: Buffer, listener: Listener, target: Target, repeated: boolean): void {
    this.#counters.sent(message, bytes, listener, target, repeated);
    this.#trace?.sent(message, bytes, listener, target, repeated);
  }

  malformed(code: string, protocol: Protocol): void {
    this.#counters.malformed(code, protocol);
  }

  dropped(reason: DropReason, message: SipMessage | undefined, source: Source): void {
    this.#counters.dropped(reason, message, source);
  }

  finished(role: Role, method: string, status: number): void {
    this.#counters.finished(role, method, status);
  }
}
