import type { Clock, Timer } from '../core/clock.js';
import type { BargeIn, CollectAction, Prompt } from '../dialog/action.js';
import type { DialogEvent } from '../dialog/event.js';
import type { AlsoIn, Phrase } from '../speech/recognizer.js';
import type { Journal } from './journal.js';
import type { Stamp } from './ledger-boundary.js';
import type { ListenOptions, Listener } from './listener.js';
import type { Manner } from './manner.js';
import type { PromptPlayer, Saying } from './prompt-player.js';
import type { RowPrompt } from './prompt-row.js';
import { Turn, type TurnAction, type TurnInput } from './turn.js';

export interface ExchangeOptions {
  readonly collect: CollectAction;
  readonly row: readonly RowPrompt[];
  readonly manner: Manner;
  /** See {@link Turn}. */
  readonly wasMissed: boolean;
  /** What is listened for: the question's phrases and those that are understood everywhere. */
  readonly phrases: readonly Phrase[];
  readonly dialects: readonly string[];
  readonly listen: ListenOptions;
  readonly player: PromptPlayer;
  readonly listener: Listener;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly stamp: Stamp;
  /** Called once, when the turn is over and all is silent. */
  readonly answered: (event: DialogEvent, bargedIn: boolean) => void;
}

/** One turn carried out: what is said in it, the ear meanwhile, its deadline. Owned by the performer. */
export class Exchange {
  readonly startMs: number;
  readonly #turn: Turn;
  #saying: Saying | undefined;
  #bargeIn: BargeIn;
  /** A key came before anything was said: nothing need be said. */
  #cut = false;
  #saidAll = false;
  #deadline: Timer | undefined;
  #over = false;

  constructor(private readonly options: ExchangeOptions) {
    const { collect, row, wasMissed, clock } = options;
    this.startMs = clock.nowMs();
    this.#bargeIn = row[0]?.bargeIn ?? 'speech';
    this.#turn = new Turn(collect, this.#bargeIn, row.length > 0, this.startMs, wasMissed);
  }

  get collect(): CollectAction {
    return this.options.collect;
  }

  /** What is listened for in other dialects beside the question's. */
  get alsoIn(): readonly AlsoIn[] {
    return this.options.listen.alsoIn ?? [];
  }

  get said(): readonly Prompt[] {
    return this.options.row.map(({ prompt }) => prompt);
  }

  /** Whether an interim result can change anything. */
  get needsInterim(): boolean {
    return !this.#over && this.#turn.needsInterim;
  }

  /** Whether the caller waits for us to say something. A recording may have pauses of its own. */
  get owesSpeech(): boolean {
    if (this.#over) return false;
    if (this.#turn.isRecognizing) return true;
    const saying = this.#saying;
    return saying !== undefined && !this.#saidAll && !this.#cut && !this.#turn.isSpeaking && !saying.plays;
  }

  /** Begins, with keys that were pressed before the question was asked; those that it does not need are not taken. */
  start(keyAhead: () => string | undefined): void {
    const { listener, phrases, dialects, listen } = this.options;
    while (!this.#over) {
      const key = keyAhead();
      if (key === undefined) break;
      this.key(key);
    }
    if (this.#over) return;
    if (!this.#cut) this.#say();
    listener.arm(phrases, dialects, listen);
    this.#watchDeadline();
  }

  key(key: string): void {
    this.options.journal.write('key', this.collect.sensitive ? {} : { key });
    this.input({ type: 'key', key });
  }

  /** Anything but a key; results have a line of their own in the journal before. */
  input(input: TurnInput): void {
    if (this.#over) return;
    const { journal, clock } = this.options;
    const { type, ...fields } = input;
    if (type === 'interim') {
      if (!this.needsInterim) return;
      journal.write(type, this.collect.sensitive ? {} : { ...fields });
    } else if (plainInputs.has(type)) journal.write(type, { ...fields });
    for (const action of this.#turn.handle(input, clock.nowMs())) this.#carryOut(action);
    this.#watchDeadline();
  }

  /** Silent at once, and nothing is awaited any more. Safe to call twice. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#deadline?.cancel();
    this.options.listener.disarm();
    this.#saying?.cut();
  }

  #say(): void {
    const { row, manner, player, journal, stamp } = this.options;
    if (row.length === 0) return;
    const prompts = this.said;
    journal.write('say', { prompts: prompts.map(({ recorded, dialect }) => ({ recorded, dialect })) });
    stamp('acted');
    const saying = player.say(prompts, manner, (index) => this.#started(row[index]?.bargeIn));
    this.#saying = saying;
    void saying.finished.then(() => {
      this.#saidAll = true;
      this.input({ type: 'promptsEnded' });
    });
  }

  #started(bargeIn: BargeIn | undefined): void {
    if (bargeIn === undefined || bargeIn === this.#bargeIn) return;
    this.#bargeIn = bargeIn;
    this.input({ type: 'promptStarted', bargeIn });
  }

  #carryOut(action: TurnAction): void {
    const { listener, journal, stamp, answered } = this.options;
    switch (action.type) {
      case 'pausePrompts':
        journal.write('bargeIn', { by: action.by });
        this.#saying?.pause();
        stamp('cut');
        break;
      case 'resumePrompts':
        journal.write('resumed');
        this.#saying?.resume();
        stamp('resumed');
        break;
      case 'cutPrompts':
        journal.write('bargeIn', { by: action.by });
        this.#cut = true;
        this.#saying?.cut();
        stamp('cut');
        break;
      case 'finishRecognizer':
        stamp('endpoint');
        listener.finish();
        break;
      case 'dropRecognizer':
        listener.drop();
        break;
      case 'answer':
        // Nothing of an old turn is heard in a new one.
        this.close();
        answered(action.event, action.bargedIn);
        break;
    }
  }

  #watchDeadline(): void {
    this.#deadline?.cancel();
    const dueMs = this.#over ? undefined : this.#turn.deadlineMs;
    if (dueMs === undefined) return;
    const { clock } = this.options;
    this.#deadline = clock.after(Math.max(0, dueMs - clock.nowMs()), () => this.input({ type: 'tick' }));
  }
}

/** Inputs of a turn whose line says all of them; with them a journal decides each turn again. */
const plainInputs: ReadonlySet<TurnInput['type']> = new Set([
  'speechStarted',
  'speechEnded',
  'promptStarted',
  'promptsEnded',
  'tick',
]);
