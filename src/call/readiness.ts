import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { DialectPacks } from '../dialect/packs.js';
import type { Dialplan } from '../dialog/dialplan.js';
import type { Recognizer } from '../speech/recognizer.js';
import { soonestFirst, wishSets, type FixedSentence, type Reachable } from './soonest-first.js';

/** What is made ready with; nothing is where something is not there. */
export interface ReadinessOptions {
  readonly recognizer?: Recognizer | undefined;
  /** Makes a sentence and keeps it. */
  readonly makeReady?: ((sentence: FixedSentence) => Promise<unknown>) | undefined;
  /** What the house itself says in these dialects, and nobody has recorded. */
  readonly house?: (dialects: readonly string[]) => readonly FixedSentence[];
  /** Called when those were made: whoever says them can take them into memory. */
  readonly houseMade?: (dialects: readonly string[]) => Promise<void>;
  /** Reads the words that every question understands. */
  readonly readPacks?: (dialects: readonly string[]) => Promise<DialectPacks>;
  /** Makes ready, beside all that, what open speech is understood with. */
  readonly understand?: (dialplans: readonly Dialplan[]) => Promise<void>;
  readonly logger: Logger;
}

/** One thing to be made ready; may lead to others that are made next. */
interface Step {
  readonly what: string;
  readonly make: () => Promise<unknown>;
}

/**
 * Makes ready what the dialplans can say and hear, before a caller waits for it: what he hears and says first, then what
 * the house says and every question understands, then the rest by how far it is away. One thing after the other: this runs
 * beside live calls. A failure costs that sentence its head start and is logged. Owned by the server.
 */
export class Readiness {
  /** Those under way and to come; another {@link begin} gives them up. */
  #steps: Step[] = [];
  #understanding = 0;
  #ready: Promise<void> = Promise.resolve();
  #packs: DialectPacks | undefined;
  #closed = false;

  constructor(private readonly options: ReadinessOptions) {}

  /** How many sentences and sets of phrases are still to be made ready; 0 when {@link ready} has resolved. */
  get left(): number {
    return this.#steps.length + this.#understanding;
  }

  /** Resolves when everything was tried that was begun last. Never rejects. */
  get ready(): Promise<void> {
    return this.#ready;
  }

  /** Words that every question understands, once they can be heard: a call would wait for those that never were read. */
  get packs(): DialectPacks | undefined {
    return this.#packs;
  }

  /** From the beginning, with these dialplans; what is there already costs little. */
  begin(dialplans: readonly Dialplan[]): void {
    if (this.#closed) return;
    const steps = this.#stepsFor(dialplans);
    this.#steps = steps;
    const made = [this.#work(steps), this.#understand(dialplans)];
    this.#ready = Promise.all(made).then(() => {
      if (this.#steps === steps && !this.#closed)
        this.options.logger.info({}, 'prompts and phrases are ready');
    });
  }

  /** The step under way is the last. Safe to call twice. */
  close(): void {
    this.#closed = true;
    this.#steps = [];
  }

  #stepsFor(dialplans: readonly Dialplan[]): Step[] {
    const { house = () => [], houseMade } = this.options;
    const dialects = [...new Set(dialplans.flatMap((dialplan) => dialplan.dialects))];
    const things = soonestFirst(dialplans);
    const next = things.findIndex(({ turns }) => turns > 0);
    const first = next < 0 ? things : things.slice(0, next);
    const steps: Step[] = [
      ...this.#made(first),
      ...house(dialects).flatMap((sentence) => this.#spoken(sentence)),
      { what: 'what fills a wait', make: async () => houseMade?.(dialects) },
      // In place of itself: how many phrases it is about is told by the packs.
      { what: 'the packs', make: () => this.#wishes(steps, dialects, things) },
      ...this.#made(things.slice(first.length)),
    ];
    return steps;
  }

  #made(things: readonly Reachable[]): Step[] {
    return things.flatMap((thing) =>
      thing.kind === 'sentence' ? this.#spoken(thing.sentence) : this.#heard(thing.phrases),
    );
  }

  #spoken(sentence: FixedSentence): Step[] {
    const { makeReady } = this.options;
    return makeReady === undefined ? [] : [{ what: 'a prompt', make: () => makeReady(sentence) }];
  }

  #heard(phrases: Parameters<Recognizer['prepare']>[0]): Step[] {
    const { recognizer } = this.options;
    return recognizer === undefined ? [] : [{ what: 'phrases', make: () => recognizer.prepare(phrases) }];
  }

  async #wishes(steps: Step[], dialects: readonly string[], things: readonly Reachable[]): Promise<void> {
    const packs = await this.options.readPacks?.(dialects);
    if (packs === undefined) return;
    const known = {
      what: 'the packs',
      make: () => {
        this.#packs = packs;
        return Promise.resolve();
      },
    };
    steps.splice(1, 0, ...wishSets(things, packs).flatMap((set) => this.#heard(set)), known);
  }

  async #work(steps: Step[]): Promise<void> {
    for (let step = steps[0]; step !== undefined; step = steps[0]) {
      if (this.#steps !== steps) return;
      try {
        await step.make();
      } catch (error) {
        this.#failed(step.what, error);
      }
      steps.shift();
    }
  }

  async #understand(dialplans: readonly Dialplan[]): Promise<void> {
    this.#understanding += 1;
    try {
      await this.options.understand?.(dialplans);
    } catch (error) {
      this.#failed('what open speech means', error);
    }
    this.#understanding -= 1;
  }

  #failed(what: string, error: unknown): void {
    if (this.#closed) return;
    this.options.logger.warn({ code: errorCode(error), what }, 'could not be made ready ahead of calls');
  }
}
