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

/** What cannot be had is gone without: recorded prompts instead of speech, keys instead of phrases. */
export async function openSpeech({ dataDir, cacheBytes, logger }: SpeechOptions): Promise<Speech> {
  const synthesizer = await orWithout(
    createEspeakSynthesizer(),
    'calls go by recorded prompts and keys',
    logger,
  );
  if (synthesizer === undefined) {
    return { recognizer: undefined, speak: undefined, makeReady: undefined, close: () => Promise.resolve() };
  }
  const cache = new SynthesisCache({
    synthesizer,
    dir: join(dataDir, 'cache', 'speech'),
    limitBytes: cacheBytes,
  });
  const phrasebook = createPhrasebook({ synthesizer, templateDir: join(dataDir, 'cache', 'phrases') });
  const recognizer = await orWithout(phrasebook, 'callers answer by keys', logger);
  return {
    recognizer,
    // The dialplans' fixed sentences are stored by makeReady; what is filled in during a call never lies on the disk.
    speak: (text, dialect, signal) => cache.speak({ text, dialect }, signal, false),
    makeReady: (sentence) => cache.get(sentence),
    close: async () => {
      await recognizer?.close();
      await synthesizer.close();
    },
  };
}

async function orWithout<T>(engine: Promise<T>, instead: string, logger: Logger): Promise<T | undefined> {
  try {
    return await engine;
  } catch (error) {
    const message = error instanceof Error ? error.message : 'a speech engine is missing';
    logger.warn({ code: errorCode(error) }, `${message}: ${instead}`);
    return undefined;
  }
}
