import type { AudioStreamServer } from '../audio-stream/audio-stream-server.js';
import type { Clock, Timer } from '../core/clock.js';
import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { StateMachine, type TransitionTable } from '../core/state-machine.js';
import { TypedEmitter } from '../core/typed-emitter.js';
import type { DialectPacks } from '../dialect/packs.js';
import type { Dialplan } from '../dialog/dialplan.js';
import type { MediaEndpoint } from '../media/media-endpoint.js';
import type { CallDialog } from '../sip/call-dialog.js';
import type { EndCause } from '../sip/end-cause.js';
import type { Recognizer } from '../speech/recognizer.js';
import type { CallRecord } from '../store/call-record.js';
import { CallAudio } from './call-audio.js';
import { CallFiles } from './call-files.js';
import type { CallLeg } from './call-leg.js';
import type { CallOptions } from './call-options.js';
import { CallTransfers, type OperatorTransfer } from './call-transfers.js';
import { callForked, callMoved, type CallState } from './channels.js';
import { Conversation } from './conversation.js';
import { endingOfFailure, endingOfHangup, endingOfMedia, nothing, type Ending } from './ending.js';
import { DialectOfCall, offered } from './dialect-of-call.js';
import type { CallDialer } from './dialer-port.js';
import type { LearntInCall } from './memory-after-call.js';
import type { PromptSources } from './prompt-player.js';
import { beginning, type RememberedCaller } from './remembered-callers.js';
import { SessionNegotiation } from './session-negotiation.js';
import type { Understanding } from './understanding.js';
import type { CallMedia, Standby } from './standby.js';

/** What a call needs of the house. Everything here outlives the call. */
export interface CallPorts {
  readonly createEndpoint: (offer: string | undefined) => Promise<MediaEndpoint>;
  readonly audio: AudioStreamServer;
  /** Media made ahead of calls that come in. */
  readonly standby?: Standby | undefined;
  readonly recognizer: Recognizer | undefined;
  /** Understands open speech and tells dialects; undefined: phrases, keys and the dialect that is chosen. */
  readonly understanding?: Understanding | undefined;
  /** Words that every question understands, and by which a turn ends; asked for at each call's beginning. */
  readonly packs?: () => DialectPacks | undefined;
  readonly prompts: PromptSources;
  readonly dialer: CallDialer;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface CallSessionOptions extends CallOptions {
  readonly id: string;
  readonly dialplan: Dialplan;
  /** Dialect to begin in; undefined: the dialplan's first. */
  readonly dialect: string | undefined;
  /** What an earlier call of the caller told; goes before {@link dialect} where the dialplan speaks that language. */
  readonly remembered?: Promise<RememberedCaller | undefined>;
  /** Whether whom we speak with may choose whom we telephone: see dial-policy.ts. */
  readonly mayChooseAnyone: boolean;
}

/** A live call as operators see it. */
export interface LiveCallSummary {
  readonly id: string;
  /** Empty before our INVITE is out. */
  readonly sipCallId: string;
  readonly direction: 'inbound' | 'outbound';
  readonly callingNumber: string;
  readonly calledNumber: string;
  readonly dialplan: string | null;
  readonly state: CallState;
  /** Dialplan node in which it is, null before the first. */
  readonly node: string | null;
  readonly receivedAtMs: number;
  readonly answeredAtMs: number | null;
}

export type CallSessionEvents = {
  /** The call is over and everything it held is released; comes once. `setupMs`: INVITE to our 200, null if there was none. */
  ended: [record: CallRecord, setupMs: number | null];
};

const moves: TransitionTable<CallState> = {
  trying: ['proceeding', 'terminated'],
  proceeding: ['early', 'confirmed', 'terminated'],
  early: ['confirmed', 'terminated'],
  confirmed: ['terminated'],
  terminated: [],
};

/** The caller's jitter buffer still holds the last words when the last packet was sent, ms: the BYE waits for it. */
const tailMs = 200;

/** One call from INVITE to record (DESIGN.md, section 4). Owns everything that exists for this call alone. */
export class CallSession extends TypedEmitter<CallSessionEvents> {
  readonly #machine: StateMachine<CallState>;
  readonly #receivedAtMs: number;
  readonly #receivedMs: number;
  readonly #files: CallFiles;
  readonly #logger: Logger;
  #answeredAtMs: number | null = null;
  #setupMs: number | null = null;
  /** Instants of the way to the answer, ms since the INVITE: where a slow setup lost its time. */
  readonly #instants: Record<string, number> = {};
  #endpoint: MediaEndpoint | undefined;
  #audio: CallAudio | undefined;
  #conversation: Conversation | undefined;
  #dialog: CallDialog | undefined;
  #transfers: CallTransfers | undefined;
  #maxDuration: Timer | undefined;

  constructor(
    private readonly leg: CallLeg,
    private readonly options: CallSessionOptions,
    private readonly ports: CallPorts,
  ) {
    super();
    const { clock } = ports;
    this.#logger = ports.logger.child({ call: options.id });
    this.#files = new CallFiles({ ...options, clock, logger: this.#logger });
    this.#receivedAtMs = clock.wallMs();
    this.#receivedMs = clock.nowMs();
    this.#machine = new StateMachine<CallState>(moves, 'trying', (from, to) =>
      callMoved.publish({ callId: options.id, from, to }),
    );
    leg.on('cancelled', () => this.#end({ reason: 'cancelled', ...nothing }));
    leg.on('ringing', () => this.#move('early'));
  }

  get id(): string {
    return this.options.id;
  }

  get state(): CallState {
    return this.#machine.state;
  }

  /** For lists of live calls. */
  get summary(): LiveCallSummary {
    const { direction, callingNumber, calledNumber, sipCallId } = this.leg;
    return {
      id: this.id,
      sipCallId,
      direction,
      callingNumber,
      calledNumber,
      dialplan: this.options.dialplan.name,
      state: this.state,
      node: this.#conversation?.path.at(-1) ?? null,
      receivedAtMs: this.#receivedAtMs,
      answeredAtMs: this.#answeredAtMs,
    };
  }

  /** What the call has taught about the caller; undefined if it came to no conversation. */
  get learnt(): LearntInCall | undefined {
    return this.#answeredAtMs === null ? undefined : this.#conversation?.learnt;
  }

  /**
   * Carries the call to its end. What is made after the call has ended meanwhile (the caller cancelled) is released
   * where it was made, so that a CANCEL at any step leaves nothing.
   */
  async run(): Promise<void> {
    try {
      this.#move('proceeding');
      const folder = this.#files.makeFolder();
      // Awaited below; an endpoint that fails first must not leave its failure unheard.
      folder.catch(() => undefined);
      const media = await this.#openMedia();
      if (media === undefined) return;
      await folder;
      await this.#establish(media.endpoint, media.audio, await this.options.remembered);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Ends the call from our side (an operator, the shutdown). Safe to call twice. */
  hangup(detail: string): void {
    this.#end(endingOfHangup(detail, this.leg.stage));
  }

  /** Connects the other side with somebody else. False if that cannot be now: not answered yet, or connected already. */
  transfer(order: OperatorTransfer): boolean {
    return !this.#over() && this.#transfers?.byOperator(order) === true;
  }

  /** Undefined: the call has ended meanwhile. */
  async #openMedia(): Promise<CallMedia | undefined> {
    const { offer } = this.leg;
    const ready = offer === undefined ? undefined : await this.ports.standby?.take(offer);
    const endpoint = await this.#own(ready?.endpoint ?? (await this.ports.createEndpoint(offer)));
    if (endpoint === undefined) {
      ready?.audio.close();
      return undefined;
    }
    const audio = this.#hearThrough(ready?.audio ?? (await this.#openAudio(endpoint)));
    return audio === undefined ? undefined : { endpoint, audio };
  }

  async #own(endpoint: MediaEndpoint): Promise<MediaEndpoint | undefined> {
    if (this.#over()) {
      await endpoint.close();
      return undefined;
    }
    this.#endpoint = endpoint;
    this.#instant('endpoint');
    endpoint.on('gone', (cause) => this.#mediaGone(cause));
    endpoint.on('key', (key) => this.#conversation?.key(key));
    return endpoint;
  }

  #openAudio(endpoint: MediaEndpoint): Promise<CallAudio> {
    return CallAudio.open(endpoint, this.ports.audio).catch((error: unknown) => {
      // A fork whose call ended meanwhile did not fail.
      if (!this.#over()) callForked.publish({ callId: this.id, opened: false });
      throw error;
    });
  }

  #hearThrough(audio: CallAudio): CallAudio | undefined {
    callForked.publish({ callId: this.id, opened: true });
    if (this.#over()) {
      audio.close();
      return undefined;
    }
    this.#audio = audio;
    this.#instant('audio');
    audio.speaking.on('lost', () => this.#mediaGone('audio stream lost'));
    if (audio.recording !== audio.speaking)
      audio.recording.on('lost', () =>
        this.#logger.error({}, 'the recording breaks off: its stream was lost'),
      );
    return audio;
  }

  async #establish(endpoint: MediaEndpoint, audio: CallAudio, remembered?: RememberedCaller): Promise<void> {
    if (this.#over()) return;
    // The answer goes out first, the ear opens in the same turn, before a frame can come: nothing said after it is lost.
    const establishing = this.leg.establish(endpoint);
    let conversation: Conversation;
    try {
      conversation = this.#listen(endpoint, audio, remembered);
    } catch (error) {
      // Answered, and nobody is there.
      establishing.then((made) => ('dialog' in made ? made.dialog.bye() : undefined)).catch(() => undefined);
      throw error;
    }
    const established = await establishing;
    if ('ending' in established) {
      this.#end(established.ending);
      return;
    }
    const { dialog, answerFollows } = established;
    if (this.#over()) {
      await dialog.bye();
      return;
    }
    this.#dialog = dialog;
    this.#confirmed(dialog);
    const negotiation = new SessionNegotiation(dialog, endpoint, answerFollows, this.#logger);
    negotiation.on('ready', () => this.#converse());
    negotiation.on('failed', (error) => this.#failed(error));
    negotiation.on('change', (offered) => this.#files.journal?.write('sessionChange', { offered }));
    this.#transfers = this.#makeTransfers(conversation, endpoint, dialog);
    dialog.on('key', (key) => conversation.key(key));
    dialog.on('ended', (cause) => this.#dialogOver(cause));
    if (dialog.ending !== undefined) this.#dialogOver(dialog.ending);
    else if (!answerFollows) this.#converse();
  }

  /** Opens the files and the ear. */
  #listen(endpoint: MediaEndpoint, audio: CallAudio, remembered: RememberedCaller | undefined): Conversation {
    const { dialplan } = this.options;
    const dialect = offered(remembered?.dialect, dialplan.dialects) ?? this.options.dialect;
    const { callingNumber, calledNumber, sipCallId } = this.leg;
    const { recognizer, understanding, packs, prompts, clock } = this.ports;
    const files = this.#files;
    const journal = files.open();
    const spoken = dialplan.dialects;
    const dialects = new DialectOfCall({ spoken, assumed: dialect, remembered, engine: recognizer });
    const { autonomies } = dialects;
    journal.write('call', {
      dialplan: dialplan.name,
      dialplanVersion: dialplan.version,
      dialect,
      autonomies,
      ...(remembered !== undefined && { remembered }),
      callingNumber,
      calledNumber,
      sipCallId,
    });
    const conversation = new Conversation({
      callId: this.id,
      dialplan,
      call: { callingNumber, calledNumber, autonomies, ...beginning(dialect, remembered) },
      endpoint,
      audio,
      recognizer,
      dialects,
      understanding,
      packs: packs?.(),
      prompts,
      journal,
      clock,
      logger: this.#logger,
    });
    this.#conversation = conversation;
    conversation.on('finished', () => {
      clock.after(tailMs, () => this.#end({ ...nothing, reason: 'local-bye', q850Cause: 16 }));
    });
    audio.attach(
      (caller, heard) => conversation.hear(caller, heard),
      (caller, heard) => {
        files.record(caller, heard);
        conversation.measure(caller, heard);
      },
    );
    return conversation;
  }

  #makeTransfers(conversation: Conversation, endpoint: MediaEndpoint, dialog: CallDialog): CallTransfers {
    const { dialer, clock } = this.ports;
    const answeredMs = clock.nowMs();
    const transfers = new CallTransfers({
      conversation,
      dialog,
      endpoint,
      dialer,
      journal: conversation.journal,
      callingNumber: this.leg.callingNumber,
      mayChooseAnyone: this.options.mayChooseAnyone,
      sinceAnswerMs: () => clock.nowMs() - answeredMs,
      clock,
      logger: this.#logger,
    });
    return transfers.on('finished', (detail) =>
      this.#end({ ...nothing, reason: 'local-bye', q850Cause: 16, detail }),
    );
  }

  #confirmed({ sipCallId }: CallDialog): void {
    const { clock } = this.ports;
    this.#answeredAtMs = clock.wallMs();
    if (this.leg.direction === 'inbound') this.#setupMs = clock.nowMs() - this.#receivedMs;
    this.#instant('answer');
    this.#files.journal?.write('answered', { instantsMs: this.#instants, sipCallId });
    this.#move('confirmed');
    this.#maxDuration = clock.after(this.options.maxDurationMs, () =>
      this.#end({
        ...nothing,
        reason: 'timeout',
        detail: 'the longest call duration was reached (calls.maxDurationMs)',
      }),
    );
  }

  #dialogOver({ end, q850Cause, detail }: EndCause): void {
    this.#end({ reason: end, sipStatus: null, q850Cause, detail: detail ?? null });
  }

  /** Begins the dialog with the caller, who hears us now. */
  #converse(): void {
    if (!this.#over()) this.#conversation?.start();
  }

  #mediaGone(cause: string): void {
    if (this.#over()) return;
    this.#logger.error({ cause }, 'the media server ended a call');
    this.#end(endingOfMedia(cause, this.leg.stage));
  }

  #failed(error: unknown): void {
    if (this.#over()) return;
    if (this.leg.cancelled) {
      this.#end({ reason: 'cancelled', ...nothing });
      return;
    }
    this.#logger.error({ code: errorCode(error) }, 'the call could not go on');
    this.#end(endingOfFailure(error, this.#answeredAtMs === null ? this.leg.direction : 'answered'));
  }

  #instant(name: string): void {
    this.#instants[name] = Math.round((this.ports.clock.nowMs() - this.#receivedMs) * 10) / 10;
  }

  #over(): boolean {
    return this.#machine.isFinal;
  }

  #move(to: CallState): boolean {
    return this.#machine.move(to);
  }

  /** The one end of every call: whoever comes first decides the reason. */
  #end(ending: Ending): void {
    if (!this.#move('terminated')) return;
    this.#maxDuration?.cancel();
    this.#conversation?.close();
    const parted = this.#transfers?.close();
    // While the answer is on its way this does nothing: the call is hung up when it is out.
    this.leg.abandon(ending);
    this.#files.journal?.write('ended', { reason: ending.reason });
    void this.#release(ending, parted);
  }

  /** Releases everything, the recording last: what the caller heard to the end is in it. */
  async #release(ending: Ending, parted: Promise<void> | undefined): Promise<void> {
    const endedAtMs = this.ports.clock.wallMs();
    const results = await Promise.allSettled([this.#dialog?.bye(), this.#endpoint?.close(), parted]);
    this.#audio?.close();
    results.push(...(await Promise.allSettled([this.#files.close()])));
    for (const result of results) {
      if (result.status === 'rejected') {
        this.#logger.warn(
          { code: errorCode(result.reason) },
          'something of an ended call could not be released',
        );
      }
    }
    this.emit('ended', this.#record(ending, endedAtMs), this.#setupMs);
    this.removeAllListeners();
  }

  #record(ending: Ending, endedAtMs: number): CallRecord {
    const { id, dialplan } = this.options;
    const { sipCallId, direction, callingNumber, calledNumber } = this.leg;
    return {
      id,
      sipCallId,
      direction,
      callingNumber,
      calledNumber,
      dialplan: dialplan.name,
      dialplanVersion: dialplan.version,
      receivedAtMs: this.#receivedAtMs,
      answeredAtMs: this.#answeredAtMs,
      endedAtMs,
      endReason: ending.reason,
      sipStatus: ending.sipStatus,
      q850Cause: ending.q850Cause,
      detail: ending.detail,
      ...(this.#conversation?.kept ?? { path: [], turns: [] }),
      transfers: [...(this.#transfers?.records ?? [])],
      ...(this.#endpoint?.quality !== undefined && { media: this.#endpoint.quality }),
      ...this.#files.names,
    };
  }
}
