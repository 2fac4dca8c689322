import { tone } from '../../src/audio/tone.js';
import { TypedEmitter } from '../../src/core/typed-emitter.js';
import type { Speech } from '../../src/speech-engines.js';
import type {
  Recognizer,
  RecognizeOptions,
  RecognizerStream,
  RecognizerStreamEvents,
} from '../../src/speech/recognizer.js';
import { hearsEveryDialect } from '../speech/open-engine.js';

class ScriptedStream extends TypedEmitter<RecognizerStreamEvents> implements RecognizerStream {
  constructor(private readonly script: ScriptedSpeech) {
    super();
  }

  write(): void {}

  finish(): void {
    const text = this.script.sentences.shift() ?? '';
    const alternatives = [{ phraseId: undefined, text, dialect: undefined, confidence: 0.9 }];
    setImmediate(() => this.emit('final', { alternatives }));
  }

  close(): void {
    this.removeAllListeners();
  }
}

/** Hears open speech: whatever sound comes, it writes the next sentence that the caller is to say. */
class ScriptedRecognizer implements Recognizer {
  readonly name = 'scripted';
  readonly capabilities = hearsEveryDialect;

  constructor(private readonly script: ScriptedSpeech) {}

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  open({ dialects }: RecognizeOptions): RecognizerStream {
    this.script.listenedIn.push(dialects);
    return new ScriptedStream(this.script);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Speech engines without speech: the caller's sentences come from a script, the bot says each of its as a short tone. */
export class ScriptedSpeech implements Speech {
  /** What the caller says, in order. */
  readonly sentences: string[] = [];
  /** Dialects that each listening was opened for. */
  readonly listenedIn: (readonly string[])[] = [];
  readonly recognizer = new ScriptedRecognizer(this);
  readonly makeReady = undefined;

  readonly speak = () => ({
    sampleRateHz: 8000,
    async *[Symbol.asyncIterator]() {
      yield await Promise.resolve(tone({ frequenciesHz: [600], durationMs: 120, sampleRateHz: 8000 }));
    },
  });

  close(): Promise<void> {
    return Promise.resolve();
  }
}
