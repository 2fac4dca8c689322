import { frameSamples } from '../audio-stream/audio-stream.js';
import { EnergyVad } from '../audio/vad.js';
import { TypedEmitter } from '../core/typed-emitter.js';
import type { Phrase, RecognitionResult, Recognizer, RecognizerStream } from '../speech/recognizer.js';

export type ListenerEvents = {
  speechStarted: [];
  speechEnded: [];
  recognized: [result: RecognitionResult];
  failed: [error: Error];
};

/** Audio kept from before the first voiced frame and given to the recognizer, frames (300 ms): soft onsets count. */
const prerollFrames = 15;

/** Silence that ends what the caller says, ms: longer than a pause inside a phrase (250 ms), as short as that allows. */
const endpointMs = 340;

const sampleRateHz = 8000;

/**
 * The ear of one call: finds begin and end of the caller's speech, and gives it to a recognizer while somebody wants
 * to know. Owned by the call; fed with every frame of the caller's channel.
 */
export class Listener extends TypedEmitter<ListenerEvents> {
  readonly #vad = new EnergyVad({ hangoverMs: endpointMs });
  readonly #preroll: Int16Array[] = Array.from({ length: prerollFrames }, () => new Int16Array(frameSamples));
  #prerollAt = 0;
  #prerollFilled = 0;
  #phrases: readonly Phrase[] | undefined;
  #dialects: readonly string[] = [];
  #stream: RecognizerStream | undefined;
  #ended = false;
  #closed = false;

  constructor(private readonly recognizer: Recognizer | undefined) {
    super();
  }

  /** Wants the next speech recognized among `phrases`. Speech that is under way already counts as begun now. */
  arm(phrases: readonly Phrase[], dialects: readonly string[]): void {
    this.disarm();
    if (this.#closed || phrases.length === 0 || this.recognizer === undefined) return;
    this.#phrases = phrases;
    this.#dialects = dialects;
    if (this.#vad.speaking) this.#open();
  }

  /** Nothing is wanted any more; a result under way is dropped. Safe to call twice. */
  disarm(): void {
    this.#phrases = undefined;
    this.#drop();
  }

  /** The endpoint was accepted: asks for the final result, which comes as `recognized` or `failed`. */
  finish(): void {
    this.#stream?.finish();
  }

  /** Drops the speech under way, stays armed for the next. */
  drop(): void {
    this.#drop();
  }

  /** Hot. One 20 ms frame of the caller, mono s16 at 8 kHz. */
  frame(samples: Int16Array): void {
    if (this.#closed) return;
    const change = this.#vad.push(samples);
    if (this.#stream !== undefined && !this.#ended) this.#stream.write(samples);
    else this.#keep(samples);
    if (change === 'begin' && this.#phrases !== undefined && this.#stream === undefined) this.#open();
    else if (change === 'end' && this.#stream !== undefined && !this.#ended) {
      this.#ended = true;
      this.emit('speechEnded');
    }
  }

  close(): void {
    this.#closed = true;
    this.disarm();
    this.removeAllListeners();
  }

  #open(): void {
    if (this.recognizer === undefined || this.#phrases === undefined) return;
    const stream = this.recognizer.open({ sampleRateHz, phrases: this.#phrases, dialects: this.#dialects });
    this.#stream = stream;
    this.#ended = false;
    stream.on('final', (result) => this.#over(stream, () => this.emit('recognized', result)));
    stream.on('error', (error) => this.#over(stream, () => this.emit('failed', error)));
    for (let i = this.#prerollFilled; i > 0; i -= 1) {
      const frame = this.#preroll[(this.#prerollAt - i + prerollFrames) % prerollFrames];
      if (frame !== undefined) stream.write(frame);
    }
    this.#prerollFilled = 0;
    this.emit('speechStarted');
  }

  #over(stream: RecognizerStream, tell: () => void): void {
    if (this.#stream !== stream) return;
    this.#drop();
    tell();
  }

  #drop(): void {
    this.#stream?.close();
    this.#stream = undefined;
    this.#ended = false;
  }

  /** Hot. Keeps the latest frames in a ring. */
  #keep(samples: Int16Array): void {
    this.#preroll[this.#prerollAt]?.set(samples);
    this.#prerollAt = (this.#prerollAt + 1) % prerollFrames;
    if (this.#prerollFilled < prerollFrames) this.#prerollFilled += 1;
  }
}
