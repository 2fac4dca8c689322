import { join } from 'node:path';
import { spotPhrase } from './call/spot-phrase.js';
import type { Config } from './config/schema.js';
import type { Clock } from './core/clock.js';
import type { Logger } from './core/logger.js';
import { openEngines } from './engine-set.js';
import type { PhrasebookRecognizer } from './speech/engines/phrasebook/phrasebook.js';
import type { Recognizer } from './speech/recognizer.js';
import { ParallelRecognizer } from './speech/parallel-recognizer.js';
import { RecognizerChain } from './speech/recognizer-chain.js';
import { SynthesisCache, type CachedSpeech, type PrepareOptions } from './speech/synthesis-cache.js';
import type { SpokenAudio, SynthesisRequest } from './speech/synthesizer.js';
import { SynthesizerChain } from './speech/synthesizer-chain.js';
import { watchSpeech } from './watch-speech.js';
import { embeddedEngines } from './config/speech-schema.js';

export interface SpeechOptions {
  readonly dataDir: string;
  readonly speech: Config['speech'];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How a server hears and speaks. */
export interface Speech {
  readonly recognizer: Recognizer | undefined;
  /** `rate`: 1 is the voice's own. */
  readonly speak:
    ((text: string, dialect: string, signal: AbortSignal, rate?: number) => SpokenAudio) | undefined;
  /** Makes a sentence before it is needed, and keeps it. */
  readonly makeReady: ((sentence: SynthesisRequest) => Promise<CachedSpeech>) | undefined;
  /** Makes what a call may say next, in the background; never rejects. See {@link SynthesisCache.prepare}. */
  readonly prepare?:
    ((requests: readonly SynthesisRequest[], options?: PrepareOptions) => Promise<void>) | undefined;
  /** The recognizer that can be taught sounds, where it is one of those that are asked. */
  readonly phrasebook?: PhrasebookRecognizer | undefined;
  close(): Promise<void>;
}

/**
 * In this process: it cannot be out of reach, but it may have to wait for a processor, and others for it. What hangs there
 * is broken, and the bot's filler is heard meanwhile.
 */
const embeddedDeadlines = { finalMs: 2_500, firstResultMs: 0, firstAudioMs: 3_000, betweenChunksMs: 2_000 };

/** What cannot be had is gone without: recorded prompts instead of speech, keys instead of phrases. */
export async function openSpeech({ dataDir, speech, clock, logger }: SpeechOptions): Promise<Speech> {
  const engines = await openEngines({ speech, dataDir, clock, logger });
  const unwatch = watchSpeech(logger);
  const { failuresToOpen, openMs, ...deadlines } = speech.failover;
  const breaker = { failuresToOpen, openMs };
  const chained = <E extends { readonly name: string }>(all: readonly E[]) =>
    all.map((engine) => (isEmbedded(engine) ? { engine, deadlines: embeddedDeadlines } : { engine }));
  const { recognizers, synthesizers } = engines;
  const recognizer =
    recognizers.length === 0
      ? undefined
      : inParallel(
          new RecognizerChain({ engines: chained(recognizers), deadlines, breaker, clock }),
          speech.parallel,
          clock,
        );
  const cache =
    synthesizers.length === 0
      ? undefined
      : new SynthesisCache({
          synthesizer: new SynthesizerChain({ engines: chained(synthesizers), deadlines, breaker, clock }),
          voiceOf: (name, dialect) => speech.engines.find((one) => one.name === name)?.voices?.[dialect],
          dir: join(dataDir, 'cache', 'speech'),
          limitBytes: speech.cacheBytes,
        });
  return {
    recognizer,
    // The dialplans' fixed sentences are stored by makeReady; what is filled in during a call never lies on the disk.
    speak:
      cache &&
      ((text, dialect, signal, rate) =>
        cache.speak({ text, dialect, ...(rate !== undefined && { rate }) }, signal, false)),
    makeReady: cache && ((sentence) => cache.get({ ...sentence, background: true })),
    prepare: cache && ((requests, options) => cache.prepare(requests, options)),
    phrasebook: engines.phrasebook,
    close: () => {
      unwatch();
      return engines.close();
    },
  };
}

/** On the first turns of a call more than one dialect is listened in, unless that is turned off. */
function inParallel(
  chain: RecognizerChain,
  parallel: Config['speech']['parallel'],
  clock: Clock,
): Recognizer {
  if (parallel.turns === 0 || parallel.recognizers < 2) return chain;
  return new ParallelRecognizer({ recognizer: chain, ...parallel, spot: spotPhrase, clock });
}

function isEmbedded({ name }: { readonly name: string }): boolean {
  return Object.values<string>(embeddedEngines).includes(name);
}
