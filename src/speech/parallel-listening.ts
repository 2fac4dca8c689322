import type { Clock, Timer } from '../core/clock.js';
import { errorCode } from '../core/errors.js';
import { TypedEmitter } from '../core/typed-emitter.js';
import { speechError } from './errors.js';
import { ParallelDecision, type ParallelRules, type ParallelVerdict } from './parallel-decision.js';
import type { Hearing, RecognitionResult, RecognizerStream, RecognizerStreamEvents } from './recognizer.js';

/** One recognizer's listening among several. */
export interface OneListening {
  readonly stream: RecognizerStream;
  /** What its result is worth. */
  readonly hearingOf: (result: RecognitionResult) => Hearing;
}

interface Entry extends OneListening {
  live: boolean;
  hearing: Hearing | undefined;
  result: RecognitionResult | undefined;
}

/**
 * One sound to several recognizers: one of them gives the result, the others are closed at once. What becomes of the others
 * than the first is told by nothing but {@link RecognitionResult.hearings}.
 */
export class ParallelListening extends TypedEmitter<RecognizerStreamEvents> implements RecognizerStream {
  readonly #all: readonly Entry[];
  readonly #decision: ParallelDecision;
  #timer: Timer | undefined;
  #failure: Error | undefined;
  /** The one whose interim was told last. */
  #told: Entry | undefined;
  #finished = false;
  #over = false;

  /** The call's own first. */
  constructor(
    listenings: readonly OneListening[],
    rules: ParallelRules,
    private readonly clock: Clock,
  ) {
    super();
    this.#all = listenings.map((one) => ({ ...one, live: true, hearing: undefined, result: undefined }));
    this.#decision = new ParallelDecision(listenings.length, rules);
    this.#all.forEach((entry, index) => {
      const { stream } = entry;
      if (index === 0) stream.on('ready', () => this.emit('ready'));
      stream.on('interim', (result) => this.#interim(entry, index, result));
      stream.on('final', (result) => this.#final(entry, index, result));
      stream.on('error', (error) => this.#failed(entry, index, error));
    });
  }

  /** Hot. */
  write(samples: Int16Array): void {
    if (this.#finished || this.#over) return;
    for (let index = 0; index < this.#all.length; index += 1) {
      const entry = this.#all[index];
      if (entry?.live === true) this.#guard(entry, index, () => entry.stream.write(samples));
    }
  }

  finish(): void {
    if (this.#finished || this.#over) return;
    this.#finished = true;
    this.#decision.finish();
    this.#all.forEach((entry, index) => {
      if (entry.live) this.#guard(entry, index, () => entry.stream.finish());
    });
    this.#decide();
  }

  close(): void {
    this.#end();
    this.removeAllListeners();
  }

  #interim(entry: Entry, index: number, result: RecognitionResult): void {
    if (!entry.live) return;
    entry.result = result;
    entry.hearing = entry.hearingOf(result);
    this.#decision.interim(index, entry.hearing);
    const { soFar } = this.#decision;
    const best = this.#all.find(({ hearing }) => hearing === soFar?.best);
    // Of another one than the best there is nothing new to tell.
    if (soFar === undefined || best?.result === undefined || (best !== entry && best === this.#told)) return;
    this.#told = best;
    const hearings = [soFar.best, ...this.#hearings.filter((hearing) => hearing !== soFar.best)];
    this.emit('interim', {
      ...this.#merged(best.result, hearings),
      ...(!soFar.decided && { undecided: true }),
    });
  }

  #final(entry: Entry, index: number, result: RecognitionResult): void {
    if (!entry.live) return;
    entry.live = false;
    entry.result = result;
    entry.hearing = entry.hearingOf(result);
    this.#decision.final(index, entry.hearing, this.clock.nowMs());
    this.#decide();
  }

  #failed(entry: Entry, index: number, error: Error): void {
    if (!entry.live) return;
    entry.live = false;
    entry.hearing = undefined;
    // What is said of it is the call's own recognizer's: the others are not known to anybody.
    if (index === 0 || this.#failure === undefined) this.#failure = error;
    this.#decision.failed(index);
    this.#decide();
  }

  /** A recognizer that throws where it must not has failed. */
  #guard(entry: Entry, index: number, use: () => void): void {
    try {
      use();
    } catch (error) {
      const details = { engine: 'parallel', reason: errorCode(error) };
      this.#failed(entry, index, speechError('SPEECH_ENGINE_FAILED', details, error));
      closeQuietly(entry.stream);
    }
  }

  #decide(): void {
    if (this.#over) return;
    const verdict = this.#decision.verdict(this.clock.nowMs());
    if (verdict !== undefined) return this.#tell(verdict);
    this.#timer?.cancel();
    const { deadlineMs } = this.#decision;
    if (deadlineMs === undefined) return;
    this.#timer = this.clock.after(Math.max(0, deadlineMs - this.clock.nowMs()), () => this.#decide());
  }

  #tell(verdict: ParallelVerdict): void {
    const best = this.#all.find(({ hearing }) => hearing !== undefined && hearing === verdict[0])?.result;
    this.#end();
    if (best !== undefined) this.emit('final', this.#merged(best, verdict));
    // What no other could make good is told as if there had been no other.
    else if (this.#failure !== undefined) this.emit('error', this.#failure);
    this.removeAllListeners();
  }

  get #hearings(): Hearing[] {
    return this.#all.flatMap(({ hearing }) => hearing ?? []);
  }

  #merged(result: RecognitionResult, hearings: readonly Hearing[]): RecognitionResult {
    const dialects = hearings.find((one) => one.dialects !== undefined)?.dialects;
    return {
      ...result,
      alternatives: hearings[0]?.alternatives ?? result.alternatives,
      ...(dialects !== undefined && { dialects }),
      hearings,
    };
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer?.cancel();
    for (const entry of this.#all) {
      entry.live = false;
      closeQuietly(entry.stream);
    }
  }
}

/** A broken engine may break here too. */
function closeQuietly(stream: RecognizerStream): void {
  try {
    stream.close();
  } catch {
    // Nothing is wanted of it any more.
  }
}
