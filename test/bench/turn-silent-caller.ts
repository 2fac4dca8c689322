import { HeardBot } from './turn-bot.js';
import type { NoiseCall } from './turn-figures.js';
import type { TurnLine } from './turn-line.js';

/** A caller on whose line there is something, but no word: counts how often the bot breaks off. Pure. */
export class SilentCaller {
  firstSoundMs: number | undefined;
  #pauses = 0;
  readonly #bot: HeardBot;

  constructor(
    private readonly line: TurnLine,
    private readonly noise: string,
    private readonly hasEcho: boolean,
    promptSamples: Readonly<Record<string, number>>,
    answeredMs: number,
  ) {
    this.#bot = new HeardBot(promptSamples, {
      began: () => undefined,
      sounded: (stretch) => (this.firstSoundMs ??= stretch.fromMs - answeredMs),
      ended: (stretch) => {
        // A voice without mark, that of a filler, may have a soft one for a moment.
        if (stretch.end === 'broken' && stretch.isSound) this.#pauses++;
      },
    });
  }

  received(samples: Int16Array, position: number, atMs: number): void {
    this.line.hear(samples);
    this.#bot.packet(samples, position, atMs);
  }

  tick(nowMs: number): Int16Array {
    this.#bot.passed(nowMs);
    return this.line.next(undefined);
  }

  get result(): NoiseCall {
    return {
      noise: this.noise,
      hasEcho: this.hasEcho,
      pauses: this.#pauses,
      talkedMs: (this.#bot.talkedSamples + (this.#bot.current?.samples ?? 0)) / 8,
    };
  }
}
