import type { Clock, Timer } from '../core/clock.js';
import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { TypedEmitter } from '../core/typed-emitter.js';
import type { BargeIn, CollectAction, DialogAction, Prompt, TransferAction } from '../dialog/action.js';
import type { Dialplan } from '../dialog/dialplan.js';
import type { DialogEvent, TransferOutcome } from '../dialog/event.js';
import { step, type DialogState } from '../dialog/interpreter.js';
import type { TurnRecord } from '../store/call-record.js';
import type { Journal } from './journal.js';
import type { Listener } from './listener.js';
import type { PromptPlayer, Saying } from './prompt-player.js';
import { Turn, type TurnAction, type TurnInput } from './turn.js';

export type PerformerEvents = {
  turn: [turn: TurnRecord];
  /** The dialplan connects the caller with somebody else, and the caller has heard everything before. */
  transfer: [action: TransferAction];
  /** The dialplan ends the call, and the caller has heard everything. */
  finished: [];
};

export interface PerformerOptions {
  readonly dialplan: Dialplan;
  readonly state: DialogState;
  readonly player: PromptPlayer;
  readonly listener: Listener;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A turn in progress: what was said in it and what it waits for. */
interface Exchange {
  readonly node: string;
  readonly said: readonly Prompt[];
  readonly startMs: number;
  readonly collect: CollectAction;
  readonly turn: Turn;
  readonly saying: Saying | undefined;
}

/** Carries the dialog's actions out on one call, and brings the caller's answers back to it. Owned by the call. */
export class Performer extends TypedEmitter<PerformerEvents> {
  readonly path: string[] = [];
  #state: DialogState;
  #exchange: Exchange | undefined;
  #deadline: Timer | undefined;
  #lastSaying: Saying | undefined;
  #startedMs = 0;
  /** The caller is with somebody else: nothing is said, and nothing counts as an answer. */
  #away = false;
  #closed = false;

  constructor(private readonly options: PerformerOptions) {
    super();
    this.#state = options.state;
    options.listener
      .on('speechStarted', () => this.#input({ type: 'speechStarted' }))
      .on('speechEnded', () => this.#input({ type: 'speechEnded' }))
      .on('recognized', (result) => {
        const { sensitive } = this.#exchange?.collect ?? { sensitive: true };
        options.journal.write('recognized', sensitive ? {} : { alternatives: result.alternatives });
        this.#input({ type: 'recognized', result });
      })
      .on('failed', (error) => {
        options.logger.error({ code: errorCode(error) }, 'the recognizer failed; the caller is asked again');
        options.journal.write('recognizerFailed', { code: errorCode(error) });
        this.#input({ type: 'recognizerFailed' });
      });
  }

  /** Begins the dialog; called once, when the caller can hear. */
  start(): void {
    this.#startedMs = this.options.clock.nowMs();
    this.#step({ type: 'start' });
  }

  /** A key of the caller, however it came. */
  key(key: string): void {
    if (this.#closed) return;
    const sensitive = this.#exchange?.collect.sensitive ?? true;
    this.options.journal.write('key', sensitive ? {} : { key });
    this.#input({ type: 'key', key });
  }

  /** In which the caller is spoken to. */
  get dialect(): string {
    return this.#state.dialect;
  }

  /** Somebody takes the caller away, until {@link transferred}. False if the caller is away already. */
  interrupt(): boolean {
    if (this.#closed || this.#away) return false;
    this.#away = true;
    this.#hush();
    return true;
  }

  /** The caller is back from a transfer; what an interruption cut is asked again. */
  transferred(outcome: TransferOutcome): void {
    if (this.#closed || !this.#away) return;
    this.#away = false;
    this.options.journal.write('transferred', { outcome });
    this.#step({ type: 'transferred', outcome });
  }

  /** Cuts what is being said, forgets what is awaited. Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#hush();
    this.removeAllListeners();
  }

  #hush(): void {
    this.#deadline?.cancel();
    this.#lastSaying?.cut();
    this.options.listener.disarm();
    const exchange = this.#exchange;
    this.#exchange = undefined;
    if (exchange !== undefined) this.emit('turn', this.#record(exchange, undefined, false));
  }

  #step(event: DialogEvent): void {
    const { dialplan, journal } = this.options;
    const sensitive = this.#exchange?.collect.sensitive === true && event.type === 'input';
    const { state, actions, entered } = step(dialplan, this.#state, event);
    this.#state = state;
    this.path.push(...entered);
    journal.write('dialog', { event: sensitive ? { type: 'input', sensitive } : event, entered });
    this.#exchange = undefined;
    this.#perform(actions);
  }

  #perform(actions: readonly DialogAction[]): void {
    const prompts: Prompt[] = [];
    let bargeIn: BargeIn = 'speech';
    for (const action of actions) {
      switch (action.type) {
        case 'say':
          prompts.push(...action.prompts);
          // The strictest of what is said in one go holds for all of it.
          if (strictness[action.bargeIn] < strictness[bargeIn]) bargeIn = action.bargeIn;
          break;
        case 'collect':
          this.#listen(action, prompts, bargeIn);
          return;
        case 'transfer':
          void this.#lastWords(action.node, prompts).then(() => {
            if (this.#closed || this.#away) return;
            this.#away = true;
            this.emit('transfer', action);
          });
          return;
        case 'hangup':
          void this.#lastWords(action.node, prompts).then(() => {
            if (!this.#closed && !this.#away) this.emit('finished');
          });
          return;
      }
    }
  }

  #say(prompts: readonly Prompt[]): Saying | undefined {
    if (prompts.length === 0) return undefined;
    this.options.journal.write('say', {
      prompts: prompts.map(({ recorded, dialect }) => ({ recorded, dialect })),
    });
    const saying = this.options.player.say(prompts);
    this.#lastSaying = saying;
    return saying;
  }

  #listen(collect: CollectAction, said: readonly Prompt[], bargeIn: BargeIn): void {
    const { clock, listener } = this.options;
    const nowMs = clock.nowMs();
    const turn = new Turn(collect, bargeIn, said.length > 0, nowMs);
    const saying = this.#say(said);
    const exchange: Exchange = {
      node: collect.node,
      said,
      startMs: nowMs - this.#startedMs,
      collect,
      turn,
      saying,
    };
    this.#exchange = exchange;
    const dialects = [...new Set(collect.phrases.map((phrase) => phrase.dialect))];
    listener.arm(collect.phrases, dialects);
    void saying?.finished.then(() => {
      if (this.#exchange === exchange) this.#input({ type: 'promptsEnded' });
    });
    this.#watchDeadline();
  }

  /** Says what nothing is listened for after; resolves when it was heard or cut. */
  async #lastWords(node: string, said: readonly Prompt[]): Promise<void> {
    this.options.listener.disarm();
    const saying = this.#say(said);
    if (saying !== undefined) {
      const { clock } = this.options;
      this.emit('turn', {
        node,
        said: said.map(shownText),
        outcome: 'none',
        heard: null,
        confidence: null,
        dialect: said[0]?.dialect ?? '',
        startMs: Math.round(clock.nowMs() - this.#startedMs),
        heardMs: null,
        bargedIn: false,
      });
    }
    await saying?.finished;
  }

  #input(input: TurnInput): void {
    const exchange = this.#exchange;
    if (this.#closed || exchange === undefined) return;
    // Keys and results have lines of their own, which hold what a sensitive turn may tell.
    if (plainInputs.has(input.type)) this.options.journal.write(input.type);
    for (const action of exchange.turn.handle(input, this.options.clock.nowMs()))
      this.#carryOut(exchange, action);
    if (this.#exchange === exchange) this.#watchDeadline();
  }

  #carryOut(exchange: Exchange, action: TurnAction): void {
    const { listener, journal } = this.options;
    switch (action.type) {
      case 'cutPrompts':
        journal.write('bargeIn', { by: action.by });
        exchange.saying?.cut();
        break;
      case 'finishRecognizer':
        listener.finish();
        break;
      case 'dropRecognizer':
        listener.drop();
        break;
      case 'answer':
        listener.disarm();
        this.#deadline?.cancel();
        // Nothing of an old turn is heard in a new one.
        exchange.saying?.cut();
        this.emit('turn', this.#record(exchange, action.event, action.bargedIn));
        this.#step(action.event);
        break;
    }
  }

  #watchDeadline(): void {
    this.#deadline?.cancel();
    const dueMs = this.#exchange?.turn.deadlineMs;
    if (dueMs === undefined) return;
    const { clock } = this.options;
    this.#deadline = clock.after(Math.max(0, dueMs - clock.nowMs()), () => this.#input({ type: 'tick' }));
  }

  #record(exchange: Exchange, event: DialogEvent | undefined, bargedIn: boolean): TurnRecord {
    const input = event?.type === 'input' ? event.input : undefined;
    const words = input?.kind === 'phrase' ? input.text : input?.keys;
    return {
      node: exchange.node,
      said: exchange.said.map(shownText),
      outcome: input?.kind ?? (event?.type === 'noInput' || event?.type === 'noMatch' ? event.type : 'none'),
      heard: exchange.collect.sensitive ? null : (words ?? null),
      confidence: input?.kind === 'phrase' ? input.confidence : null,
      dialect: exchange.said[0]?.dialect ?? exchange.collect.phrases[0]?.dialect ?? '',
      startMs: Math.round(exchange.startMs),
      heardMs: event === undefined ? null : Math.round(this.options.clock.nowMs() - this.#startedMs),
      bargedIn,
    };
  }
}

/** The words as records show them: what reads back a sensitive answer has others. */
function shownText(prompt: Prompt): string {
  return prompt.shownAs ?? prompt.text;
}

/** Inputs of a turn that say everything by their name; with them a journal decides each turn again. */
const plainInputs: ReadonlySet<TurnInput['type']> = new Set([
  'speechStarted',
  'speechEnded',
  'promptsEnded',
  'tick',
]);

const strictness: Record<BargeIn, number> = { none: 0, key: 1, speech: 2 };
