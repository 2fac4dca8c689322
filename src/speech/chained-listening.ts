import type { Clock, Timer } from '../core/clock.js';
import { errorCode } from '../core/errors.js';
import { StateMachine, type TransitionTable } from '../core/state-machine.js';
import { TypedEmitter } from '../core/typed-emitter.js';
import { speechFailover, type FailureKind } from './channels.js';
import type { Permit } from './circuit-breaker.js';
import type { RecognizerDeadlines } from './engine-deadlines.js';
import type { LinedEngine } from './engine-line.js';
import { notItsFault, speechError } from './errors.js';
import { RecentAudio } from './recent-audio.js';
import type {
  RecognitionResult,
  Recognizer,
  RecognizeOptions,
  RecognizerStream,
  RecognizerStreamEvents,
} from './recognizer.js';
import { openAtAnyRate } from './resampled-stream.js';

type Engine = LinedEngine<Recognizer, RecognizerDeadlines>;

export interface ChainedListeningOptions {
  readonly options: RecognizeOptions;
  /** Those that may be asked, in order. */
  readonly engines: readonly Engine[];
  readonly replayMs: number;
  readonly clock: Clock;
}

/** `hearing`: the caller speaks; `finishing`: the final result is awaited; `over`: it came, or an error, or nobody wants it. */
type State = 'hearing' | 'finishing' | 'over';

const moves: TransitionTable<State> = {
  hearing: ['finishing', 'over'],
  finishing: ['over'],
  over: [],
};

/** The listening at one engine. */
interface Attempt {
  readonly engine: Engine;
  readonly permit: Permit;
  readonly stream: RecognizerStream;
  heardAnything: boolean;
  /** How far its latest interim reached, ms: an older one that comes later is out of order. */
  audioMs: number;
}

/** How much is given to the next engine at once, ms. */
const replayPieceMs = 100;

/**
 * One listening of a {@link RecognizerChain}: at one engine after another until one gives the final result. That there is
 * none left is told after finish(): then the caller has spoken out.
 */
export class ChainedListening extends TypedEmitter<RecognizerStreamEvents> implements RecognizerStream {
  readonly #machine = new StateMachine<State>(moves, 'hearing');
  readonly #left: Engine[];
  readonly #recent: RecentAudio;
  #attempt: Attempt | undefined;
  #deadline: Timer | undefined;
  #tried = 0;
  #lastResort = false;
  /** Were given up because they said nothing while the caller spoke: at fault only if another engine hears something. */
  #suspects: { engine: Engine; permit: Permit; kind: FailureKind }[] = [];

  constructor(private readonly o: ChainedListeningOptions) {
    super();
    this.#left = [...o.engines];
    this.#recent = new RecentAudio(Math.round((o.options.sampleRateHz * o.replayMs) / 1000));
    this.#next(undefined);
  }

  /** Hot. */
  write(samples: Int16Array): void {
    if (this.#state !== 'hearing') return;
    // The last engine has nobody to hand on to.
    if (this.#left.length > 0) this.#recent.push(samples);
    const attempt = this.#attempt;
    if (attempt !== undefined) this.#guard(attempt, () => attempt.stream.write(samples));
  }

  finish(): void {
    if (!this.#machine.move('finishing')) return;
    const attempt = this.#attempt;
    if (attempt === undefined) {
      queueMicrotask(() => this.#exhausted());
      return;
    }
    this.#watch('final');
    this.#guard(attempt, () => attempt.stream.finish());
  }

  close(): void {
    if (this.#state === 'over') return;
    const attempt = this.#attempt;
    if (attempt?.heardAnything === true) attempt.permit.succeed();
    this.#over();
    this.removeAllListeners();
  }

  get #state(): State {
    return this.#machine.state;
  }

  /** Goes to the next engine that is in order, with all that was said; or tells that there is none. */
  #next(from: Engine | undefined): void {
    for (let engine = this.#left.shift(); engine !== undefined; engine = this.#left.shift()) {
      const permit = engine.breaker.acquire(this.#lastResort);
      if (permit === undefined) continue;
      if (from !== undefined) {
        speechFailover.publish({ role: 'recognizer', from: from.name, to: engine.name });
      }
      this.#tried += 1;
      if (this.#begin(engine, permit)) return;
      if (this.#state === 'over') return;
    }
    if (this.#tried === 0 && !this.#lastResort && this.o.engines.length > 0) {
      // All are left alone: one of them may be back.
      this.#lastResort = true;
      this.#left.push(...this.o.engines);
      this.#next(undefined);
      return;
    }
    if (from !== undefined) speechFailover.publish({ role: 'recognizer', from: from.name, to: undefined });
    // A caller who speaks is not interrupted to be told so.
    if (this.#state === 'finishing') queueMicrotask(() => this.#exhausted());
  }

  /** Opens the listening at this engine. False if it failed at once: the next is to be tried. */
  #begin(engine: Engine, permit: Permit): boolean {
    let stream: RecognizerStream;
    try {
      stream = openAtAnyRate(engine.engine, this.o.options);
    } catch (error) {
      this.#blame(engine, permit, 'error', errorCode(error));
      return false;
    }
    const attempt: Attempt = { engine, permit, stream, heardAnything: false, audioMs: 0 };
    this.#attempt = attempt;
    const current = (hear: () => void) => () => {
      if (this.#attempt === attempt) hear();
    };
    stream.on(
      'ready',
      current(() => this.#connected(attempt)),
    );
    stream.on('interim', (result) => current(() => this.#interim(attempt, result))());
    stream.on('final', (result) => current(() => this.#final(attempt, result))());
    stream.on('error', (error) => current(() => this.#failed(attempt, 'error', errorCode(error)))());
    if (this.#state === 'finishing') this.#watch('final');
    else if (engine.engine.capabilities.connects === true) this.#watch('connect');
    else this.#connected(attempt);
    const pieceSamples = Math.round((this.o.options.sampleRateHz * replayPieceMs) / 1000);
    this.#guard(attempt, () => {
      this.#recent.replay(pieceSamples, (samples) => stream.write(samples));
      if (this.#state === 'finishing') stream.finish();
    });
    // An engine that failed within these lines has a successor by now, or the listening is over.
    return true;
  }

  #connected({ engine }: Attempt): void {
    if (this.#state === 'hearing' && engine.engine.capabilities.interim) this.#watch('firstResult');
    else if (this.#state === 'hearing') this.#deadline?.cancel();
  }

  #interim(attempt: Attempt, result: RecognitionResult): void {
    const { audioMs = attempt.audioMs } = result;
    if (audioMs < attempt.audioMs) return;
    attempt.audioMs = audioMs;
    this.#heard(attempt, result);
    if (this.#state === 'hearing') this.#watch('betweenResults');
    this.emit('interim', this.#told(attempt, result));
  }

  #final(attempt: Attempt, result: RecognitionResult): void {
    if (this.#state !== 'finishing') {
      // The rest of what the caller says would be lost.
      this.#failed(attempt, 'error', 'EARLY_FINAL');
      return;
    }
    this.#heard(attempt, result);
    attempt.permit.succeed();
    this.#over();
    this.emit('final', this.#told(attempt, result));
    this.removeAllListeners();
  }

  /** The result, and whose it is: engines of a chain differ in what their words and confidences are worth. */
  #told({ engine }: Attempt, result: RecognitionResult): RecognitionResult {
    const { openSpeech, dialectPreserving, confidence = true } = engine.engine.capabilities;
    const dialect = this.o.options.dialects.find((id) => engine.knows(id));
    const by = { engine: engine.name, openSpeech, dialectPreserving, confidence };
    return { ...result, by: dialect === undefined ? by : { ...by, dialect } };
  }

  /** What this engine heard, those before it should have heard. */
  #heard(attempt: Attempt, { alternatives }: RecognitionResult): void {
    attempt.heardAnything = true;
    if (alternatives.length === 0) return;
    for (const { engine, permit, kind } of this.#suspects) this.#blame(engine, permit, kind, '');
    this.#suspects = [];
  }

  /** Starts the one deadline that counts now. */
  #watch(kind: 'connect' | 'firstResult' | 'betweenResults' | 'final'): void {
    this.#deadline?.cancel();
    const attempt = this.#attempt;
    const limitMs = attempt?.engine.deadlines[`${kind}Ms`] ?? 0;
    if (attempt === undefined || limitMs <= 0) return;
    this.#deadline = this.o.clock.after(limitMs, () => this.#late(attempt, kind));
  }

  #late(attempt: Attempt, kind: 'connect' | 'firstResult' | 'betweenResults' | 'final'): void {
    if (this.#attempt !== attempt) return;
    // While the caller speaks a slow engine is better than none.
    const others = this.#left.some(({ breaker }) => breaker.available);
    if (kind !== 'final' && !others) return;
    if (kind === 'firstResult' || kind === 'betweenResults') {
      this.#suspects.push({ engine: attempt.engine, permit: attempt.permit, kind });
      this.#drop(attempt);
      this.#next(attempt.engine);
    } else this.#failed(attempt, kind, '');
  }

  #failed(attempt: Attempt, kind: FailureKind, code: string): void {
    if (this.#attempt !== attempt) return;
    this.#blame(attempt.engine, attempt.permit, kind, code);
    this.#drop(attempt);
    this.#next(attempt.engine);
  }

  #blame(engine: Engine, permit: Permit, kind: FailureKind, code: string): void {
    if (notItsFault.has(code)) permit.release();
    else permit.fail();
    engine.failed(kind, code);
  }

  /** What it says from now on is not heard. */
  #drop({ stream }: Attempt): void {
    this.#deadline?.cancel();
    this.#attempt = undefined;
    try {
      stream.close();
    } catch {
      // A broken engine may break here too.
    }
  }

  /** An engine that throws where it must not has failed. */
  #guard(attempt: Attempt, use: () => void): void {
    try {
      use();
    } catch (error) {
      this.#failed(attempt, 'error', errorCode(error));
    }
  }

  #exhausted(): void {
    if (this.#state === 'over') return;
    this.#over();
    const dialect = this.o.options.dialects[0] ?? '';
    this.emit('error', speechError('SPEECH_NO_RECOGNIZER', { dialect, tried: this.#tried }));
    this.removeAllListeners();
  }

  #over(): void {
    if (!this.#machine.move('over')) return;
    this.#deadline?.cancel();
    for (const { permit } of this.#suspects) permit.release();
    this.#suspects = [];
    const attempt = this.#attempt;
    // After a verdict this says nothing more.
    attempt?.permit.release();
    if (attempt !== undefined) this.#drop(attempt);
  }
}
