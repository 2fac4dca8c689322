import { frameSamples } from '../audio-stream/audio-stream.js';
import { BotAudio } from '../audio-stream/bot-audio.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import { TypedEmitter } from '../core/typed-emitter.js';
import type { DialectPacks } from '../dialect/packs.js';
import type { TransferAction } from '../dialog/action.js';
import type { Dialplan } from '../dialog/dialplan.js';
import type { TransferOutcome } from '../dialog/event.js';
import { initialState, type DialogCall } from '../dialog/dialog-state.js';
import type { MediaEndpoint } from '../media/media-endpoint.js';
import type { Recognizer } from '../speech/recognizer.js';
import type { CallRecord, LedgerRecord, TurnRecord } from '../store/call-record.js';
import type { CallAudio } from './call-audio.js';
import { callFiller, callGap, callLedger, callTurn, callStopCalling } from './channels.js';
import type { DialectOfCall } from './dialect-of-call.js';
import type { Journal } from './journal.js';
import { Ledger } from './ledger.js';
import type { Stamp } from './ledger-boundary.js';
import { Listener } from './listener.js';
import type { LearntInCall } from './memory-after-call.js';
import { KeysInstead } from './keys-instead.js';
import { mannerOf, speedToRemember } from './manner.js';
import { OwedSpeech } from './owed-speech.js';
import { Performer } from './performer.js';
import { PromptPlayer, type PromptSources } from './prompt-player.js';
import { Speculation } from './speculation.js';
import type { Understanding } from './understanding.js';

export type ConversationEvents = {
  /** The dialplan connects the caller with somebody else, and the caller has heard everything before. */
  transfer: [action: TransferAction];
  /** The dialplan ends the call, and the caller has heard everything. */
  finished: [];
};

export interface ConversationOptions {
  readonly callId: string;
  readonly dialplan: Dialplan;
  readonly call: DialogCall;
  readonly endpoint: MediaEndpoint;
  readonly audio: CallAudio;
  readonly recognizer: Recognizer | undefined;
  readonly dialects: DialectOfCall;
  /** Understands open speech; undefined: phrases alone are. */
  readonly understanding?: Understanding | undefined;
  /** Words that every question understands, and by which a turn ends; undefined: none are known. */
  readonly packs?: DialectPacks | undefined;
  readonly prompts: PromptSources;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What is said on one call, by both sides: the ear, the dialog's performer, the turns. Owned by the call. */
export class Conversation extends TypedEmitter<ConversationEvents> {
  readonly turns: TurnRecord[] = [];
  readonly #listener: Listener;
  readonly #ledger: Ledger;
  readonly #hasTwoStreams: boolean;
  readonly #performer: Performer;
  readonly #owed = new OwedSpeech();
  readonly #speculation: Speculation;
  readonly #player: PromptPlayer;
  #started = false;

  constructor(private readonly options: ConversationOptions) {
    super();
    const { dialplan, call, endpoint, audio, prompts, journal, clock, logger } = options;
    this.#hasTwoStreams = audio.recording !== audio.speaking;
    this.#ledger = new Ledger((turn, record) => this.#waited(turn, record), this.#hasTwoStreams);
    audio.speaking.on('mark', (_name, event) => {
      if (event === 'playout') this.#ledger.played(clock.nowMs());
    });
    const stamp: Stamp = (boundary, samples) => {
      this.#ledger.stamp(boundary, clock.nowMs(), samples);
      if (boundary === 'handedOver' && samples === undefined) this.#askForTick();
    };
    this.#askForTick();
    this.#listener = new Listener(options.recognizer);
    const voice = new BotAudio(audio.speaking, clock, endpoint.playout);
    this.#player = new PromptPlayer(endpoint, voice, prompts, logger, stamp);
    this.#performer = new Performer({
      dialplan,
      state: initialState(dialplan, call),
      player: this.#player,
      listener: this.#listener,
      dialects: options.dialects,
      understanding: options.understanding,
      packs: options.packs,
      recognizer: options.recognizer,
      journal,
      clock,
      logger,
      stamp,
      keysInstead: new KeysInstead(options.recognizer, (dialect) => prompts.house?.('use-keys', dialect)),
    });
    this.#speculation = new Speculation(dialplan, prompts);
    this.#listener.on('speechStarted', () => this.#speculate());
    this.#performer
      .on('turn', (turn) => this.#turn(turn))
      .on('transfer', (action) => this.emit('transfer', action))
      .on('stopCalling', () => callStopCalling.publish({ callId: options.callId }))
      .on('finished', () => this.emit('finished'));
  }

  get journal(): Journal {
    return this.options.journal;
  }

  /** Nodes in the order they were entered. */
  get path(): readonly string[] {
    return this.#performer.path;
  }

  /** Hot. One 20 ms frame of the caller, for the recognizer, and what he heard meanwhile. */
  hear(caller: Int16Array, heard: Int16Array): void {
    if (this.#hasTwoStreams) this.#ledger.callerFrame(this.options.clock.nowMs(), caller);
    this.#listener.frame(caller, heard);
  }

  /** Hot. One 20 ms frame of both channels, for the ledger. */
  measure(caller: Int16Array, heard: Int16Array): void {
    this.#ledger.frame(this.options.clock.nowMs(), caller, heard);
    if (!this.#started) return;
    const nth = this.#owed.frame(caller, heard, this.#performer.owesSpeech);
    if (nth !== undefined) this.#fill(nth);
  }

  /** Begins the dialog, once, when the caller can hear. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#owed.begin();
    this.#performer.start();
  }

  /** A key of the caller, however it came. */
  key(key: string): void {
    if (this.#started) this.#performer.key(key);
  }

  /** In which the caller is spoken to. */
  get dialect(): string {
    return this.#performer.dialect;
  }

  /** What this call has taught about the caller so far. */
  get learnt(): LearntInCall {
    const mayRemember = this.#performer.variable('rememberMe');
    return {
      dialect: this.options.dialects.learnt,
      intents: this.#performer.intents,
      consent: mayRemember === 'yes' ? 'given' : mayRemember === 'no' ? 'refused' : undefined,
      voiceSpeed: speedToRemember(this.#performer.state.variables, this.options.dialplan.variables),
    };
  }

  /** What the call's record says of it. */
  get kept(): Pick<CallRecord, 'path' | 'turns' | 'stopCalling'> {
    const stopCalling = this.#performer.variable('stopCalling') === 'yes';
    return { path: [...this.path], turns: [...this.turns], ...(stopCalling && { stopCalling }) };
  }

  /** See {@link Performer.interrupt}; false too before the dialog began. */
  interrupt(): boolean {
    return this.#started && this.#performer.interrupt();
  }

  /** The caller is back. */
  transferred(outcome: TransferOutcome): void {
    this.#owed.begin();
    this.#performer.transferred(outcome);
  }

  /** Safe to call twice. */
  close(): void {
    this.#speculation.close();
    this.#performer.close();
    this.#listener.close();
    this.removeAllListeners();
  }

  #speculate(): void {
    const { state } = this.#performer;
    this.#speculation.begin(state, mannerOf(state.variables, 0));
  }

  /** The answer takes long: the caller hears that we are there. */
  #fill(nth: number): void {
    const { callId, prompts, journal } = this.options;
    const samples = prompts.filler?.(this.dialect, nth);
    if (samples === undefined) return;
    journal.write('filler', { nth });
    callFiller.publish({ callId });
    this.#player.fill(samples);
  }

  /**
   * Has the media server tell one of its ticks: a frame of silence, and a mark behind it. Not before words of the bot,
   * which would wait for it; while a file plays nobody hears it.
   */
  #askForTick(): void {
    if (this.#hasTwoStreams) return;
    const { speaking } = this.options.audio;
    speaking.send(new Int16Array(frameSamples));
    speaking.mark('tick');
  }

  #turn(turn: TurnRecord): void {
    this.turns.push(turn);
    // Who thought, or said nothing, waits from now on; who spoke, since his last sound.
    if (turn.outcome === 'keys' || turn.outcome === 'noInput') this.#owed.begin();
    const isAnswer = turn.outcome !== 'noInput' && turn.outcome !== 'none';
    if (isAnswer) this.#ledger.answered(this.turns.length - 1, this.options.clock.nowMs());
    callTurn.publish({ callId: this.options.callId, turn });
  }

  /** The answer to that turn is audible. */
  #waited(index: number, ledger: LedgerRecord): void {
    const turn = this.turns[index];
    if (turn === undefined) return;
    const { callId, journal } = this.options;
    this.turns[index] = { ...turn, gapMs: Math.round(ledger.wholeMs), ledger };
    journal.write('ledger', { turn: index, ...ledger });
    callGap.publish({ callId, gapMs: ledger.wholeMs });
    callLedger.publish({ callId, turn: index, ledger });
  }
}
