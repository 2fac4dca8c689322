import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { DialAttemptEnded } from '../sip/channels.js';
import type { EngineFailed, EngineRole } from '../speech/channels.js';
import type { BreakerState } from '../speech/circuit-breaker.js';
import type { EndReason, LedgerRecord, MediaRecord } from '../store/call-record.js';
import { RtpMetrics } from './rtp-metrics.js';

export interface MetricsOptions {
  /** Asked when the metrics are read: live calls now. */
  readonly liveCalls: () => number;
  /** Asked when the metrics are read: telephones registered now. */
  readonly registrations?: () => number;
  /** Asked when the metrics are read: more of them, in Prometheus' text format, under other names. May reject. */
  readonly more?: () => Promise<string>;
}

/** Bounds in seconds. Setup is good below 7 ms, a gap below 300 ms (DESIGN.md §5): both have neighbours on either side. */
const setupBounds = [0.002, 0.005, 0.007, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3];
const gapBounds = [0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1, 1.5, 2, 3, 5];
/** A part of a gap: 5 ms is a look-up, 20 ms a packet, 300 ms an endpoint; 5 s is an engine that hangs. */
const partBounds = [0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.15, 0.2, 0.3, 0.45, 0.7, 1, 1.5, 2.5, 5];
const durationBounds = [1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600];

/**
 * The figures of /metrics. The composition root subscribes these methods to the rooms' channels; none throws. Labels are
 * closed lists: no number, name or text of a call ever becomes one.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #ended = new Counter({
    name: 'xiangyin_calls_ended_total',
    help: 'Calls that are over, by why they ended.',
    labelNames: ['end_reason'],
    registers: [this.#registry],
  });
  readonly #duration = new Histogram({
    name: 'xiangyin_call_duration_seconds',
    help: 'From the INVITE to the end of the call.',
    buckets: durationBounds,
    registers: [this.#registry],
  });
  readonly #setup = new Histogram({
    name: 'xiangyin_call_setup_seconds',
    help: 'From the INVITE to our 200 OK.',
    buckets: setupBounds,
    registers: [this.#registry],
  });
  readonly #gap = new Histogram({
    name: 'xiangyin_turn_gap_seconds',
    help: "Silence between the end of the caller's turn and the first sound of the answer.",
    buckets: gapBounds,
    registers: [this.#registry],
  });
  readonly #part = new Histogram({
    name: 'xiangyin_turn_part_seconds',
    help: 'Where that silence went. `rest`: what the other parts do not explain, without its sign.',
    labelNames: ['part', 'after'],
    buckets: partBounds,
    registers: [this.#registry],
  });
  readonly #bargeIn = new Histogram({
    name: 'xiangyin_barge_in_seconds',
    help: "From the caller's first sound, or key, to the silence of the bot that was interrupted.",
    buckets: partBounds,
    registers: [this.#registry],
  });
  readonly #rtp = new RtpMetrics(this.#registry);
  readonly #refused = new Counter({
    name: 'xiangyin_calls_refused_total',
    help: 'INVITEs refused, by the step that refused them.',
    labelNames: ['reason'],
    registers: [this.#registry],
  });
  readonly #forks = new Counter({
    name: 'xiangyin_audio_forks_total',
    help: 'Audio forks that the media server brought up, or did not.',
    labelNames: ['outcome'],
    registers: [this.#registry],
  });
  readonly #strangers = new Counter({
    name: 'xiangyin_strangers_total',
    help: 'Connections refused because no call of ours owns them, by where they came.',
    labelNames: ['at'],
    registers: [this.#registry],
  });
  readonly #dialAttempts = new Counter({
    name: 'xiangyin_dial_attempts_total',
    help: 'Ways to a callee that were tried, by trunk (empty: telephones of a user, or a URI) and how it ended.',
    labelNames: ['trunk', 'outcome'],
    registers: [this.#registry],
  });
  readonly #authenticationFailures = new Counter({
    name: 'xiangyin_sip_authentication_failures_total',
    help: 'Credentials that were refused: wrong, or blocked without a look after too many of them.',
    labelNames: ['reason'],
    registers: [this.#registry],
  });

  readonly #engineFailures = new Counter({
    name: 'xiangyin_speech_engine_failures_total',
    help: 'What speech engines did not do, by the deadline that passed or error.',
    labelNames: ['role', 'engine', 'kind'],
    registers: [this.#registry],
  });
  readonly #failovers = new Counter({
    name: 'xiangyin_speech_failovers_total',
    help: 'Listenings and sentences that went on at the next engine, or found none.',
    labelNames: ['role', 'outcome'],
    registers: [this.#registry],
  });
  readonly #engineStates = new Gauge({
    name: 'xiangyin_speech_engine_state',
    help: '1 for the state in which an engine is: closed (used), open (left alone), halfOpen (tried); absent: it never failed.',
    labelNames: ['role', 'engine', 'state'],
    registers: [this.#registry],
  });
  readonly #sentences = new Counter({
    name: 'xiangyin_speech_sentences_total',
    help: 'Sentences that were said, by where they were found: memory, disk, or made by an engine.',
    labelNames: ['from'],
    registers: [this.#registry],
  });
  readonly #fillers = new Counter({
    name: 'xiangyin_fillers_total',
    help: 'Times that a caller heard a filler because the answer was not there yet.',
    registers: [this.#registry],
  });

  readonly #more: () => Promise<string>;

  constructor({ liveCalls, registrations = () => 0, more = () => Promise.resolve('') }: MetricsOptions) {
    this.#more = more;
    new Gauge({
      name: 'xiangyin_registrations',
      help: 'Telephones of users that are registered.',
      registers: [this.#registry],
      collect() {
        this.set(registrations());
      },
    });
    new Gauge({
      name: 'xiangyin_calls_live',
      help: 'Calls that are going on.',
      registers: [this.#registry],
      collect() {
        this.set(liveCalls());
      },
    });
    // The lag of the event loop, memory, processor time, file handles and garbage collection.
    collectDefaultMetrics({ register: this.#registry });
  }

  /** A call is over, refused ones included. */
  callEnded({ endReason, durationMs }: { readonly endReason: EndReason; readonly durationMs: number }): void {
    this.#ended.inc({ end_reason: endReason });
    this.#duration.observe(seconds(durationMs));
  }

  /** A call was answered, so many ms after its INVITE. */
  setup(ms: number): void {
    this.#setup.observe(seconds(ms));
  }

  /** How a call's packets fared. */
  media(media: MediaRecord): void {
    this.#rtp.callEnded(media);
  }

  /** The bot began to answer, so many ms after the caller had finished. */
  turnGap(ms: number): void {
    this.#gap.observe(seconds(ms));
  }

  /** The ledger of one turn. */
  turnLedger(ledger: LedgerRecord): void {
    const after = ledger.from;
    for (const [part, ms] of [
      ['endpointing', ledger.endpointingMs],
      ['recognizer', ledger.recognizerMs],
      ['dialog', ledger.dialogMs],
      ['synthesis', ledger.synthesisMs],
      ['hand-over', ledger.handOverMs],
      ['media', ledger.mediaMs],
      ['rest', Math.abs(ledger.restMs)],
    ] as const)
      this.#part.observe({ part, after }, seconds(ms));
    if (ledger.bargeIn !== undefined) this.#bargeIn.observe(seconds(ledger.bargeIn.wholeMs));
  }

  /** An INVITE was refused by this step of the admission (its name, never its sentence). */
  refused(reason: string): void {
    this.#refused.inc({ reason });
  }

  forkOpened(): void {
    this.#forks.inc({ outcome: 'opened' });
  }

  forkFailed(): void {
    this.#forks.inc({ outcome: 'failed' });
  }

  stranger(at: 'audio-stream'): void {
    this.#strangers.inc({ at });
  }

  /** The trunk is a name in trunks.yaml. */
  dialAttempt({ trunk, outcome }: DialAttemptEnded): void {
    this.#dialAttempts.inc({ trunk: trunk ?? '', outcome });
  }

  authenticationFailed(reason: 'wrong' | 'blocked'): void {
    this.#authenticationFailures.inc({ reason });
  }

  /** Engines are named in the configuration. */
  engineFailed({ role, engine, kind }: EngineFailed): void {
    this.#engineFailures.inc({ role, engine, kind });
  }

  failover(role: EngineRole, found: boolean): void {
    this.#failovers.inc({ role, outcome: found ? 'next' : 'none' });
  }

  engineState(role: EngineRole, engine: string, from: BreakerState, to: BreakerState): void {
    this.#engineStates.set({ role, engine, state: from }, 0);
    this.#engineStates.set({ role, engine, state: to }, 1);
  }

  sentence(from: 'memory' | 'disk' | 'engine'): void {
    this.#sentences.inc({ from });
  }

  filler(): void {
    this.#fillers.inc();
  }

  /** Prometheus' text format. */
  async text(): Promise<string> {
    const more = await this.#more().catch(() => '');
    return more + (await this.#registry.metrics());
  }

  get contentType(): string {
    return this.#registry.contentType;
  }
}

/** A figure that is not one (NaN of a broken clock) would make prom-client throw into the channel. */
function seconds(ms: number): number {
  return Number.isFinite(ms) ? ms / 1000 : 0;
}
