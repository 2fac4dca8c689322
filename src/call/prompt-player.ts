import type { BotAudio, Speech } from '../audio-stream/bot-audio.js';
import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { Prompt } from '../dialog/action.js';
import type { MediaEndpoint } from '../media/media-endpoint.js';
import type { Playback } from '../media/playback.js';
import type { SpokenAudio } from '../speech/synthesizer.js';

/** How words become sound, and where recorded prompts lie. Given by the composition root. */
export interface PromptSources {
  /** Speaks a sentence as mono s16 at 8 kHz; undefined when no synthesizer is installed. */
  readonly speak: ((text: string, dialect: string, signal: AbortSignal) => SpokenAudio) | undefined;
  /** Path or URL of a recorded prompt as the media server can open it; undefined if there is no such file. */
  readonly recorded: (name: string, dialect: string) => string | undefined;
}

/** A row of prompts being said. */
export interface Saying {
  /** Resolves when the caller has heard the last prompt, or when they were cut; never rejects. */
  readonly finished: Promise<'done' | 'cut'>;
  /** Silent within the next packet; prompts that wait are dropped. Safe to call twice. */
  cut(): void;
}

/** Says prompts one after another: recorded ones are played by the media server, words go through the bot's voice. */
export class PromptPlayer {
  constructor(
    private readonly endpoint: MediaEndpoint,
    private readonly voice: BotAudio,
    private readonly sources: PromptSources,
    private readonly logger: Logger,
  ) {}

  say(prompts: readonly Prompt[]): Saying {
    let cut = false;
    let current: Speech | Playback | undefined;
    const run = async (): Promise<'done' | 'cut'> => {
      for (const prompt of prompts) {
        if (cut) return 'cut';
        try {
          current = this.#start(prompt);
          await current?.finished;
        } catch (error) {
          // An engine or a file that fails costs this prompt, not the call; the caller hears the next one.
          this.logger.error(
            { code: errorCode(error), dialect: prompt.dialect },
            'a prompt could not be said',
          );
        }
      }
      return cut ? 'cut' : 'done';
    };
    return {
      finished: run(),
      cut: () => {
        if (cut) return;
        cut = true;
        if (current === undefined) return;
        if ('stop' in current) current.stop();
        else current.cut();
      },
    };
  }

  #start(prompt: Prompt): Speech | Playback | undefined {
    const file =
      prompt.recorded === undefined ? undefined : this.sources.recorded(prompt.recorded, prompt.dialect);
    if (file !== undefined) return this.endpoint.play([file]);
    if (this.sources.speak === undefined) {
      this.logger.error({ dialect: prompt.dialect }, 'no synthesizer is installed: a prompt stays unsaid');
      return undefined;
    }
    const abort = new AbortController();
    return this.voice.speak(this.sources.speak(prompt.text, prompt.dialect, abort.signal), () =>
      abort.abort(),
    );
  }
}
