import { createResampler, type Resampler } from '../audio/resample.js';
import { errorCode } from '../core/errors.js';
import { TypedEmitter } from '../core/typed-emitter.js';
import { nearestRateHz } from './engine-line.js';
import { speechError } from './errors.js';
import type { RecognizeOptions, Recognizer, RecognizerStream, RecognizerStreamEvents } from './recognizer.js';

/** Opens a listening at `options.sampleRateHz` on an engine that may want another rate. */
export function openAtAnyRate(recognizer: Recognizer, options: RecognizeOptions): RecognizerStream {
  const wantedHz = nearestRateHz(recognizer.capabilities.sampleRatesHz, options.sampleRateHz);
  const stream = recognizer.open({ ...options, sampleRateHz: wantedHz });
  return wantedHz === options.sampleRateHz
    ? stream
    : new ResampledStream(stream, options.sampleRateHz, wantedHz, recognizer.name);
}

/** What is written before the converter is there waits in order: loading it takes a few ms, once per process. */
class ResampledStream extends TypedEmitter<RecognizerStreamEvents> implements RecognizerStream {
  #resampler: Resampler | undefined;
  #waiting: Int16Array[] = [];
  #finished = false;
  #closed = false;

  constructor(
    private readonly stream: RecognizerStream,
    fromHz: number,
    toHz: number,
    engine: string,
  ) {
    super();
    stream
      .on('ready', () => this.emit('ready'))
      .on('interim', (result) => this.emit('interim', result))
      .on('final', (result) => this.emit('final', result))
      .on('error', (error) => this.emit('error', error));
    // Nobody else hears of an engine that throws while it is given what waited.
    createResampler(fromHz, toHz)
      .then((resampler) => this.#begin(resampler))
      .catch((error: unknown) =>
        this.emit('error', speechError('SPEECH_ENGINE_FAILED', { engine, reason: errorCode(error) }, error)),
      );
  }

  write(samples: Int16Array): void {
    if (this.#closed || this.#finished) return;
    if (this.#resampler === undefined) this.#waiting.push(samples.slice());
    else this.stream.write(this.#resampler.process(samples));
  }

  finish(): void {
    if (this.#closed || this.#finished) return;
    this.#finished = true;
    if (this.#resampler !== undefined) this.#end(this.#resampler);
  }

  close(): void {
    this.#closed = true;
    this.#waiting = [];
    this.#resampler?.close();
    this.removeAllListeners();
    this.stream.close();
  }

  #begin(resampler: Resampler): void {
    if (this.#closed) {
      resampler.close();
      return;
    }
    this.#resampler = resampler;
    for (const samples of this.#waiting) this.stream.write(resampler.process(samples));
    this.#waiting = [];
    if (this.#finished) this.#end(resampler);
  }

  #end(resampler: Resampler): void {
    const tail = resampler.flush();
    resampler.close();
    if (tail.length > 0) this.stream.write(tail);
    this.stream.finish();
  }
}
