import { StateMachine, type TransitionTable } from '../../../core/state-machine.js';
import { TypedEmitter } from '../../../core/typed-emitter.js';
import { speechError } from '../../errors.js';
import type {
  Alternative,
  RecognitionResult,
  RecognizeOptions,
  RecognizerStream,
  RecognizerStreamEvents,
} from '../../recognizer.js';
import type { DialectCodes } from './dialect-codes.js';
import { errorOf, type EngineLink, type LinkStream, type StreamMessage } from './engine-link.js';
import type { WireAlternative, WirePhrase, WireResult } from './protocol.js';

/** `waiting`: for a link; then as the caller is: speaking, done, or wanted no more. */
type State = 'waiting' | 'listening' | 'finishing' | 'over';

const moves: TransitionTable<State> = {
  waiting: ['listening', 'over'],
  listening: ['finishing', 'over'],
  finishing: ['over'],
  over: [],
};

/** By how much a result may be ahead of the audio, ms: engines count in windows. */
const aheadMs = 1000;
/** Interims that may come at once, and then one for so much audio, ms. */
const interimsAtOnce = 100;
const audioPerInterimMs = 10;

/** One listening at an engine of the protocol. What is said before there is a link waits in order. */
export class RemoteListening
  extends TypedEmitter<RecognizerStreamEvents>
  implements RecognizerStream, LinkStream
{
  readonly #machine = new StateMachine<State>(moves, 'waiting');
  readonly #waiting: Int16Array[] = [];
  #finished = false;
  #link: EngineLink | undefined;
  #id = 0;
  #samples = 0;
  #interims = 0;
  #ready = false;
  /** Waits for a link no more; set by who made it. */
  giveUp: () => void = () => undefined;

  constructor(
    private readonly engine: string,
    private readonly options: RecognizeOptions,
    private readonly codes: DialectCodes,
  ) {
    super();
  }

  /** There is a link. */
  begin(link: EngineLink): void {
    const { sampleRateHz, dialects, hints = [], maxAlternatives = 1 } = this.options;
    const phrases = wirePhrases(this.options, this.codes);
    const rates = link.hello?.recognizer?.sampleRatesHz;
    if (rates === undefined) return this.#refuse('it has no recognizer');
    if (!rates.includes(sampleRateHz)) {
      return this.#failLater(speechError('SPEECH_RATE_UNSUPPORTED', { engine: this.engine, sampleRateHz }));
    }
    if (phrases.length === 0 && this.options.phrases.length > 0) {
      return this.#refuse("its dialect map has none of the phrases' dialects");
    }
    if (!this.#machine.move('listening')) return;
    this.#link = link;
    this.#id = link.begin(this);
    const sent = link.send({
      type: 'listen',
      stream: this.#id,
      sampleRateHz,
      dialects: dialects.flatMap((id) => this.codes.codeOf(id) ?? []),
      phrases,
      grammar: this.options.grammar ?? { kind: phrases.length > 0 ? 'phrases' : 'open' },
      hints,
      maxAlternatives,
    });
    if (!sent) {
      link.end(this.#id, 'over');
      return this.#refuse('the phrases are too many for one message');
    }
    for (const samples of this.#waiting) link.sendAudio(this.#id, samples);
    this.#waiting.length = 0;
    if (this.#finished) this.#finish();
  }

  /** Hot. */
  write(samples: Int16Array): void {
    if (this.#finished || samples.length === 0) return;
    if (this.#machine.state === 'over') return;
    this.#samples += samples.length;
    if (this.#machine.state === 'waiting') this.#waiting.push(samples.slice());
    else this.#link?.sendAudio(this.#id, samples);
  }

  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    if (this.#machine.state === 'listening') this.#finish();
  }

  close(): void {
    if (this.#end()) {
      this.#link?.end(this.#id, 'cancelled');
      if (!this.#ready) this.#link?.suspect();
    }
    this.removeAllListeners();
  }

  receive(message: StreamMessage): string | undefined {
    switch (message.type) {
      case 'ready':
        if (!this.#ready) this.emit('ready');
        this.#ready = true;
        return undefined;
      case 'interim':
        return this.#interim(message);
      case 'final':
        return this.#final(message);
      case 'error':
        this.#link?.end(this.#id, 'over');
        this.fail(errorOf(this.engine, message));
        return undefined;
      case 'begin':
      case 'words':
      case 'end':
        return `a listening has no '${message.type}'`;
    }
  }

  receiveAudio(): string {
    return 'a listening gets no audio';
  }

  fail(error: Error): void {
    if (!this.#end()) return;
    this.emit('error', error);
    this.removeAllListeners();
  }

  #interim(message: WireResult): string | undefined {
    if (++this.#interims > interimsAtOnce + this.#audioMs / audioPerInterimMs) {
      return `an 'interim' comes at most every ${String(audioPerInterimMs)} ms`;
    }
    const result = this.#result(message);
    if (typeof result === 'string') return result;
    this.emit('interim', result);
    return undefined;
  }

  #final(message: WireResult): string | undefined {
    if (this.#machine.state !== 'finishing') return "'final' comes after 'finish'";
    const result = this.#result(message);
    if (typeof result === 'string') return result;
    this.#link?.end(this.#id, 'over');
    this.#end();
    this.emit('final', result);
    this.removeAllListeners();
    return undefined;
  }

  /** The result in our words, or the rule that it breaks. */
  #result(message: WireResult): RecognitionResult | string {
    const { audioMs, stability, dialects } = message;
    if (audioMs !== undefined && audioMs > this.#audioMs + aheadMs) {
      return "'audioMs' is at most the audio that was sent";
    }
    const alternatives: Alternative[] = [];
    for (const one of message.alternatives) {
      const alternative = this.#alternative(one);
      if (typeof alternative === 'string') return alternative;
      alternatives.push(alternative);
    }
    return {
      alternatives: alternatives.slice(0, Math.max(1, this.options.maxAlternatives ?? 1)),
      ...(dialects !== undefined && {
        dialects: dialects.flatMap(({ dialect, score }) => {
          const id = this.codes.idOf(dialect, this.options.dialects);
          return id === undefined ? [] : [{ dialect: id, score }];
        }),
      }),
      ...(stability !== undefined && { stability }),
      ...(audioMs !== undefined && { audioMs }),
    };
  }

  #alternative({ text, phraseId, dialect, confidence = 1, words }: WireAlternative): Alternative | string {
    const { phrases, dialects } = this.options;
    if (phraseId !== undefined && !phrases.some(({ id }) => id === phraseId)) {
      return "'phraseId' is that of one of the phrases asked for";
    }
    const phrase = phrases.find((one) => one.id === phraseId && one.text === text);
    return {
      phraseId,
      text,
      dialect: dialect === undefined ? phrase?.dialect : this.codes.idOf(dialect, dialects),
      confidence,
      ...(words !== undefined && { words }),
    };
  }

  get #audioMs(): number {
    return (this.#samples * 1000) / this.options.sampleRateHz;
  }

  #finish(): void {
    if (this.#machine.move('finishing')) this.#link?.send({ type: 'finish', stream: this.#id });
  }

  #refuse(reason: string): void {
    this.#failLater(speechError('SPEECH_REQUEST_REFUSED', { engine: this.engine, reason }));
  }

  /** Whoever opened it has no listener yet. */
  #failLater(error: Error): void {
    queueMicrotask(() => this.fail(error));
  }

  /** Whether it was not over yet. */
  #end(): boolean {
    if (!this.#machine.move('over')) return false;
    this.#waiting.length = 0;
    this.giveUp();
    return true;
  }
}

/** The phrases in the engine's codes; those in dialects that it has no code for are left out. */
export function wirePhrases(
  { phrases }: Pick<RecognizeOptions, 'phrases'>,
  codes: DialectCodes,
): WirePhrase[] {
  return phrases.flatMap(({ id, text, dialect }) => {
    const code = codes.codeOf(dialect);
    return code === undefined ? [] : [{ id, text, dialect: code }];
  });
}
