import type { BotAudio, Speech } from '../audio-stream/bot-audio.js';
import { fromDb, scale } from '../audio/pcm.js';
import { resumePoint } from '../audio/resume-point.js';
import { timeStretch } from '../audio/time-stretch.js';
import { errorCode } from '../core/errors.js';
import { StateMachine, type TransitionTable } from '../core/state-machine.js';
import type { Logger } from '../core/logger.js';
import type { Prompt } from '../dialog/action.js';
import type { MediaEndpoint } from '../media/media-endpoint.js';
import type { Playback } from '../media/playback.js';
import type { PrepareOptions } from '../speech/synthesis-cache.js';
import type { SpokenAudio, SynthesisRequest } from '../speech/synthesizer.js';
import type { Stamp } from './ledger-boundary.js';
import { usualManner, type Manner } from './manner.js';
import type { HousePrompt } from './recorded-prompts.js';

/** How words become sound, and where recorded prompts lie. Given by the composition root. */
export interface PromptSources {
  /** Speaks a sentence as mono s16 at 8 kHz, at `rate` times the usual speed; undefined when no synthesizer is installed. */
  readonly speak:
    ((text: string, dialect: string, signal: AbortSignal, rate?: number) => SpokenAudio) | undefined;
  /** Path or URL of a recorded prompt as the media server can open it; undefined if there is no such file. */
  readonly recorded: (name: string, dialect: string) => string | undefined;
  /** Samples of a recorded prompt, mono at 8 kHz, to be said slower or louder; resolves to undefined if it cannot be read. */
  readonly samples?: (name: string, dialect: string) => Promise<Int16Array | undefined>;
  /** Makes sentences before they are said, in memory only; `signal`: none of them is wanted any more. Never rejects. */
  readonly prepare?:
    ((requests: readonly SynthesisRequest[], options: PrepareOptions) => Promise<void>) | undefined;
  /** What to say when a prompt cannot be spoken: a recording of the same words; else, the `first` time, that there is trouble. */
  readonly instead?: (prompt: Prompt, first: boolean) => Prompt | undefined;
  /** What the house itself says; undefined where it has no words. */
  readonly house?: (name: HousePrompt, dialect: string) => Prompt | undefined;
  /** What is heard while an answer takes long, mono s16 at 8 kHz; `nth` counts from 0 within one wait. */
  readonly filler?: (dialect: string, nth: number) => Int16Array;
}

/** A row of prompts being said. */
export interface Saying {
  /** Resolves when the caller has heard the last prompt, or when they were cut; never rejects, waits while it pauses. */
  readonly finished: Promise<'done' | 'cut'>;
  /** Silent within the next packet; prompts that wait are dropped. Safe to call twice. */
  cut(): void;
  /** Silent within the next packet, until {@link resume}. Nothing after the end. */
  pause(): void;
  /** Goes on a little before what the caller heard last. Nothing if it does not pause. */
  resume(): void;
  /** Whether a recording is being played now, or nothing more: a silence then is not for want of words. */
  readonly plays: boolean;
}

/** Nobody can tell where a file pauses between words: so much of it is said again, ms. */
const fileBackMs = 500;
/** Rates that files have: what was played tells it only about. */
const fileRatesHz = [8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];

type SayingState = 'playing' | 'paused' | 'cut' | 'over';

const moves: TransitionTable<SayingState> = {
  playing: ['paused', 'cut', 'over'],
  paused: ['playing', 'cut', 'over'],
  cut: [],
  over: [],
};

/** Says prompts one after another: recorded ones are played by the media server, words go through the bot's voice. */
export class PromptPlayer {
  constructor(
    private readonly endpoint: MediaEndpoint,
    private readonly voice: BotAudio,
    private readonly sources: PromptSources,
    private readonly logger: Logger,
    private readonly stamp: Stamp = () => undefined,
  ) {}

  /** `started` is called as each prompt begins, with its place in the row; for the first before this returns. */
  say(
    prompts: readonly Prompt[],
    manner: Manner = usualManner,
    started: (index: number) => void = () => undefined,
  ): Saying {
    const machine = new StateMachine<SayingState>(moves, 'playing');
    const isCut = (): boolean => machine.state === 'cut';
    /** The file under way was stopped to be gone on with. */
    let interrupted = false;
    /** One prompt could not be said: the caller is told so once, not at each. */
    let troubled = false;
    let wake: () => void = () => undefined;
    let current: Speech | Playback | undefined;

    const isPaused = (): boolean => machine.state === 'paused';
    const woken = (): Promise<void> => new Promise<void>((resolve) => (wake = resolve));
    const play = async (file: string, prompt: Prompt): Promise<void> => {
      let from = 0;
      let rateHz: number | undefined;
      for (;;) {
        this.stamp('requested');
        const playback = this.endpoint.play([from === 0 ? file : `${file}@@${from}`]);
        current = playback;
        this.stamp('handedOver');
        interrupted = false;
        await playback.finished;
        if (!interrupted || isCut()) return;
        if (isPaused()) await woken();
        if (isCut()) return;
        const { stoppedAt } = playback;
        if (stoppedAt === undefined) continue;
        rateHz ??= nearestRateHz((stoppedAt.samples / stoppedAt.ms) * 1000);
        from = await this.#resumeAt(prompt, stoppedAt.samples, rateHz);
      }
    };
    /** Whether it could be said, all of it. */
    const say = async (prompt: Prompt): Promise<boolean> => {
      try {
        const file = this.#fileOf(prompt);
        const isUsual = manner.gainDb === 0 && manner.rate === 1 && (prompt.rate ?? 1) === 1;
        if (file !== undefined && (isUsual || this.sources.samples === undefined)) await play(file, prompt);
        else {
          const speech = this.#speak(prompt, manner, file !== undefined);
          current = speech;
          await speech?.finished;
          // No words, as a sound's file that is missing has none, is nothing to be said otherwise.
          return speech !== undefined || prompt.text === '';
        }
        return true;
      } catch (error) {
        this.logger.error({ code: errorCode(error), dialect: prompt.dialect }, 'a prompt could not be said');
        return false;
      }
    };
    const run = async (): Promise<'done' | 'cut'> => {
      for (const [index, prompt] of prompts.entries()) {
        if (isPaused()) await woken();
        if (isCut()) return 'cut';
        started(index);
        if (await say(prompt)) continue;
        // An engine or a file that fails costs this prompt, not the call; the caller hears the next one.
        const instead = this.sources.instead?.(prompt, !troubled);
        troubled = true;
        if (instead !== undefined && !isCut()) await say(instead);
      }
      machine.move('over');
      return isCut() ? 'cut' : 'done';
    };
    const end = (): void => {
      if (current === undefined) return;
      if ('stop' in current) current.stop();
      else current.cut();
    };
    return {
      finished: run(),
      get plays() {
        return machine.isFinal || (current !== undefined && 'stop' in current);
      },
      cut: () => {
        if (!machine.move('cut')) return;
        end();
        wake();
      },
      pause: () => {
        if (!machine.move('paused')) return;
        if (current === undefined) return;
        interrupted = true;
        if ('stop' in current) current.stop();
        else current.pause();
      },
      resume: () => {
        if (!machine.move('playing')) return;
        if (current !== undefined && 'resume' in current) current.resume();
        wake();
      },
    };
  }

  /** Lets a sound in memory be heard at once, whatever is being said or waited for. */
  fill(samples: Int16Array): void {
    this.voice
      .speak(oneChunk(samples))
      .finished.catch((error: unknown) =>
        this.logger.warn({ code: errorCode(error) }, 'a filler was not heard'),
      );
  }

  #fileOf({ recorded, dialect }: Prompt): string | undefined {
    return recorded === undefined ? undefined : this.sources.recorded(recorded, dialect);
  }

  /** Where to go on in a file, in samples of its own rate. */
  async #resumeAt({ recorded, dialect }: Prompt, position: number, rateHz: number): Promise<number> {
    const read = recorded === undefined ? undefined : await this.sources.samples?.(recorded, dialect);
    if (read !== undefined) {
      return Math.round((resumePoint(read, Math.round((position / rateHz) * 8000)) * rateHz) / 8000);
    }
    return Math.max(0, position - Math.round((fileBackMs * rateHz) / 1000));
  }

  #speak(prompt: Prompt, manner: Manner, isRecorded: boolean): Speech | undefined {
    const abort = new AbortController();
    const rate = (prompt.rate ?? 1) * manner.rate;
    const { speak } = this.sources;
    if (!isRecorded && speak === undefined) {
      this.logger.error({ dialect: prompt.dialect }, 'no synthesizer is installed: a prompt stays unsaid');
      return undefined;
    }
    const audio = isRecorded
      ? this.#recordedAt(prompt, rate)
      : speak?.(prompt.text, prompt.dialect, abort.signal, rate);
    if (audio === undefined) return undefined;
    const loud = manner.gainDb === 0 ? audio : louder(audio, fromDb(manner.gainDb));
    return this.voice.speak(loud, () => abort.abort(), this.stamp);
  }

  /** A recording at another speed, at the same pitch. */
  async *#recordedAt({ recorded = '', dialect }: Prompt, rate: number): AsyncGenerator<Int16Array> {
    const samples = await this.sources.samples?.(recorded, dialect);
    if (samples !== undefined) yield* timeStretch(samples, rate);
  }
}

async function* oneChunk(samples: Int16Array): AsyncGenerator<Int16Array> {
  yield await Promise.resolve(samples);
}

/** What is made may be kept elsewhere and said again: it is copied, not changed. */
async function* louder(audio: AsyncIterable<Int16Array>, factor: number): AsyncGenerator<Int16Array> {
  for await (const chunk of audio) {
    const copy = chunk.slice();
    scale(copy, factor);
    yield copy;
  }
}

function nearestRateHz(about: number): number {
  return fileRatesHz.reduce((best, rate) => (Math.abs(rate - about) < Math.abs(best - about) ? rate : best));
}
