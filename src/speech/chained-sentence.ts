import { createResampler, type Resampler } from '../audio/resample.js';
import type { Clock } from '../core/clock.js';
import { within } from '../core/deadline.js';
import { errorCode } from '../core/errors.js';
import { speechFailover, type FailureKind } from './channels.js';
import type { SynthesizerDeadlines } from './engine-deadlines.js';
import { nearestRateHz, type LinedEngine } from './engine-line.js';
import { notItsFault, speechError } from './errors.js';
import { resumeAtWord, resumeText } from './spoken-position.js';
import type { SpokenAudio, SynthesisRequest, Synthesizer } from './synthesizer.js';

type Engine = LinedEngine<Synthesizer, SynthesizerDeadlines>;

export interface ChainedSentenceOptions {
  readonly request: SynthesisRequest;
  readonly sampleRateHz: number;
  readonly signal: AbortSignal | undefined;
  /** Those that may be asked, in order. */
  readonly engines: readonly Engine[];
  readonly clock: Clock;
}

/** Why an engine was given up in this sentence. */
class Lapse extends Error {
  constructor(
    readonly kind: FailureKind,
    readonly code: string,
  ) {
    super(kind);
  }
}

/** Rates that are sound and no slip of the pen, Hz. */
const rateLimitsHz = [4_000, 96_000] as const;

/** Nobody waits for what is made ahead, and engines let it wait behind what somebody does wait for. */
const backgroundFactor = 25;

/** Beyond a real sentence: an engine that never ends, ms of sound. */
const longestMs = 120_000;

/** One sentence of a {@link SynthesizerChain}: from one engine, or, where that breaks off, from the next one on. */
export class ChainedSentence implements SpokenAudio {
  readonly sampleRateHz: number;
  spokenBy: string | undefined;
  /** What is still to be said. */
  #text: string;
  /** Sound given of {@link #text} so far, ms. */
  #spokenMs = 0;
  #parts = 0;

  constructor(private readonly o: ChainedSentenceOptions) {
    this.sampleRateHz = o.sampleRateHz;
    this.#text = o.request.text;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Int16Array> {
    let from: Engine | undefined;
    let tried = 0;
    const { engines } = this.o;
    // The second time round only where all are left alone: one of them may be back.
    for (const [index, engine] of [...engines, ...engines].entries()) {
      if (this.#aborted) return;
      const lastResort = index >= engines.length;
      if (lastResort && tried > 0 && index === engines.length) break;
      const permit = engine.breaker.acquire(lastResort);
      if (permit === undefined) continue;
      if (from !== undefined)
        speechFailover.publish({ role: 'synthesizer', from: from.name, to: engine.name });
      tried += 1;
      let gaveSound = false;
      try {
        for await (const chunk of this.#from(engine)) {
          gaveSound = true;
          yield chunk;
        }
        if (this.#aborted) return;
        permit.succeed();
        if (this.#parts === 1) this.spokenBy = engine.name;
        return;
      } catch (error) {
        if (this.#aborted) return;
        const { kind, code } = error instanceof Lapse ? error : new Lapse('error', errorCode(error));
        if (notItsFault.has(code)) permit.release();
        else permit.fail();
        engine.failed(kind, code);
        from = engine;
      } finally {
        // Reached without a verdict when whoever listened has left.
        if (gaveSound) permit.succeed();
        else permit.release();
      }
    }
    if (from !== undefined) speechFailover.publish({ role: 'synthesizer', from: from.name, to: undefined });
    throw speechError('SPEECH_NO_SYNTHESIZER', { dialect: this.o.request.dialect, tried });
  }

  get #aborted(): boolean {
    return this.o.signal?.aborted === true;
  }

  /** What is still to be said, from this engine, at our rate. Throws a {@link Lapse} where it breaks off. */
  async *#from(lined: Engine): AsyncGenerator<Int16Array> {
    const { engine, deadlines } = lined;
    const { request, sampleRateHz, signal } = this.o;
    const dialect = lined.nearest(request.dialect);
    const askedHz = nearestRateHz(engine.capabilities.sampleRatesHz, sampleRateHz);
    const patience = request.background === true ? backgroundFactor : 1;
    const abort = new AbortController();
    const passOn = (): void => abort.abort();
    signal?.addEventListener('abort', passOn, { once: true });
    let audio: SpokenAudio | undefined;
    let chunks: AsyncIterator<Int16Array> | undefined;
    let converter: Resampler | undefined;
    this.#spokenMs = 0;
    try {
      audio = engine.synthesize({ ...request, dialect, text: this.#text }, askedHz, abort.signal);
      chunks = audio[Symbol.asyncIterator]();
      let kind: FailureKind = 'firstAudio';
      for (;;) {
        const limitMs = kind === 'firstAudio' ? deadlines.firstAudioMs : deadlines.betweenChunksMs;
        const { done = false, value } = await this.#next(chunks, limitMs * patience, kind);
        if (done) break;
        if (value.length === 0) continue;
        // The rate that comes, whatever was asked for: an engine may learn it with the first sound only.
        const rateHz = audio.sampleRateHz;
        if (rateHz !== sampleRateHz && converter?.fromHz !== rateHz) {
          converter?.close();
          converter = await converterFor(rateHz, sampleRateHz);
        }
        const chunk = rateHz === sampleRateHz ? value : (converter?.process(value) ?? value);
        if (kind === 'firstAudio') this.#parts += 1;
        kind = 'betweenChunks';
        this.#spokenMs += (1000 * value.length) / rateHz;
        if (this.#spokenMs > longestMs) throw new Lapse('error', 'ENDLESS');
        yield chunk;
      }
      if (this.#spokenMs === 0 && this.#text.trim() !== '') throw new Lapse('empty', '');
      const tail = converter?.flush();
      if (tail !== undefined && tail.length > 0) yield tail;
    } catch (error) {
      if (this.#spokenMs > 0) this.#resume(audio);
      throw error;
    } finally {
      signal?.removeEventListener('abort', passOn);
      converter?.close();
      abort.abort();
      // An engine that hangs would hang here too.
      void Promise.resolve(chunks?.return?.()).catch(() => undefined);
    }
  }

  /** A deadline counts from here on: whoever plays the sound takes it at the pace of speech. */
  #next(
    chunks: AsyncIterator<Int16Array>,
    limitMs: number,
    kind: FailureKind,
  ): Promise<IteratorResult<Int16Array>> {
    const next = chunks.next() as Promise<IteratorResult<Int16Array>>;
    return limitMs <= 0 ? next : within(this.o.clock, limitMs, next, () => new Lapse(kind, ''));
  }

  #resume(audio: SpokenAudio | undefined): void {
    const words = audio?.words ?? [];
    this.#text =
      (words.length > 0 ? resumeAtWord(this.#text, words, this.#spokenMs) : undefined) ??
      resumeText(this.#text, this.#spokenMs, this.o.request.rate);
  }
}

function converterFor(fromHz: number, toHz: number): Promise<Resampler> {
  const [least, most] = rateLimitsHz;
  if (!Number.isInteger(fromHz) || fromHz < least || fromHz > most) throw new Lapse('rate', '');
  return createResampler(fromHz, toHz);
}
