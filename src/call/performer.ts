import type { Clock } from '../core/clock.js';
import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { StateMachine, type TransitionTable } from '../core/state-machine.js';
import { TypedEmitter } from '../core/typed-emitter.js';
import type { CollectAction, DialogAction, TransferAction } from '../dialog/action.js';
import type { DialectPacks } from '../dialect/packs.js';
import type { Dialplan } from '../dialog/dialplan.js';
import type { DialogEvent, TransferOutcome } from '../dialog/event.js';
import { intentsOf } from '../dialog/answer.js';
import { dialectSet } from '../dialog/dialect-switch.js';
import { inDialect, type DialogState } from '../dialog/dialog-state.js';
import { step } from '../dialog/interpreter.js';
import type { RecognitionResult, Recognizer } from '../speech/recognizer.js';
import type { TurnRecord } from '../store/call-record.js';
import { alsoIn } from './also-in.js';
import type { DialectChange, DialectOfCall } from './dialect-of-call.js';
import { Exchange } from './exchange.js';
import { Hearing, openListening } from './hearing.js';
import type { Journal } from './journal.js';
import type { KeysInstead } from './keys-instead.js';
import type { Stamp } from './ledger-boundary.js';
import type { Listener, ListenOptions } from './listener.js';
import { louder, mannerOf, patienceOf, patiently } from './manner.js';
import type { PromptPlayer, Saying } from './prompt-player.js';
import { promptRow, type RowPrompt } from './prompt-row.js';
import { EndpointPolicy } from './turn-endpoint.js';
import { lateTermChar } from './turn-keys.js';
import { expectedSpeech, turnPhrases } from './turn-phrases.js';
import { shownText, turnRecord } from './turn-record.js';
import type { Understanding } from './understanding.js';

export type PerformerEvents = {
  turn: [turn: TurnRecord];
  /** The dialplan connects the caller with somebody else, and the caller has heard everything before. */
  transfer: [action: TransferAction];
  /** The caller wants no more calls. */
  stopCalling: [];
  /** The dialplan ends the call, and the caller has heard everything. */
  finished: [];
};

export interface PerformerOptions {
  readonly dialplan: Dialplan;
  readonly state: DialogState;
  readonly player: PromptPlayer;
  readonly listener: Listener;
  /** Follows the caller's dialect; undefined: the dialplan alone decides it. */
  readonly dialects?: DialectOfCall;
  /** Understands open speech; undefined: phrases alone are. */
  readonly understanding?: Understanding | undefined;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Words by which callers of each dialect end, go on, or ask for the same again; undefined: nobody knows any. */
  readonly packs?: DialectPacks | undefined;
  /** What the recognizer can do; undefined: it knows the phrases only, and says nothing before the end. */
  readonly recognizer?: Pick<Recognizer, 'capabilities'> | undefined;
  /** For the latency ledger. */
  readonly stamp?: Stamp;
  /** What becomes of questions that no recognizer hears the answers to. */
  readonly keysInstead?: KeysInstead;
}

/** `away`: the caller is with somebody else: nothing is said, and nothing counts as an answer. */
type State = 'talking' | 'away' | 'closed';

const moves: TransitionTable<State> = {
  talking: ['away', 'closed'],
  away: ['talking', 'closed'],
  closed: [],
};

/** A key pressed while nothing is asked is kept for what is asked next, so many of them. */
const mostKeysAhead = 32;

/** Carries the dialog's actions out on one call, and brings the caller's answers back to it. Owned by the call. */
export class Performer extends TypedEmitter<PerformerEvents> {
  readonly path: string[] = [];
  /** Choices that the caller spoke, in order; none of a sensitive question. */
  readonly intents: string[] = [];
  readonly #machine = new StateMachine<State>(moves, 'talking');
  #state: DialogState;
  #exchange: Exchange | undefined;
  #lastSaying: Saying | undefined;
  #startedMs = 0;
  /** In doubt: the next question is asked in this dialect too. */
  #alsoIn: string | undefined;
  /** Pressed before a question was there. */
  #keysAhead: string[] = [];
  /** A termChar that may still come after digits that were complete without it, and until when. */
  #lateKey: { readonly key: string; readonly untilMs: number } | undefined;
  #gainDb = 0;
  readonly #hearing: Hearing;

  constructor(private readonly options: PerformerOptions) {
    super();
    this.#state = options.state;
    this.#hearing = new Hearing({
      ...options,
      state: () => this.#state,
      changed: (change) => this.#follow(change),
    });
    options.listener
      .on('speechStarted', (carried, doubtful) =>
        this.#exchange?.input({
          type: 'speechStarted',
          ...(carried && { carried }),
          ...(doubtful && { doubtful }),
        }),
      )
      .on('interim', (result) => this.#interim(result))
      .on('speechEnded', (voicedMs, echoMs) =>
        this.#exchange?.input({ type: 'speechEnded', voicedMs, ...(echoMs > 0 && { echoMs }) }),
      )
      .on('recognized', (result) => this.#recognized(result))
      .on('failed', (error) => {
        options.logger.error({ code: errorCode(error) }, 'the recognizer failed; the caller is asked again');
        options.journal.write('recognizerFailed', { code: errorCode(error) });
        options.keysInstead?.failed(error);
        this.#exchange?.input({ type: 'recognizerFailed' });
      });
  }

  /** Begins the dialog; called once, when the caller can hear. */
  start(): void {
    this.#startedMs = this.options.clock.nowMs();
    this.#step({ type: 'start' });
  }

  /** A key of the caller, however it came. */
  key(key: string): void {
    if (this.#machine.state === 'closed') return;
    this.options.stamp?.('key');
    if (this.#isLate(key)) return;
    if (this.#exchange !== undefined) this.#exchange.key(key);
    else if (this.#isTalking && this.#keysAhead.length < mostKeysAhead) this.#keysAhead.push(key);
  }

  /** Where the dialog stands. */
  get state(): DialogState {
    return this.#state;
  }

  /** In which the caller is spoken to. */
  get dialect(): string {
    return this.#state.dialect;
  }

  /** Whether the caller waits for us to say something: not while he speaks, or is listened to. */
  get owesSpeech(): boolean {
    if (!this.#isTalking) return false;
    return this.#exchange?.owesSpeech ?? this.#lastSaying?.plays === false;
  }

  /** A variable of the dialplan. */
  variable(name: string): string | undefined {
    return Object.hasOwn(this.#state.variables, name) ? this.#state.variables[name] : undefined;
  }

  /** Somebody takes the caller away, until {@link transferred}. False if the caller is away already. */
  interrupt(): boolean {
    if (!this.#machine.move('away')) return false;
    this.#hush();
    return true;
  }

  /** The caller is back from a transfer; what an interruption cut is asked again. */
  transferred(outcome: TransferOutcome): void {
    if (!this.#machine.move('talking')) return;
    // What was said meanwhile was said to somebody else.
    this.options.listener.forget();
    this.options.journal.write('transferred', { outcome });
    this.#step({ type: 'transferred', outcome });
  }

  /** Cuts what is being said, forgets what is awaited. Safe to call twice. */
  close(): void {
    if (!this.#machine.move('closed')) return;
    this.#hush();
    this.removeAllListeners();
  }

  get #isTalking(): boolean {
    return this.#machine.state === 'talking';
  }

  /** Whether this key only ends the digits before, which were complete without it. */
  #isLate(key: string): boolean {
    const late = this.#lateKey;
    this.#lateKey = undefined;
    return late?.key === key && this.options.clock.nowMs() < late.untilMs;
  }

  /** The next of the keys that were pressed before there was a question. */
  #keyAhead(): string | undefined {
    const key = this.#keysAhead.shift();
    return key !== undefined && this.#isLate(key) ? this.#keysAhead.shift() : key;
  }

  #hush(): void {
    this.#lastSaying?.cut();
    this.options.listener.disarm();
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#keysAhead = [];
    exchange?.close();
    if (exchange !== undefined) this.emit('turn', this.#record(exchange, undefined, false));
  }

  #step(event: DialogEvent): void {
    const { dialplan, journal } = this.options;
    const sensitive = this.#exchange?.collect.sensitive === true && event.type === 'input';
    const before = this.#state;
    const { state, actions, entered } = step(dialplan, before, event);
    this.#state = state;
    this.path.push(...entered);
    journal.write('dialog', { event: sensitive ? { type: 'input', sensitive } : event, entered });
    const dialect = dialectSet(dialplan, before, event, state);
    if (dialect !== undefined) this.#dialectSet(dialect, event);
    if (event.type === 'input' && !sensitive) this.intents.push(...intentsOf(before, event.input));
    if (state.variables['stopCalling'] === 'yes' && before.variables['stopCalling'] !== 'yes') {
      journal.write('stopCalling');
      this.emit('stopCalling');
    }
    this.#exchange = undefined;
    const asked = this.#inBoth(event, before, actions);
    const { keysInstead } = this.options;
    const wanted = asked.flatMap((action) => (action.type === 'collect' ? action.phrases : []));
    const toHear = this.#dialectsToHear(wanted.map(({ dialect: id }) => id));
    const possible = keysInstead === undefined ? asked : keysInstead.apply(asked, state.dialect, toHear);
    // Nobody hears the answer, and there are no keys for it: as for a caller who is never understood.
    if (possible === undefined) this.#step({ type: 'noMatch' });
    else this.#perform(possible);
  }

  #recognized(result: RecognitionResult): void {
    this.options.stamp?.('final');
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    this.#hearing.recognized(result, {
      collect: exchange.collect,
      alsoIn: exchange.alsoIn,
      over: () => this.#exchange !== exchange,
      fits: ({ alternatives, meaning }) => {
        this.options.journal.write('recognized', exchange.collect.sensitive ? {} : { alternatives, meaning });
        exchange.input({
          type: 'recognized',
          result: { alternatives },
          ...(meaning !== undefined && { meaning }),
        });
      },
    });
  }

  #interim(result: RecognitionResult): void {
    const exchange = this.#exchange;
    if (exchange?.needsInterim !== true) return;
    const { collect, alsoIn: others } = exchange;
    const wanted = [...collect.phrases, ...others.flatMap(({ phrases }) => phrases)];
    const spotted = this.#hearing.spotted(result, wanted);
    exchange.input({ type: 'interim', result: { alternatives: spotted.alternatives } });
  }

  #dialectSet(dialect: string, event: DialogEvent): void {
    if (event.type === 'input') {
      const { input } = event;
      const named =
        input.kind === 'speech' && input.meaning.type === 'language' ? input.meaning.dialect : dialect;
      const change = this.options.dialects?.chosen(named);
      if (change !== undefined) this.options.journal.write('dialect', { ...change });
    } else this.options.dialects?.assume(dialect);
  }

  /** The question once more in the other dialect, answers of both taken; the caller's next words decide. */
  #inBoth(
    event: DialogEvent,
    before: DialogState,
    actions: readonly DialogAction[],
  ): readonly DialogAction[] {
    const other = this.#alsoIn;
    const collect = actions.at(-1);
    if (other === undefined || collect?.type !== 'collect') return actions;
    this.#alsoIn = undefined;
    if (other === this.#state.dialect) return actions;
    const again = step(this.options.dialplan, inDialect(before, other), event).actions;
    const phrases = again.flatMap((action) => (action.type === 'collect' ? action.phrases : []));
    return [
      ...actions.slice(0, -1),
      ...again.filter(({ type }) => type === 'say'),
      { ...collect, phrases: [...collect.phrases, ...phrases] },
    ];
  }

  /** From the next prompt on. */
  #follow(change: DialectChange): void {
    this.options.journal.write('dialect', { ...change });
    this.#alsoIn = change.ask?.find((id) => id !== change.spoken);
    this.#state = inDialect(this.#state, change.spoken, change.autonomy);
  }

  #perform(actions: readonly DialogAction[]): void {
    const row = promptRow(actions);
    for (const action of actions) {
      switch (action.type) {
        case 'say':
          break;
        case 'collect':
          this.#listen(action, row);
          return;
        case 'transfer':
          void this.#lastWords(action.node, row).then(() => {
            if (this.#machine.move('away')) this.emit('transfer', action);
          });
          return;
        case 'hangup':
          void this.#lastWords(action.node, row).then(() => {
            if (this.#isTalking) this.emit('finished');
          });
          return;
      }
    }
  }

  #listen(asked: CollectAction, row: readonly RowPrompt[]): void {
    const { player, listener, journal, clock, packs, recognizer, stamp = () => undefined } = this.options;
    const { variables, dialect } = this.#state;
    const patience = patienceOf(variables);
    const collect = patiently(asked, patience);
    const phrases = [...collect.phrases, ...turnPhrases(collect, dialect, packs)];
    const mustHear = row[0]?.bargeIn === 'none';
    if (collect.typeAhead === false || mustHear) this.#keysAhead = [];
    const exchange = new Exchange({
      collect,
      row,
      manner: mannerOf(variables, this.#gainDb),
      wasMissed: this.#state.noMatches > 0,
      phrases,
      dialects: this.#dialectsToHear(phrases.map((phrase) => phrase.dialect)),
      listen: {
        endpoint: new EndpointPolicy(
          expectedSpeech(collect, phrases, recognizer?.capabilities),
          patience,
          packs,
        ),
        carry: !mustHear,
        ...openListening(collect),
        ...this.#inOthers(),
      },
      player,
      listener,
      journal,
      clock,
      stamp,
      answered: (event, bargedIn) => this.#answered(exchange, event, bargedIn),
    });
    this.#exchange = exchange;
    exchange.start(() => this.#keyAhead());
  }

  #inOthers(): Pick<ListenOptions, 'alsoIn'> {
    const { dialplan, dialects, packs } = this.options;
    const others = alsoIn(dialplan, this.#state, dialects?.alsoIn ?? [], packs);
    return others.length === 0 ? {} : { alsoIn: others };
  }

  /** Likeliest first. */
  #dialectsToHear(expected: readonly string[]): readonly string[] {
    return this.options.dialects?.order(expected) ?? [...new Set(expected)];
  }

  #answered(exchange: Exchange, event: DialogEvent, bargedIn: boolean): void {
    if (this.#exchange !== exchange) return;
    const input = event.type === 'input' ? event.input : undefined;
    if (input?.kind === 'keys') {
      const { keys, interDigitTimeoutMs } = exchange.collect;
      const key = lateTermChar(keys, input.keys);
      const untilMs = this.options.clock.nowMs() + interDigitTimeoutMs;
      this.#lateKey = key === undefined ? undefined : { key, untilMs };
    }
    if (input?.kind === 'speech' && input.meaning.type === 'reply' && input.meaning.reply === 'louder')
      this.#gainDb = louder(this.#gainDb);
    this.emit('turn', this.#record(exchange, event, bargedIn));
    this.#step(event);
  }

  /** Says what nothing is listened for after; resolves when it was heard or cut. */
  async #lastWords(node: string, row: readonly RowPrompt[]): Promise<void> {
    const { listener, player, journal, clock, stamp } = this.options;
    listener.disarm();
    const said = row.map(({ prompt }) => prompt);
    if (said.length === 0) return;
    journal.write('say', { prompts: said.map(({ recorded, dialect }) => ({ recorded, dialect })) });
    stamp?.('acted');
    const saying = player.say(said, mannerOf(this.#state.variables, this.#gainDb));
    this.#lastSaying = saying;
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
    await saying.finished;
  }

  #record(exchange: Exchange, event: DialogEvent | undefined, bargedIn: boolean): TurnRecord {
    return turnRecord(exchange, event, bargedIn, this.#startedMs, this.options.clock.nowMs());
  }
}
