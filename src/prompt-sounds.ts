import { Fillers, readRecording } from './call/fillers.js';
import type { PromptSources } from './call/prompt-player.js';
import { RecordedPrompts } from './call/recorded-prompts.js';
import type { Speech } from './speech-engines.js';

export interface PromptSoundsOptions {
  /** Folder of the recordings. */
  readonly dir: string;
  /** URL by which the media server gets a file; undefined: it opens the path itself. */
  readonly urlOf: ((path: string) => string) | undefined;
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

  /** What the house says in these dialects and nobody recorded: to be made before it is needed, for then nothing can be. */
  house(dialects: readonly string[]): readonly { readonly text: string; readonly dialect: string }[] {
    return this.#recorded.unrecorded(dialects);
  }

  /** Takes into memory what is said while an answer takes long. Never rejects. */
  loadFillers(dialects: readonly string[]): Promise<void> {
    return this.#fillers.load(dialects);
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
