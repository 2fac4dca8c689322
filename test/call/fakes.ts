import type { Journal } from '../../src/call/journal.js';
import type { Listener, ListenerEvents, ListenOptions } from '../../src/call/listener.js';
import { usualManner, type Manner } from '../../src/call/manner.js';
import type { PromptPlayer, Saying } from '../../src/call/prompt-player.js';
import type { Clock } from '../../src/core/clock.js';
import { TypedEmitter } from '../../src/core/typed-emitter.js';
import type { Prompt } from '../../src/dialog/action.js';
import { compileDialplan } from '../../src/dialog/compile-dialplan.js';
import type { Dialplan } from '../../src/dialog/dialplan.js';
import type { PromptManifest } from '../../src/dialog/prompt-manifest.js';
import type {
  Phrase,
  RecognitionResult,
  RecognizeOptions,
  Recognizer,
  RecognizerStream,
  RecognizerStreamEvents,
} from '../../src/speech/recognizer.js';

/** A dialplan from YAML; throws with the problems if it has any. */
export function dialplanOf(text: string, manifest?: PromptManifest): Dialplan {
  const result = compileDialplan(text, 'test.yaml', manifest === undefined ? {} : { manifest });
  if (!result.ok)
    throw new Error(result.problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  return result.dialplan;
}

export class FakeSaying implements Saying {
  readonly finished: Promise<'done' | 'cut'>;
  wasCut = false;
  readonly plays = false;
  /** `pause` and `resume`, in order. */
  readonly calls: string[] = [];
  #resolve: (end: 'done' | 'cut') => void = () => undefined;

  constructor(
    readonly prompts: readonly Prompt[],
    readonly manner: Manner = usualManner,
    private readonly started: (index: number) => void = () => undefined,
  ) {
    this.finished = new Promise((resolve) => (this.#resolve = resolve));
  }

  cut(): void {
    this.wasCut = true;
    this.#resolve('cut');
  }

  pause(): void {
    this.calls.push('pause');
  }

  resume(): void {
    this.calls.push('resume');
  }

  /** The prompt at this place begins. */
  reach(index: number): void {
    this.started(index);
  }

  /** The caller has heard everything. */
  async end(): Promise<void> {
    this.#resolve('done');
    await this.finished;
    // Listeners of the promise run first.
    await Promise.resolve();
  }
}

/** Says what a test wants said, as long as it wants. */
export class FakePlayer {
  readonly sayings: FakeSaying[] = [];

  say(prompts: readonly Prompt[], manner?: Manner, started?: (index: number) => void): Saying {
    const saying = new FakeSaying(prompts, manner, started);
    this.sayings.push(saying);
    return saying;
  }

  get last(): FakeSaying {
    const saying = this.sayings.at(-1);
    if (saying === undefined) throw new Error('nothing was said');
    return saying;
  }

  get asPlayer(): PromptPlayer {
    return this as unknown as PromptPlayer;
  }
}

/** An ear without sound: a test tells what it hears. */
export class FakeListener extends TypedEmitter<ListenerEvents> {
  readonly calls: string[] = [];
  /** Whether what was said can be heard once more. */
  keeps = false;
  armedWith: readonly Phrase[] = [];
  armedHow: ListenOptions = {};

  arm(phrases: readonly Phrase[], _dialects: readonly string[], how: ListenOptions = {}): void {
    this.armedWith = phrases;
    this.armedHow = how;
    this.calls.push('arm');
  }

  disarm(): void {
    this.calls.push('disarm');
  }

  finish(): void {
    this.calls.push('finish');
  }

  drop(): void {
    this.calls.push('drop');
  }

  /** Dialects in which what was said was to be heard once more. */
  again(_phrases: readonly Phrase[], dialects: readonly string[]): boolean {
    this.calls.push(`again ${dialects.join(' ')}`);
    return this.keeps;
  }

  forget(): void {
    this.calls.push('forget');
  }

  /** The caller says something from beginning to end, and this is what was heard. */
  hear(result: RecognitionResult, voicedMs = 600): void {
    this.emit('speechStarted', false, false);
    this.emit('speechEnded', voicedMs, 0);
    this.emit('recognized', result);
  }

  tell<K extends keyof ListenerEvents>(event: K, ...args: ListenerEvents[K]): void {
    this.emit(event, ...args);
  }

  get asListener(): Listener {
    return this as unknown as Listener;
  }
}

export interface FakeLine {
  readonly type: string;
  readonly atMs: number;
  readonly [field: string]: unknown;
}

export class FakeJournal {
  readonly lines: FakeLine[] = [];

  constructor(private readonly clock: Clock) {}

  write(type: string, fields: Readonly<Record<string, unknown>> = {}): void {
    // As the real one writes it: what JSON leaves out is not there.
    const line = JSON.stringify({ type, atMs: this.clock.nowMs(), ...fields });
    this.lines.push(JSON.parse(line) as FakeLine);
  }

  get asJournal(): Journal {
    return this as unknown as Journal;
  }
}

export class FakeRecognizerStream extends TypedEmitter<RecognizerStreamEvents> implements RecognizerStream {
  readonly frames: number[] = [];
  finishes = 0;
  closed = false;

  constructor(readonly options: RecognizeOptions) {
    super();
  }

  /** Keeps the first sample of each frame: the array is reused by the caller. */
  write(samples: Int16Array): void {
    this.frames.push(samples[0] ?? 0);
  }

  finish(): void {
    this.finishes += 1;
  }

  close(): void {
    this.closed = true;
  }

  emitInterim(result: RecognitionResult): void {
    this.emit('interim', result);
  }

  answer(result: RecognitionResult): void {
    this.emit('final', result);
  }

  fail(error: Error): void {
    this.emit('error', error);
  }
}

export class FakeRecognizer implements Recognizer {
  readonly name = 'fake';
  readonly capabilities = {
    sampleRatesHz: [8000],
    interim: false,
    openSpeech: false,
    dialects: ['en-gb'],
    dialectPreserving: false,
    phraseHints: true,
  };
  readonly prepared: (readonly Phrase[])[] = [];
  readonly streams: FakeRecognizerStream[] = [];
  prepareFailure: Error | undefined;

  prepare(phrases: readonly Phrase[]): Promise<void> {
    this.prepared.push(phrases);
    return this.prepareFailure === undefined ? Promise.resolve() : Promise.reject(this.prepareFailure);
  }

  open(options: RecognizeOptions): RecognizerStream {
    const stream = new FakeRecognizerStream(options);
    this.streams.push(stream);
    return stream;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** One phrase heard for certain. */
export function heard(phraseId: string, text: string): RecognitionResult {
  return { alternatives: [{ phraseId, text, dialect: 'en-gb', confidence: 0.9 }] };
}
