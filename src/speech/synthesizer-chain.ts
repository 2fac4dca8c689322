import type { Clock } from '../core/clock.js';
import { within } from '../core/deadline.js';
import type { BreakerState } from './circuit-breaker.js';
import { ChainedSentence } from './chained-sentence.js';
import { synthesizerDeadlines, type SynthesizerDeadlines } from './engine-deadlines.js';
import { EngineLine, type BreakerRules, type EngineOfChain } from './engine-line.js';
import { speechError } from './errors.js';
import type { SpokenAudio, SynthesisRequest, Synthesizer, SynthesizerCapabilities } from './synthesizer.js';

export interface SynthesizerChainOptions {
  /** The preferred first; closed by the chain. */
  readonly engines: readonly EngineOfChain<Synthesizer, SynthesizerDeadlines>[];
  /** For engines that have none of their own. Default: {@link synthesizerDeadlines}. */
  readonly deadlines?: Partial<SynthesizerDeadlines>;
  readonly breaker?: BreakerRules;
  readonly clock: Clock;
}

/** A sentence that tells who spoke it. */
export interface AttributedAudio extends SpokenAudio {
  /** The engine that made all of it, once it is complete; undefined before, and if several had a part in it. */
  readonly spokenBy: string | undefined;
}

/** How long an engine may take to close, ms. */
const closeLimitMs = 2_000;

/**
 * Several synthesizers as one: a sentence is spoken by the first engine that is in order and knows the dialect; when that
 * one fails or lets a deadline pass, the next goes on where the sentence broke off. Rejects only when none is left.
 */
export class SynthesizerChain implements Synthesizer {
  readonly name = 'chain';
  readonly #line: EngineLine<Synthesizer, SynthesizerDeadlines>;
  readonly #clock: Clock;

  constructor({ engines, deadlines, breaker, clock }: SynthesizerChainOptions) {
    this.#line = new EngineLine({
      role: 'synthesizer',
      engines,
      deadlines: { ...synthesizerDeadlines, ...deadlines },
      ...(breaker !== undefined && { breaker }),
      clock,
    });
    this.#clock = clock;
  }

  /** What at least one of the engines can do; any rate is converted. */
  get capabilities(): SynthesizerCapabilities {
    const each = this.#line.all.map(({ engine }) => engine.capabilities);
    return {
      sampleRatesHz: [8_000, 16_000],
      streaming: each.some(({ streaming }) => streaming),
      dialects: [...new Set(each.flatMap(({ dialects }) => dialects))],
      voices: [...new Set(each.flatMap(({ voices = [] }) => voices))],
    };
  }

  /** Whether each engine is used, by its name. */
  get states(): ReadonlyMap<string, BreakerState> {
    return this.#line.states;
  }

  /** The engines that speak the dialect, in the order in which they are asked, and whether they would be asked now. */
  enginesFor(dialect: string): readonly { readonly name: string; readonly available: boolean }[] {
    return this.#line.for([dialect]).map(({ name, breaker }) => ({ name, available: breaker.available }));
  }

  /** Nothing is begun before the first chunk is asked for. */
  synthesize(request: SynthesisRequest, sampleRateHz: number, signal?: AbortSignal): AttributedAudio {
    const engines = this.#line.for([request.dialect]);
    return new ChainedSentence({ request, sampleRateHz, signal, engines, clock: this.#clock });
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
}
