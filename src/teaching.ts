import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { TaughtRecognizer, type TaughtInCalls } from './call/taught-recognizer.js';
import type { Clock } from './core/clock.js';
import { errorCode } from './core/errors.js';
import { taughtId } from './core/ids.js';
import type { Logger } from './core/logger.js';
import { familyOf } from './dialect/packs.js';
import { readIntents } from './dialect/read-intents.js';
import type { TaughtWording } from './dialect/taught-phrases.js';
import type { TaughtSentence } from './dialect/taught-sentences.js';
import type { TestLine } from './dialect/test-set.js';
import type { Dialplan } from './dialog/dialplan.js';
import { dialectDataDir, readShippedSet } from './dialect-files.js';
import type { CandidateSound } from './quality/sound-check.js';
import { checkSound } from './quality/sound-check.js';
import { sentenceOf, soundOf, Teaching, wordingOf } from './quality/teaching.js';
import type { WordsReport } from './quality/words-check.js';
import type { SentenceCheck } from './sentence-check-worker.js';
import { openSoundExaminer } from './sound-examiner.js';
import type { Recognizer } from './speech/recognizer.js';
import { CallerKeys } from './store/caller-keys.js';
import type { CallStore } from './store/call-store.js';
import type { TaughtEntry, TaughtStore } from './store/taught.js';

/** The engine that hears taught sounds. */
export interface SoundPupil {
  teach(sound: CandidateSound): Promise<'short' | 'long' | undefined>;
  unteach(id: string): void;
}

/** What understands open speech: {@link DialectThread}. */
export interface SentencePupil {
  teach(sentences: readonly TaughtSentence[]): Promise<void>;
  onTaught: ((id: string) => void) | undefined;
}

export interface TeachingOptions {
  readonly calls: Pick<CallStore, 'find'>;
  readonly taught: TaughtStore;
  readonly dataDir: string;
  readonly library: { readonly dialplans: readonly Dialplan[] };
  /** Who is taught at once, in a server; undefined: nobody listens now, it is read at the next start. */
  readonly sentences?: SentencePupil;
  readonly sounds?: SoundPupil | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What was taught: its store, its checks, and whoever has to know. Owned by the server, or by a command where none runs. */
export class TaughtInHouse implements TaughtInCalls {
  readonly teaching: Teaching;
  #wordings: readonly TaughtWording[] = [];
  #sounds: ReadonlySet<string> = new Set();
  readonly #counting = new Set<Promise<void>>();

  private constructor(private readonly options: TeachingOptions) {
    const { calls, taught, dataDir, library, clock } = options;
    this.teaching = new Teaching({
      calls,
      taught,
      dataDir,
      dialplans: () => library.dialplans,
      intents: intentsOf,
      callerKey: async (number) => (await CallerKeys.open(dataDir)).keyOf(number),
      checkSentence: (set, before, candidate) => sentenceCheck({ set, taught: before, candidate }),
      checkSound: async (menus, before, candidate) => {
        const examiner = await openSoundExaminer(join(dataDir, 'cache', 'phrases'));
        try {
          for (const sound of before) await examiner.teach(sound);
          return await checkSound(examiner, menus, await everydaySentences(), candidate);
        } finally {
          await examiner.close();
        }
      },
      changed: (entries) => this.#apply(entries),
      newId: taughtId,
      clock,
    });
    if (options.sentences !== undefined) options.sentences.onTaught = (id) => this.matched(id);
  }

  /** What was taught before counts from the first call. Rejects only if the options are wrong. */
  static async open(options: TeachingOptions): Promise<TaughtInHouse> {
    const taught = new TaughtInHouse(options);
    try {
      await taught.#apply(await options.taught.list());
    } catch (error) {
      const code = errorCode(error);
      options.logger.error({ code }, 'what was taught cannot be read: nothing of it counts');
    }
    return taught;
  }

  /** For calls: the recognizer, and what was taught. */
  heard(recognizer: Recognizer | undefined): Recognizer | undefined {
    return recognizer && new TaughtRecognizer(recognizer, this);
  }

  get wordings(): readonly TaughtWording[] {
    return this.#wordings;
  }

  matched(id: string): void {
    const { taught, clock, logger } = this.options;
    const counted = taught
      .matched(id, clock.wallMs())
      .catch((error: unknown) =>
        logger.warn({ code: errorCode(error) }, 'a match of what was taught is not counted'),
      );
    this.#counting.add(counted);
    void counted.then(() => this.#counting.delete(counted));
  }

  /** Waits until every match is counted. Safe to call twice. */
  async close(): Promise<void> {
    await Promise.all(this.#counting);
  }

  async #apply(entries: readonly TaughtEntry[]): Promise<void> {
    const { sentences, sounds: engine, logger } = this.options;
    this.#wordings = entries.flatMap(wordingOf);
    await sentences?.teach(entries.flatMap(sentenceOf));
    if (engine === undefined) return;
    const sounds = entries.flatMap(soundOf);
    const wanted = new Set(sounds.map(({ id }) => id));
    for (const id of this.#sounds) if (!wanted.has(id)) engine.unteach(id);
    for (const sound of sounds) {
      if (this.#sounds.has(sound.id)) continue;
      const failed = await engine.teach(sound).catch((error: unknown) => errorCode(error));
      if (failed === undefined) continue;
      wanted.delete(sound.id);
      logger.warn({ id: sound.id, reason: failed }, 'a sound that was taught cannot be heard');
    }
    this.#sounds = wanted;
  }
}

async function intentsOf(set: string): Promise<ReadonlySet<string>> {
  const file = join(dialectDataDir, 'intents', `${set}.yaml`);
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return new Set(text === undefined ? [] : readIntents(text, file).intents?.keys());
}

/** In a thread that ends with its answer: training and evaluation take seconds of a processor. */
function sentenceCheck(check: SentenceCheck): Promise<WordsReport> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./sentence-check-worker.js', import.meta.url), { workerData: check });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the check ended without an answer')));
  });
}

/** Sentences that want something else or nothing, spread over the regression set. */
async function everydaySentences(): Promise<(dialect: string) => readonly string[]> {
  const set = await readShippedSet('tuned', await intentsOf('hotline'));
  const lines = (set?.lines ?? []).filter(({ intent, text }) => intent !== undefined && [...text].length > 3);
  return (dialect) => {
    const own = lines.filter((line) => line.dialect === dialect);
    return spread(
      own.length > 0 ? own : lines.filter((line) => familyOf(line.dialect) === familyOf(dialect)),
    );
  };
}

function spread(lines: readonly TestLine[]): string[] {
  const step = Math.max(1, Math.floor(lines.length / 24));
  return lines.filter((_, index) => index % step === 0).map(({ text }) => text);
}
