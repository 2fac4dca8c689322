import type { Clock } from '../core/clock.js';
import { within } from '../core/deadline.js';
import type { BreakerState } from './circuit-breaker.js';
import { ChainedListening } from './chained-listening.js';
import { recognizerDeadlines, type RecognizerDeadlines } from './engine-deadlines.js';
import { EngineLine, type BreakerRules, type EngineOfChain, type LinedEngine } from './engine-line.js';
import { speechError } from './errors.js';
import type {
  Phrase,
  Recognizer,
  RecognizeOptions,
  RecognizerCapabilities,
  RecognizerStream,
} from './recognizer.js';

export interface RecognizerChainOptions {
  /** The preferred first; closed by the chain. */
  readonly engines: readonly EngineOfChain<Recognizer, RecognizerDeadlines>[];
  /** For engines that have none of their own. Default: {@link recognizerDeadlines}. */
  readonly deadlines?: Partial<RecognizerDeadlines>;
  readonly breaker?: BreakerRules;
  /** Sound kept of each listening for the next engine, ms. Default 10000. */
  readonly replayMs?: number;
  readonly clock: Clock;
}

/** By what the engines for a listening are found. */
type Asked = Pick<RecognizeOptions, 'dialects' | 'phrases' | 'relatives'>;

const defaultReplayMs = 10_000;
/** How long an engine behind a connection may take to make phrases ready, ms. */
const prepareLimitMs = 10_000;
/** One of our own is no less in order for a machine that has much to do: it reads a hundred phrases in the background. */
const ownPrepareLimitMs = 120_000;
/** How long an engine may take to close, ms. */
const closeLimitMs = 2_000;

/**
 * Several recognizers as one: each listening goes to the first engine that is in order and knows the dialect, and on to
 * the next with everything the caller has said when that one fails or lets a deadline pass. Exactly one final or error
 * comes of a listening, whatever the engines do.
 */
export class RecognizerChain implements Recognizer {
  readonly name = 'chain';
  readonly #line: EngineLine<Recognizer, RecognizerDeadlines>;
  readonly #clock: Clock;
  readonly #replayMs: number;

  constructor(options: RecognizerChainOptions) {
    const { engines, deadlines, breaker, clock } = options;
    this.#line = new EngineLine({
      role: 'recognizer',
      engines,
      deadlines: { ...recognizerDeadlines, ...deadlines },
      ...(breaker !== undefined && { breaker }),
      clock,
    });
    this.#clock = clock;
    this.#replayMs = options.replayMs ?? defaultReplayMs;
  }

  /** What at least one of the engines can do; any rate is converted. */
  get capabilities(): RecognizerCapabilities {
    const each = this.#line.all.map(({ engine }) => engine.capabilities);
    return {
      sampleRatesHz: [8_000, 16_000],
      streaming: true,
      interim: each.some(({ interim }) => interim),
      openSpeech: each.some(({ openSpeech }) => openSpeech),
      dialects: [...new Set(each.flatMap(({ dialects }) => dialects))],
      dialectPreserving: each.some(({ dialectPreserving }) => dialectPreserving),
      phraseHints: each.some(({ phraseHints }) => phraseHints),
      confidence: each.every(({ confidence = true }) => confidence),
      wordTimes: each.every(({ wordTimes = false }) => wordTimes),
      maxDialects: Math.max(1, ...each.map(({ maxDialects = 1 }) => maxDialects)),
    };
  }

  /** Whether each engine is used, by its name. */
  get states(): ReadonlyMap<string, BreakerState> {
    return this.#line.states;
  }

  hears(dialects: readonly string[]): boolean {
    return this.#line.for(dialects).some(({ breaker }) => breaker.available);
  }

  /** Every engine that knows the phrases' dialects; rejects if none could. */
  async prepare(phrases: readonly Phrase[]): Promise<void> {
    const dialects = [...new Set(phrases.map(({ dialect }) => dialect))];
    const usable = this.#line.for(dialects).filter(({ breaker }) => breaker.available);
    const results = await Promise.allSettled(
      usable.map(async ({ engine }) =>
        within(this.#clock, limitOf(engine), engine.prepare(phrases), () =>
          speechError('SPEECH_ENGINE_FAILED', {
            engine: engine.name,
            reason: 'phrases were not ready in time',
          }),
        ),
      ),
    );
    const failed = results.filter((result) => result.status === 'rejected');
    if (results.length > 0 && failed.length === results.length) throw failed[0]?.reason;
  }

  open(options: RecognizeOptions): RecognizerStream {
    const engines = this.#usable(options);
    return new ChainedListening({ options, engines, replayMs: this.#replayMs, clock: this.#clock });
  }

  /** The engine that {@link open} would ask first now; undefined: none is in order. */
  firstFor(options: Asked): Recognizer | undefined {
    return this.#usable(options).find(({ breaker }) => breaker.available)?.engine;
  }

  async close(): Promise<void> {
    await Promise.allSettled(
      this.#line.all.map(async ({ engine }) =>
        within(this.#clock, closeLimitMs, engine.close(), () =>
          speechError('SPEECH_ENGINE_FAILED', { engine: engine.name, reason: 'it does not close' }),
        ),
      ),
    );
  }

  #usable({ dialects, phrases, relatives }: Asked): readonly LinedEngine<Recognizer, RecognizerDeadlines>[] {
    return this.#line
      .for(dialects, relatives)
      .filter(({ engine }) => phrases.length > 0 || engine.capabilities.openSpeech);
  }
}

function limitOf({ capabilities }: Recognizer): number {
  return capabilities.connects === true ? prepareLimitMs : ownPrepareLimitMs;
}
