import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config, EngineConfig } from './config/schema.js';
import { embeddedEngines } from './config/speech-schema.js';
import type { Clock } from './core/clock.js';
import { errorCode } from './core/errors.js';
import type { Logger } from './core/logger.js';
import { createEspeakSynthesizer } from './speech/engines/espeak-ng/espeak-synthesizer.js';
import { createPhrasebook, type PhrasebookRecognizer } from './speech/engines/phrasebook/phrasebook.js';
import { XiangyinEngine } from './speech/engines/xiangyin/xiangyin-engine.js';
import type { Recognizer } from './speech/recognizer.js';
import type { Synthesizer } from './speech/synthesizer.js';

/** Every engine that a server uses, in the order in which they are asked. */
export interface EngineSet {
  readonly recognizers: readonly Recognizer[];
  readonly synthesizers: readonly Synthesizer[];
  /** The one that can be taught sounds, if it is among the recognizers. */
  readonly phrasebook: PhrasebookRecognizer | undefined;
  /** Closes all of them, those that are not in the lists too. Safe to call twice. */
  close(): Promise<void>;
}

export interface EngineSetOptions {
  readonly speech: Config['speech'];
  readonly dataDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Opens the embedded engines, if they are installed, and connects to those of `speech.engines`. What cannot be had is gone
 * without, with a line in the log that says what follows: nobody is kept from the telephone by an engine.
 */
export async function openEngines({ speech, dataDir, clock, logger }: EngineSetOptions): Promise<EngineSet> {
  const remote: XiangyinEngine[] = [];
  for (const config of speech.engines) {
    const engine = await openEngine(config, clock, logger);
    if (engine !== undefined) remote.push(engine);
  }
  const hears = isAsked(embeddedEngines.recognizer, speech.recognizers);
  // The recognizer has its phrases read by it, too.
  const espeak =
    hears || isAsked(embeddedEngines.synthesizer, speech.synthesizers)
      ? await orWithout(
          createEspeakSynthesizer(),
          remote.length === 0
            ? 'calls go by recorded prompts and keys'
            : 'only the other engines speak and hear',
          logger,
        )
      : undefined;
  const phrasebook =
    hears && espeak !== undefined
      ? await orWithout(
          createPhrasebook({ synthesizer: espeak, templateDir: join(dataDir, 'cache', 'phrases') }),
          remote.length === 0 ? 'callers answer by keys' : 'only the other engines hear',
          logger,
        )
      : undefined;
  const inRole = (role: 'recognizer' | 'synthesizer'): XiangyinEngine[] =>
    remote.filter(
      ({ name }) => speech.engines.find((one) => one.name === name)?.roles?.includes(role) ?? true,
    );
  const recognizers = inOrder(speech.recognizers, [
    ...inRole('recognizer').map(({ recognizer }) => recognizer),
    ...(phrasebook === undefined ? [] : [phrasebook]),
  ]);
  const synthesizers = inOrder(speech.synthesizers, [
    ...inRole('synthesizer').map(({ synthesizer }) => synthesizer),
    ...(espeak === undefined ? [] : [espeak]),
  ]);
  return {
    recognizers,
    synthesizers,
    phrasebook: recognizers.find((engine) => engine === phrasebook) && phrasebook,
    close: async () => {
      for (const engine of [...remote, phrasebook, espeak]) await engine?.close();
    },
  };
}

/** Connects to one engine of the configuration, beside the start; undefined if its token or its authorities cannot be read. */
export async function openEngine(
  config: EngineConfig,
  clock: Clock,
  logger: Logger,
): Promise<XiangyinEngine | undefined> {
  const { name, url, tokenFile, tokenVariable, caFile, dialects, voices } = config;
  const { connectLimitMs, maxConnections } = config;
  let { token } = config;
  let ca: string | undefined;
  let file = tokenFile;
  try {
    if (tokenFile !== undefined) token = (await readFile(tokenFile, 'utf8')).trim();
    file = caFile;
    if (caFile !== undefined) ca = await readFile(caFile, 'utf8');
  } catch (error) {
    const what = file === tokenFile ? 'token file' : 'authorities (caFile)';
    logger.error(
      { engine: name, file, code: errorCode(error) },
      `the ${what} of a speech engine cannot be read: the engine is not used`,
    );
    return undefined;
  }
  if (tokenVariable !== undefined && token === undefined) {
    logger.error(
      { engine: name, variable: tokenVariable },
      'the environment variable with the token of a speech engine is not set: the engine is not used',
    );
    return undefined;
  }
  if (token !== undefined && !isPrivate(url)) {
    logger.warn({ engine: name }, 'the token of a speech engine goes over the network unencrypted: use wss:');
  }
  const engine = new XiangyinEngine({
    name,
    url,
    clock,
    logger,
    ...(token !== undefined && { token }),
    ...(ca !== undefined && { ca }),
    ...(dialects !== undefined && { dialects }),
    ...(voices !== undefined && { voices }),
    ...(connectLimitMs !== undefined && { connectLimitMs }),
    ...(maxConnections !== undefined && { maxConnections }),
  });
  engine.start();
  return engine;
}

/** Encrypted, or on this machine. */
function isPrivate(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'wss:' || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

/** Whether `names` names it, or names none: then all are asked. One that is not takes no thread and no memory. */
function isAsked(name: string, names: readonly string[]): boolean {
  return names.length === 0 || names.includes(name);
}

/** Those that `names` names, in its order; all of them if it names none. */
function inOrder<E extends { readonly name: string }>(names: readonly string[], engines: readonly E[]): E[] {
  if (names.length === 0) return [...engines];
  return names.flatMap((name) => engines.find((engine) => engine.name === name) ?? []);
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
