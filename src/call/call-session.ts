import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AudioStreamServer } from '../audio-stream/audio-stream-server.js';
import { BotAudio } from '../audio-stream/bot-audio.js';
import type { Clock, Timer } from '../core/clock.js';
import { within } from '../core/deadline.js';
import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { StateMachine, type TransitionTable } from '../core/state-machine.js';
import { TypedEmitter } from '../core/typed-emitter.js';
import type { Dialplan } from '../dialog/dialplan.js';
import { initialState } from '../dialog/interpreter.js';
import type { MediaEndpoint } from '../media/media-endpoint.js';
import type { CallDialog, SessionChange } from '../sip/call-dialog.js';
import type { EndCause } from '../sip/end-cause.js';
import type { IncomingCall } from '../sip/incoming-call.js';
import type { Recognizer } from '../speech/recognizer.js';
import type { CallRecord, TurnRecord } from '../store/call-record.js';
import { CallAudio } from './call-audio.js';
import { callForked, callGap, callMoved, callTurn, type CallState } from './channels.js';
import { endingOfFailure, endingOfHangup, endingOfMedia, nothing, type Ending } from './ending.js';
import { callError } from './errors.js';
import { GapMeter } from './gap-meter.js';
import { Journal } from './journal.js';
import { Listener } from './listener.js';
import { Performer } from './performer.js';
import { PromptPlayer, type PromptSources } from './prompt-player.js';
import { Recorder } from './recorder.js';

/** What a call needs of the house. Everything here outlives the call. */
export interface CallPorts {
  readonly createEndpoint: (offer: string | undefined) => Promise<MediaEndpoint>;
  readonly audio: AudioStreamServer;
  readonly recognizer: Recognizer | undefined;
  readonly prompts: PromptSources;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface CallSessionOptions {
  readonly id: string;
  readonly dialplan: Dialplan;
  /** Dialect to begin in; undefined: the dialplan's first. */
  readonly dialect: string | undefined;
  /** Longest time from answer to end, ms. */
  readonly maxDurationMs: number;
  readonly recording: boolean;
  /** Folder that holds everything; recordings and journals lie below it by day. */
  readonly dataDir: string;
}

/** A live call as operators see it. */
export interface LiveCallSummary {
  readonly id: string;
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
  /** The call is over and everything it held is released; comes once. `setupMs`: INVITE to 200, null if not answered. */
  ended: [record: CallRecord, setupMs: number | null];
};

const moves: TransitionTable<CallState> = {
  trying: ['proceeding', 'terminated'],
  proceeding: ['confirmed', 'terminated'],
  confirmed: ['terminated'],
  terminated: [],
};

/** The caller's jitter buffer still holds the last words when the last packet was sent, ms: the BYE waits for it. */
const tailMs = 200;

/** How long an ended call may wait for the disk to take its files, ms. */
const filesLimitMs = 5000;

/** One call from INVITE to record (DESIGN.md, section 4). Owns everything that exists for this call alone. */
export class CallSession extends TypedEmitter<CallSessionEvents> {
  readonly #machine: StateMachine<CallState>;
  readonly #receivedAtMs: number;
  readonly #receivedMs: number;
  readonly #turns: TurnRecord[] = [];
  readonly #gaps = new GapMeter((gapMs) => this.#waited(gapMs));
  readonly #logger: Logger;
  #answeredAtMs: number | null = null;
  #setupMs: number | null = null;
  /** Instants of the way to the answer, ms since the INVITE: where a slow setup lost its time. */
  readonly #instants: Record<string, number> = {};
  #endpoint: MediaEndpoint | undefined;
  #audio: CallAudio | undefined;
  #dialog: CallDialog | undefined;
  #listener: Listener | undefined;
  #performer: Performer | undefined;
  #recorder: Recorder | undefined;
  #journal: Journal | undefined;
  #maxDuration: Timer | undefined;
  #path: readonly string[] = [];
  /** An answer that the next ACK brings: to an INVITE or re-INVITE without an offer. */
  #ackBringsAnswer = false;

  constructor(
    private readonly incoming: IncomingCall,
    private readonly options: CallSessionOptions,
    private readonly ports: CallPorts,
  ) {
    super();
    this.#logger = ports.logger.child({ call: options.id });
    this.#receivedAtMs = ports.clock.wallMs();
    this.#receivedMs = ports.clock.nowMs();
    this.#machine = new StateMachine<CallState>(moves, 'trying', (from, to) =>
      callMoved.publish({ callId: options.id, from, to }),
    );
    incoming.on('cancelled', () => this.#end({ reason: 'cancelled', ...nothing }));
  }

  get id(): string {
    return this.options.id;
  }

  get state(): CallState {
    return this.#machine.state;
  }

  /** For lists of live calls. */
  get summary(): LiveCallSummary {
    const { callingNumber, calledNumber } = this.incoming;
    return {
      id: this.id,
      direction: 'inbound',
      callingNumber,
      calledNumber,
      dialplan: this.options.dialplan.name,
      state: this.state,
      node: this.#path.at(-1) ?? null,
      receivedAtMs: this.#receivedAtMs,
      answeredAtMs: this.#answeredAtMs,
    };
  }

  /**
   * Carries the call to its end. What is made after the call has ended meanwhile (the caller cancelled) is released
   * where it was made, so that a CANCEL at any step leaves nothing.
   */
  async run(): Promise<void> {
    try {
      this.#move('proceeding');
      const folder = this.#makeFolder();
      // Awaited below; an endpoint that fails first must not leave its failure unheard.
      folder.catch(() => undefined);
      const endpoint = await this.#makeEndpoint();
      if (endpoint === undefined) return;
      const audio = await this.#openAudio(endpoint);
      if (audio === undefined) return;
      await folder;
      await this.#answer(endpoint, audio);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Ends the call from our side (an operator, the shutdown). Safe to call twice. */
  hangup(detail: string): void {
    this.#end(endingOfHangup(detail, this.incoming.answering));
  }

  async #makeEndpoint(): Promise<MediaEndpoint | undefined> {
    const endpoint = await this.ports.createEndpoint(this.incoming.offer);
    if (this.#over()) {
      await endpoint.close();
      return undefined;
    }
    this.#endpoint = endpoint;
    this.#instant('endpoint');
    endpoint.on('gone', (cause) => this.#mediaGone(cause));
    endpoint.on('key', (key) => this.#performer?.key(key));
    return endpoint;
  }

  async #openAudio(endpoint: MediaEndpoint): Promise<CallAudio | undefined> {
    const audio = await CallAudio.open(endpoint, this.ports.audio).catch((error: unknown) => {
      // A fork whose call ended meanwhile did not fail.
      if (!this.#over()) callForked.publish({ callId: this.id, opened: false });
      throw error;
    });
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

  async #answer(endpoint: MediaEndpoint, audio: CallAudio): Promise<void> {
    const { clock } = this.ports;
    if (this.#over()) return;
    this.#openFiles();
    // The ear is open before the answer is sent: nothing that the caller says after it is lost.
    const listener = (this.#listener = new Listener(this.ports.recognizer));
    audio.attach(
      (caller) => listener.frame(caller),
      (caller, heard) => {
        this.#recorder?.write(caller, heard);
        this.#gaps.frame(caller, heard);
      },
    );
    const dialog = await this.incoming.answer(endpoint.localSdp);
    if (this.#over()) {
      await dialog.bye();
      return;
    }
    this.#dialog = dialog;
    this.#answeredAtMs = clock.wallMs();
    this.#setupMs = clock.nowMs() - this.#receivedMs;
    this.#instant('answer');
    this.#journal?.write('answered', { instantsMs: this.#instants });
    this.#move('confirmed');
    this.#ackBringsAnswer = this.incoming.offer === undefined;
    dialog.on('ack', (sdp) => this.#acknowledged(sdp));
    dialog.on('change', (change) => this.#change(change));
    dialog.on('key', (key) => this.#performer?.key(key));
    dialog.on('ended', (cause) => this.#dialogOver(cause));
    this.#maxDuration = clock.after(this.options.maxDurationMs, () =>
      this.#end({
        ...nothing,
        reason: 'timeout',
        detail: 'the longest call duration was reached (calls.maxDurationMs)',
      }),
    );
    if (dialog.ending !== undefined) this.#dialogOver(dialog.ending);
    else if (!this.#ackBringsAnswer) this.#converse();
  }

  #dialogOver({ end, q850Cause }: EndCause): void {
    this.#end({ ...nothing, reason: end, q850Cause });
  }

  /** Beside the making of the endpoint: the answer need not wait for the disk. */
  async #makeFolder(): Promise<void> {
    await mkdir(dirname(join(this.options.dataDir, this.#fileBase())), { recursive: true, mode: 0o750 });
  }

  #openFiles(): void {
    const { clock } = this.ports;
    const { recording, dataDir } = this.options;
    const base = join(dataDir, this.#fileBase());
    if (recording) this.#recorder = new Recorder(`${base}.wav`, this.#logger);
    this.#journal = new Journal(`${base}.journal.jsonl`, clock, () => this.#recorder?.samples, this.#logger);
    this.#journal.write('call', {
      dialplan: this.options.dialplan.name,
      dialplanVersion: this.options.dialplan.version,
      dialect: this.options.dialect,
      callingNumber: this.incoming.callingNumber,
      calledNumber: this.incoming.calledNumber,
      sipCallId: this.incoming.sipCallId,
    });
  }

  /** Begins the dialog with the caller. */
  #converse(): void {
    const { clock, prompts } = this.ports;
    if (this.#over() || this.#performer !== undefined) return;
    if (!this.#endpoint || !this.#audio || !this.#journal || !this.#listener) return;
    const { dialplan, dialect } = this.options;
    const { callingNumber, calledNumber } = this.incoming;
    const performer = new Performer({
      dialplan,
      state: initialState(dialplan, {
        callingNumber,
        calledNumber,
        ...(dialect !== undefined && { dialect }),
      }),
      player: new PromptPlayer(
        this.#endpoint,
        new BotAudio(this.#audio.speaking, clock, this.#endpoint.playout),
        prompts,
        this.#logger,
      ),
      listener: this.#listener,
      journal: this.#journal,
      clock,
      logger: this.#logger,
    });
    this.#performer = performer;
    this.#path = performer.path;
    performer.on('turn', (turn) => {
      this.#turns.push(turn);
      if (turn.outcome === 'keys') this.#gaps.answered('keys');
      else if (turn.outcome === 'phrase' || turn.outcome === 'noMatch') this.#gaps.answered('speech');
      callTurn.publish({ callId: this.id, turn });
    });
    performer.on('finished', () => {
      clock.after(tailMs, () => this.#end({ ...nothing, reason: 'local-bye', q850Cause: 16 }));
    });
    performer.start();
  }

  /** The wait that ends now followed the last turn. */
  #waited(gapMs: number): void {
    const turn = this.#turns.at(-1);
    if (turn === undefined) return;
    const rounded = Math.round(gapMs);
    this.#turns[this.#turns.length - 1] = { ...turn, gapMs: rounded };
    this.#journal?.write('gap', { gapMs: rounded });
    callGap.publish({ callId: this.id, gapMs });
  }

  #acknowledged(sdp: string | undefined): void {
    if (!this.#ackBringsAnswer) return;
    this.#ackBringsAnswer = false;
    if (sdp === undefined) {
      this.#failed(callError('CALL_NO_ANSWER_SDP'));
      return;
    }
    this.#endpoint?.modify(sdp).then(
      () => this.#converse(),
      (error: unknown) => this.#failed(error),
    );
  }

  #change(change: SessionChange): void {
    const endpoint = this.#endpoint;
    if (this.#over() || endpoint === undefined) return;
    this.#journal?.write('sessionChange', { offered: change.offer !== undefined });
    if (change.offer === undefined) {
      this.#ackBringsAnswer = true;
      change.accept(endpoint.localSdp);
      return;
    }
    endpoint.modify(change.offer).then(
      (answer) => change.accept(answer),
      (error: unknown) => {
        if (this.#over()) return;
        this.#logger.warn({ code: errorCode(error) }, 're-INVITE refused: the media server cannot follow it');
        change.refuse(488);
      },
    );
  }

  #mediaGone(cause: string): void {
    if (this.#over()) return;
    this.#logger.error({ cause }, 'the media server ended a call');
    this.#end(endingOfMedia(cause, this.incoming.answering));
  }

  #failed(error: unknown): void {
    if (this.#over()) return;
    if (this.incoming.cancelled) {
      this.#end({ reason: 'cancelled', ...nothing });
      return;
    }
    this.#logger.error({ code: errorCode(error) }, 'the call could not go on');
    this.#end(endingOfFailure(error, this.#answeredAtMs !== null));
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
    this.#performer?.close();
    this.#listener?.close();
    // While the 200 is on its way this does nothing: the call is hung up when it is out.
    if (ending.sipStatus !== null) this.incoming.refuse(ending.sipStatus);
    this.#journal?.write('ended', { reason: ending.reason });
    void this.#release(ending);
  }

  /** Releases everything, the recording last: what the caller heard to the end is in it. */
  async #release(ending: Ending): Promise<void> {
    const endedAtMs = this.ports.clock.wallMs();
    const results = await Promise.allSettled([this.#dialog?.bye(), this.#endpoint?.close()]);
    this.#audio?.close();
    results.push(await this.#closeFiles());
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

  /** A disk that takes nothing any more must not keep the call: the files are closed when it does. */
  async #closeFiles(): Promise<PromiseSettledResult<void>> {
    const closed = Promise.all([this.#recorder?.close(), this.#journal?.close()]).then(() => undefined);
    const [result] = await Promise.allSettled([
      within(this.ports.clock, filesLimitMs, closed, () => callError('CALL_DISK_STALLED')),
    ]);
    return result;
  }

  #record(ending: Ending, endedAtMs: number): CallRecord {
    const { id, dialplan } = this.options;
    const base = this.#fileBase();
    return {
      id,
      sipCallId: this.incoming.sipCallId,
      direction: 'inbound',
      callingNumber: this.incoming.callingNumber,
      calledNumber: this.incoming.calledNumber,
      dialplan: dialplan.name,
      dialplanVersion: dialplan.version,
      receivedAtMs: this.#receivedAtMs,
      answeredAtMs: this.#answeredAtMs,
      endedAtMs,
      endReason: ending.reason,
      sipStatus: ending.sipStatus,
      q850Cause: ending.q850Cause,
      detail: ending.detail,
      path: [...this.#path],
      turns: [...this.#turns],
      recording: this.#recorder === undefined ? null : `${base}.wav`,
      journal: this.#journal === undefined ? null : `${base}.journal.jsonl`,
    };
  }

  /** `calls/20261121/20261121-013502-9f3c1a7e`, relative to the data folder. */
  #fileBase(): string {
    return join('calls', this.id.slice(0, 8), this.id);
  }
}
