import type { Clock } from '../core/clock.js';
import { errorCode, XiangyinError } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { StateMachine, type TransitionTable } from '../core/state-machine.js';
import { TypedEmitter } from '../core/typed-emitter.js';
import type { TransferMethod } from '../dialog/action.js';
import type { TransferOutcome } from '../dialog/event.js';
import type { MediaEndpoint } from '../media/media-endpoint.js';
import type { Playback } from '../media/playback.js';
import type { CallDialog } from '../sip/call-dialog.js';
import { failureOf } from '../sip/dial-failure.js';
import type { EndCause } from '../sip/end-cause.js';
import type { OutgoingCall } from '../sip/outgoing-call.js';
import type { TransferRecord } from '../store/call-record.js';
import type { CallDialer } from './dialer-port.js';
import type { Journal } from './journal.js';
import { ringbackTone } from './ringback.js';
import { SessionNegotiation } from './session-negotiation.js';

export interface TransferRequest {
  /** Dialplan node; null for an operator's. */
  readonly node: string | null;
  readonly to: string;
  /** What records show instead of `to`. */
  readonly shownAs?: string | undefined;
  readonly by: TransferMethod;
  readonly ringMs: number;
  /** Number or name that the other side is shown. */
  readonly from: string;
  /** Of the ringing tone. */
  readonly dialect: string;
}

/** The caller, and what is needed to reach somebody else. Everything here outlives the transfer. */
export interface TransferPorts {
  readonly dialog: CallDialog;
  readonly endpoint: MediaEndpoint;
  readonly dialer: CallDialer;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds since the call's answer. */
  readonly sinceAnswerMs: () => number;
}

export type TransferEvents = {
  /** An attempt is over; `auto` may make two. */
  attempt: [record: TransferRecord];
  /** The caller is with us again, or was handed on: then the call is to be ended. Comes once, never after close(). */
  over: [end: TransferOutcome | 'handedOn'];
};

type State = 'ready' | 'referring' | 'dialling' | 'connected' | 'over';

const moves: TransitionTable<State> = {
  ready: ['referring', 'dialling', 'over'],
  referring: ['dialling', 'over'],
  dialling: ['connected', 'over'],
  connected: ['over'],
  over: [],
};

/** The caller's telephone takes a REFER in a round trip, or does not know it, ms. */
const referResponseMs = 8000;

/** How much longer than it may ring the caller's telephone may take to tell us how its call went, ms. */
const referGraceMs = 10_000;

type Attempt = Pick<TransferRecord, 'by' | 'startMs'> & { answeredMs: number | null };

type AttemptEnd = Pick<TransferRecord, 'outcome' | 'sipStatus' | 'detail'>;

/**
 * Connects a caller with somebody else: hands the caller's telephone on (REFER), or calls the other side and stays
 * between the two (bridge). Owned by the call, whose {@link close} it is; the other side's leg is its own.
 */
export class Transfer extends TypedEmitter<TransferEvents> {
  readonly #machine = new StateMachine<State>(moves, 'ready');
  #attempt: Attempt | undefined;
  #ringback: Playback | undefined;
  #farEndpoint: MediaEndpoint | undefined;
  #outgoing: OutgoingCall | undefined;
  #farDialog: CallDialog | undefined;
  /** The other side's description that its endpoint follows, and the following, one after another. */
  #farSdp = '';
  #following: Promise<void> = Promise.resolve();
  #bridged = false;
  #closed = false;
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly request: TransferRequest,
    private readonly ports: TransferPorts,
  ) {
    super();
  }

  /** Called once. */
  start(): void {
    this.#running = this.#run().catch((error: unknown) => {
      if (this.#over()) return;
      this.ports.logger.error({ code: errorCode(error) }, 'a transfer could not go on');
      const detail =
        error instanceof XiangyinError ? error.message : 'an unexpected failure; the log has its code';
      this.#finish({ outcome: 'failed', sipStatus: null, detail });
    });
  }

  /** The call is over. Resolves when the other side's leg is released. Safe to call twice. */
  async close(): Promise<void> {
    this.#closed = true;
    const { state } = this.#machine;
    if (this.#move('over')) {
      const outcome = state === 'connected' ? 'answered' : 'cancelled';
      const detail = state === 'referring' ? "the caller's telephone had not told yet how it went" : null;
      this.#tell({ outcome, sipStatus: null, detail });
      this.#outgoing?.cancel();
    }
    this.removeAllListeners();
    await Promise.allSettled([this.#releaseFar(), this.#running]);
  }

  async #run(): Promise<void> {
    const { by } = this.request;
    if (by !== 'bridge' && (await this.#refer()) !== 'bridge') return;
    if (!this.#over()) await this.#dial();
  }

  /** Resolves to `bridge` if that is to be tried now. */
  async #refer(): Promise<'bridge' | 'done'> {
    const { to, by, ringMs } = this.request;
    if (!this.#begin('referring', 'refer')) return 'done';
    this.#ring();
    const end = await this.ports.dialog.refer(to, {
      responseMs: referResponseMs,
      notifyMs: ringMs + referGraceMs,
    });
    if (this.#over()) return 'done';
    switch (end.kind) {
      case 'refused': {
        const detail = "the caller's telephone does not take a REFER";
        return this.#referFailed({ outcome: 'failed', sipStatus: end.sipStatus, detail }, by === 'auto');
      }
      case 'told': {
        const { sipStatus } = end;
        if (sipStatus < 300) {
          this.#handedOn(sipStatus);
          return 'done';
        }
        const { outcome, detail } = failureOf({ status: sipStatus, reason: undefined, rang: true });
        // A target that said no to the caller's telephone says no to us; one that was not found there we may know.
        return this.#referFailed({ outcome, sipStatus, detail }, by === 'auto' && outcome === 'failed');
      }
      case 'untold': {
        const detail = "the caller's telephone took the REFER and never told how it went";
        return this.#referFailed({ outcome: 'failed', sipStatus: null, detail }, false);
      }
      case 'gone':
        // The dialog tells the call, which closes us.
        return 'done';
    }
  }

  #referFailed(end: AttemptEnd, goOn: boolean): 'bridge' | 'done' {
    if (goOn) {
      this.#tell(end);
      return 'bridge';
    }
    this.#finish(end);
    return 'done';
  }

  #handedOn(sipStatus: number): void {
    if (this.#attempt !== undefined) this.#attempt.answeredMs = this.ports.sinceAnswerMs();
    if (!this.#move('over')) return;
    this.#tell({ outcome: 'answered', sipStatus, detail: null });
    this.emit('over', 'handedOn');
  }

  /** By REFER too: behind a gateway the caller hears us until it has called for them. */
  #ring(): void {
    this.#ringback ??= this.ports.endpoint.play([ringbackTone(this.request.dialect)]);
  }

  async #dial(): Promise<void> {
    const { to, from, ringMs } = this.request;
    const { endpoint, dialer, journal } = this.ports;
    if (!this.#begin('dialling', 'bridge')) return;
    this.#ring();
    const farEndpoint = await endpoint.createBeside();
    if (this.#over()) {
      await farEndpoint.close();
      return;
    }
    this.#farEndpoint = farEndpoint;
    farEndpoint.on('gone', (cause) =>
      this.#finish({
        outcome: 'failed',
        sipStatus: null,
        detail: `the media server ended the other side's leg (${cause})`,
      }),
    );
    const outgoing = dialer.place({ to, ringMs, ...(from !== '' && { from }) });
    this.#outgoing = outgoing;
    outgoing.on('ringing', () => journal.write('transferRinging'));
    outgoing.on('earlyMedia', (sdp) => {
      this.#follow(farEndpoint, sdp).catch((error: unknown) =>
        this.ports.logger.warn({ code: errorCode(error) }, 'early media of a transfer cannot be heard'),
      );
    });
    const result = await outgoing.dial(farEndpoint.localSdp);
    if (result.outcome === 'answered') {
      await this.#answered(farEndpoint, result.dialog, result.sdp);
      return;
    }
    const { outcome, sipStatus, detail } = result;
    this.#finish({ outcome, sipStatus, detail });
  }

  async #answered(farEndpoint: MediaEndpoint, dialog: CallDialog, sdp: string): Promise<void> {
    if (this.#over()) {
      await dialog.bye();
      return;
    }
    this.#farDialog = dialog;
    if (this.#attempt !== undefined) this.#attempt.answeredMs = this.ports.sinceAnswerMs();
    new SessionNegotiation(dialog, farEndpoint, false, this.ports.logger);
    dialog.on('ended', (cause) => this.#farEnded(cause));
    this.ports.journal.write('transferAnswered');
    await this.#follow(farEndpoint, sdp);
    if (dialog.ending !== undefined) this.#farEnded(dialog.ending);
    else if (this.#move('connected')) {
      // Nobody speaks with the caller now but the other side: one of them who vanished would be waited for.
      dialog.watch();
      this.ports.dialog.watch();
    }
  }

  /** The other side hung up, or is there no more. */
  #farEnded({ detail }: EndCause): void {
    this.#finish({ outcome: 'answered', sipStatus: null, detail: detail ?? null });
  }

  /** Lets the other side's endpoint follow this description, and both hear each other. Rejects as the endpoint does. */
  #follow(farEndpoint: MediaEndpoint, sdp: string): Promise<void> {
    const follow = async (): Promise<void> => {
      if (this.#over()) return;
      if (sdp !== this.#farSdp) await farEndpoint.modify(sdp);
      this.#farSdp = sdp;
      if (this.#over() || this.#bridged) return;
      this.#ringback?.stop();
      this.#bridged = true;
      await this.ports.endpoint.bridge(farEndpoint);
    };
    this.#following = this.#following.catch(() => undefined).then(follow);
    return this.#following;
  }

  #begin(state: 'referring' | 'dialling', by: 'refer' | 'bridge'): boolean {
    if (!this.#move(state)) return false;
    const { node, to, shownAs } = this.request;
    this.#attempt = { by, startMs: this.ports.sinceAnswerMs(), answeredMs: null };
    this.ports.journal.write('transfer', { node, to: shownAs ?? to, by });
    return true;
  }

  /** The attempt is over, as the record and the journal say. */
  #tell(end: AttemptEnd): void {
    const attempt = this.#attempt;
    if (attempt === undefined) return;
    this.#attempt = undefined;
    const { node, to, shownAs } = this.request;
    this.ports.journal.write('transferEnded', { ...end });
    const endedMs = Math.round(this.ports.sinceAnswerMs());
    const { by, answeredMs } = attempt;
    this.emit('attempt', {
      node,
      to: shownAs ?? to,
      by,
      ...end,
      startMs: Math.round(attempt.startMs),
      answeredMs: answeredMs === null ? null : Math.round(answeredMs),
      endedMs,
    });
  }

  /** The one end for a caller who stays: everything of the other side is released before the dialog goes on. */
  #finish(end: AttemptEnd): void {
    if (!this.#move('over')) return;
    this.#tell(end);
    this.#ringback?.stop();
    this.#outgoing?.cancel();
    this.ports.dialog.unwatch();
    const outcome = end.outcome === 'cancelled' ? 'failed' : end.outcome;
    void this.#part().then(() => {
      void this.#releaseFar();
      this.emit('over', outcome);
    });
  }

  /** Takes the caller out of the bridge: what is played next is heard. */
  async #part(): Promise<void> {
    if (!this.#bridged) return;
    await this.#following.catch(() => undefined);
    await this.ports.endpoint.unbridge().catch((error: unknown) => {
      if (!this.#closed) this.ports.logger.warn({ code: errorCode(error) }, 'two calls could not be parted');
    });
  }

  async #releaseFar(): Promise<void> {
    const results = await Promise.allSettled([this.#farDialog?.bye(), this.#farEndpoint?.close()]);
    for (const result of results) {
      if (result.status === 'rejected')
        this.ports.logger.warn(
          { code: errorCode(result.reason) },
          "something of a transfer's other side could not be released",
        );
    }
  }

  #over(): boolean {
    return this.#machine.isFinal;
  }

  #move(to: State): boolean {
    return this.#machine.move(to);
  }
}
