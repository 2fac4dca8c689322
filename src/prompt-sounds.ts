import { Fillers, readRecording } from './call/fillers.js';
import type { PromptSources } from './call/prompt-player.js';
import { RecordedPrompts } from './call/recorded-prompts.js';
import { errorCode } from './core/errors.js';
import type { Logger } from './core/logger.js';
import type { Speech } from './speech-engines.js';

export interface PromptSoundsOptions {
  /** Folder of the recordings. */
  readonly dir: string;
  /** URL by which the media server gets a file; undefined: it opens the path itself. */
  readonly urlOf: ((path: string) => string) | undefined;
  readonly logger: Logger;
}

/** Where everything that a call says comes from: recordings, synthesizers, what the house says itself. */
export class PromptSounds {
  readonly #recorded: RecordedPrompts;
  #fillers: Fillers;
  #speech: Speech | undefined;

  constructor(private readonly options: PromptSoundsOptions) {
    this.#recorded = new RecordedPrompts(options.dir);
    this.#fillers = new Fillers(this.#recorded, undefined);
  }

  /** The engines, once they are open. */
  use(speech: Speech): void {
    this.#speech = speech;
    const { makeReady } = speech;
    this.#fillers = new Fillers(
      this.#recorded,
      makeReady && (async (text, dialect) => (await makeReady({ text, dialect })).samples),
    );
  }

  /** Reads which recordings there are. */
  load(): Promise<void> {
    return this.#recorded.load();
  }

  /** Makes ready what the house says in these dialects: before it is needed, because then nothing can be made. */
  async prepare(dialects: readonly string[]): Promise<void> {
    await this.#fillers.load(dialects);
    for (const { text, dialect } of this.#recorded.unrecorded(dialects)) {
      await this.#speech
        ?.makeReady?.({ text, dialect })
        .catch((error: unknown) =>
          this.options.logger.warn(
            { code: errorCode(error), dialect },
            'a prompt of the house could not be made',
          ),
        );
    }
  }

  get sources(): PromptSources {
    const { urlOf } = this.options;
    return {
      speak: this.#speech?.speak,
      prepare: this.#speech?.prepare,
      recorded: (name, dialect) => {
        const path = this.#recorded.find(name, dialect);
        return path === undefined || urlOf === undefined ? path : urlOf(path);
      },
      samples: async (name, dialect) => {
        const path = this.#recorded.find(name, dialect);
        return path === undefined ? undefined : readRecording(path);
      },
      instead: (prompt, first) => this.#recorded.instead(prompt, first),
      house: (name, dialect) => this.#recorded.house(name, dialect),
      filler: (dialect, nth) => this.#fillers.get(dialect, nth),
    };
  }
}
