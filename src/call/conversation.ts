import { BotAudio } from '../audio-stream/bot-audio.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import { TypedEmitter } from '../core/typed-emitter.js';
import type { TransferAction } from '../dialog/action.js';
import type { Dialplan } from '../dialog/dialplan.js';
import type { TransferOutcome } from '../dialog/event.js';
import { initialState, type DialogCall } from '../dialog/interpreter.js';
import type { MediaEndpoint } from '../media/media-endpoint.js';
import type { Recognizer } from '../speech/recognizer.js';
import type { TurnRecord } from '../store/call-record.js';
import type { CallAudio } from './call-audio.js';
import { callGap, callTurn } from './channels.js';
import { GapMeter } from './gap-meter.js';
import type { Journal } from './journal.js';
import { Listener } from './listener.js';
import { Performer } from './performer.js';
import { PromptPlayer, type PromptSources } from './prompt-player.js';

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
  readonly prompts: PromptSources;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What is said on one call, by both sides: the ear, the dialog's performer, the turns. Owned by the call. */
export class Conversation extends TypedEmitter<ConversationEvents> {
  readonly turns: TurnRecord[] = [];
  readonly #listener: Listener;
  readonly #gaps = new GapMeter((gapMs) => this.#waited(gapMs));
  readonly #performer: Performer;
  #started = false;

  constructor(private readonly options: ConversationOptions) {
    super();
    const { dialplan, call, endpoint, audio, prompts, journal, clock, logger } = options;
    this.#listener = new Listener(options.recognizer);
    this.#performer = new Performer({
      dialplan,
      state: initialState(dialplan, call),
      player: new PromptPlayer(
        endpoint,
        new BotAudio(audio.speaking, clock, endpoint.playout),
        prompts,
        logger,
      ),
      listener: this.#listener,
      journal,
      clock,
      logger,
    });
    this.#performer
      .on('turn', (turn) => this.#turn(turn))
      .on('transfer', (action) => this.emit('transfer', action))
      .on('finished', () => this.emit('finished'));
  }

  get journal(): Journal {
    return this.options.journal;
  }

  /** Nodes in the order they were entered. */
  get path(): readonly string[] {
    return this.#performer.path;
  }

  /** Hot. One 20 ms frame of the caller, for the recognizer. */
  hear(caller: Int16Array): void {
    this.#listener.frame(caller);
  }

  /** Hot. One 20 ms frame of both channels, for the ledger. */
  measure(caller: Int16Array, heard: Int16Array): void {
    this.#gaps.frame(caller, heard);
  }

  /** Begins the dialog, once, when the caller can hear. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
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

  /** See {@link Performer.interrupt}; false too before the dialog began. */
  interrupt(): boolean {
    return this.#started && this.#performer.interrupt();
  }

  /** The caller is back. */
  transferred(outcome: TransferOutcome): void {
    this.#performer.transferred(outcome);
  }

  /** Safe to call twice. */
  close(): void {
    this.#performer.close();
    this.#listener.close();
    this.removeAllListeners();
  }

  #turn(turn: TurnRecord): void {
    this.turns.push(turn);
    if (turn.outcome === 'keys') this.#gaps.answered('keys');
    else if (turn.outcome === 'phrase' || turn.outcome === 'noMatch') this.#gaps.answered('speech');
    callTurn.publish({ callId: this.options.callId, turn });
  }

  /** The wait that ends now followed the last turn. */
  #waited(gapMs: number): void {
    const turn = this.turns.at(-1);
    if (turn === undefined) return;
    const rounded = Math.round(gapMs);
    this.turns[this.turns.length - 1] = { ...turn, gapMs: rounded };
    this.options.journal.write('gap', { gapMs: rounded });
    callGap.publish({ callId: this.options.callId, gapMs });
  }
}
