import { join } from 'node:path';
import { errorCode } from './core/errors.js';
import type { Logger } from './core/logger.js';
import { createEspeakSynthesizer } from './speech/engines/espeak-ng/espeak-synthesizer.js';
import { createPhrasebook } from './speech/engines/phrasebook/phrasebook.js';
import type { Recognizer } from './speech/recognizer.js';
import { SynthesisCache } from './speech/synthesis-cache.js';
import type { SpokenAudio, SynthesisRequest } from './speech/synthesizer.js';

export interface SpeechOptions {
  readonly dataDir: string;
  /** Disk space for synthesised sentences; 0 keeps none. */
  readonly cacheBytes: number;
  readonly logger: Logger;
}

/** The engines that a server without configuration uses: the embedded ones, if they are installed. */
export interface Speech {
  readonly recognizer: Recognizer | undefined;
  readonly speak: ((text: string, dialect: string, signal: AbortSignal) => SpokenAudio) | undefined;
  /** Makes a sentence before it is needed. */
  readonly makeReady: ((sentence: SynthesisRequest) => Promise<unknown>) | undefined;
  close(): Promise<void>;
}

/** Without the optional synthesizer the server still runs: recorded prompts and keys. */
export async function openSpeech({ dataDir, cacheBytes, logger }: SpeechOptions): Promise<Speech> {
  let synthesizer;
  try {
    synthesizer = await createEspeakSynthesizer();
  } catch (error) {
    logger.warn(
      { code: errorCode(error) },
      `${error instanceof Error ? error.message : 'no synthesizer'}: calls go by recorded prompts and keys`,
    );
    return { recognizer: undefined, speak: undefined, makeReady: undefined, close: () => Promise.resolve() };
  }
  const cache = new SynthesisCache({
    synthesizer,
    dir: join(dataDir, 'cache', 'speech'),
    limitBytes: cacheBytes,
  });
  const recognizer = await createPhrasebook({ synthesizer, templateDir: join(dataDir, 'cache', 'phrases') });
  return {
    recognizer,
    speak: (text, dialect, signal) => cache.speak({ text, dialect }, signal),
    makeReady: (sentence) => cache.get(sentence),
    close: async () => {
      await recognizer.close();
      await synthesizer.close();
    },
  };
}
