import { StateMachine, type TransitionTable } from '../core/state-machine.js';
import type { CallerAction, CallerEvent, TimerId } from './caller-event.js';
import type { CallerScript, ScriptStep } from './script.js';
import { SCRIPT_DEFAULTS } from './script-schema.js';
import { TurnLedger, type CallerTurn } from './turn-ledger.js';

/** What came of a scripted call. Times are milliseconds since the INVITE was sent. */
export interface ScriptOutcome {
  readonly ok: boolean;
  /** Why the script failed, with its line; undefined if it did not. */
  readonly failure: string | undefined;
  /** When the 200 came; null if none did. */
  readonly answeredMs: number | null;
  /** Final status of the INVITE if it was refused. */
  readonly refusedStatus: number | null;
  /** Who ended the call. */
  readonly endedBy: 'caller' | 'far end' | 'nobody';
  readonly endedMs: number;
  readonly turns: readonly CallerTurn[];
}

/** A pause of the far side that is longer than this ends its utterance (for bargeIn's afterMs). */
const UTTERANCE_PAUSE_MS = 500;

/** How long after its own BYE or CANCEL the caller waits for the far side's response. */
const GOODBYE_LIMIT_MS = 5_000;

interface Heard {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * The scripted call as a pure machine: {@link step} takes what happened and returns what to do. It owns no clock, no
 * socket and no timer; the shell (`run-caller.ts`) does.
 */
export class ScriptRun {
  readonly #ledger = new TurnLedger();
  readonly #heard: Heard[] = [];
  readonly #phase = new StateMachine<Phase>(PHASES, 'calling');
  #actions: CallerAction[] = [];
  #nowMs = 0;
  #index = -1;
  #failure: string | undefined;
  #answeredMs: number | null = null;
  #refusedStatus: number | null = null;
  #endedBy: ScriptOutcome['endedBy'] = 'nobody';
  #endedMs = 0;
  /** Only what begins after this can fulfil an expectation: the end of what fulfilled the last, or the last input. */
  #cursorMs = 0;
  /** Begin of the speech that goes on; undefined while the far side is silent. */
  #speechStartMs: number | undefined;
  #utteranceStartMs: number | undefined;
  /** Since when the far side owes or enjoys silence: its last audible sample, or the caller's last. */
  #silentSinceMs = 0;
  /** The present bargeIn step has seen the far side speak. */
  #bargingIn = false;

  constructor(private readonly script: CallerScript) {}

  get outcome(): ScriptOutcome {
    return {
      ok: this.#failure === undefined,
      failure: this.#failure,
      answeredMs: this.#answeredMs,
      refusedStatus: this.#refusedStatus,
      endedBy: this.#endedBy,
      endedMs: this.#endedMs,
      turns: this.#ledger.turns(),
    };
  }

  /** `nowMs` is the same clock as the events' `atMs`. After `finish` nothing is returned any more. */
  step(event: CallerEvent, nowMs: number): readonly CallerAction[] {
    if (this.#phase.state === 'over') return [];
    this.#actions = [];
    this.#nowMs = nowMs;
    this.#observe(event);
    return this.#actions;
  }

  #observe(event: CallerEvent): void {
    switch (event.type) {
      case 'start':
        this.#actions.push({ type: 'invite' }, { type: 'timer', id: 'call', delayMs: this.script.limitMs });
        this.#next();
        return;
      case 'provisional':
      case 'farEndReinvite':
        return;
      case 'answered':
        this.#answer(event.atMs);
        return;
      case 'refused':
        this.#refused(event);
        return;
      case 'byeDone':
        this.#over('caller');
        return;
      case 'farEndHangup':
        this.#hungUp(event.atMs);
        return;
      case 'dip':
        this.#ledger.dip(event.fromMs, event.atMs);
        return;
      case 'speechStart':
        if (this.#utteranceStartMs === undefined || event.silenceMs >= UTTERANCE_PAUSE_MS) {
          this.#utteranceStartMs = event.atMs;
        }
        this.#speechStartMs = event.atMs;
        this.#ledger.speechStart(event.atMs);
        this.#check();
        return;
      case 'speechEnd':
        this.#speechStartMs = undefined;
        this.#silentSinceMs = Math.max(this.#silentSinceMs, event.atMs);
        this.#ledger.speechEnd(event.atMs);
        this.#check();
        return;
      case 'heard':
        this.#heard.push({ text: event.text, startMs: event.startMs, endMs: event.atMs });
        this.#ledger.heard(event.text, event.confidence, event.startMs);
        this.#check();
        return;
      case 'inputBegan':
        this.#cursorMs = Math.max(this.#cursorMs, event.atMs);
        this.#ledger.inputBegan(event.atMs);
        return;
      case 'inputDone':
        this.#silentSinceMs = Math.max(this.#silentSinceMs, event.atMs);
        this.#ledger.inputDone(event.atMs);
        if (this.#speechStartMs === undefined) this.#utteranceStartMs = undefined;
        this.#fulfil('press', 'say', 'play', 'bargeIn');
        return;
      case 'reinvited':
        if (event.status < 300) this.#fulfil('hold', 'resume');
        else this.#fail(`the re-INVITE was refused with ${event.status}`);
        return;
      case 'broken':
        this.#fail(event.reason);
        return;
      case 'timer':
        this.#due(event.id);
        return;
    }
  }

  get #step(): ScriptStep | undefined {
    return this.script.steps[this.#index];
  }

  #fulfil(...kinds: readonly ScriptStep['kind'][]): void {
    const step = this.#step;
    if (step !== undefined && kinds.includes(step.kind)) this.#next();
  }

  /** Goes to the next step and begins it. */
  #next(): void {
    if (!this.#running) return;
    this.#index += 1;
    this.#bargingIn = false;
    this.#actions.push({ type: 'cancelTimer', id: 'pause' });
    const step = this.#step;
    if (step === undefined) return this.#leave();
    const limitMs = limitOf(step, this.#phase.state === 'calling');
    this.#actions.push(
      limitMs === undefined
        ? { type: 'cancelTimer', id: 'limit' }
        : { type: 'timer', id: 'limit', delayMs: limitMs },
    );
    if (this.#phase.state === 'calling' && needsAnswer(step)) return;
    this.#begin(step);
    this.#check();
  }

  /** What a step does at once. */
  #begin(step: ScriptStep): void {
    switch (step.kind) {
      case 'press':
      case 'say':
      case 'play':
        this.#actions.push({ type: 'input', input: step });
        this.#ledger.input(step);
        return;
      case 'hold':
      case 'resume':
        this.#actions.push({ type: step.kind });
        return;
      case 'record':
        this.#actions.push({ type: 'record', file: step.file });
        return this.#next();
      case 'wait':
        this.#pause(step.forMs);
        return;
      case 'hangup':
        return this.#leave();
      case 'expectAnswer':
      case 'expectHangup':
      case 'expectPhrase':
      case 'expectRefusal':
      case 'expectSilence':
      case 'expectSpeech':
      case 'bargeIn':
        return;
    }
  }

  /** Whether what was observed fulfils the present step. */
  #check(): void {
    const step = this.#step;
    if (step === undefined || !this.#running) return;
    if (this.#phase.state === 'calling' && needsAnswer(step)) return;
    switch (step.kind) {
      case 'expectAnswer':
        if (this.#answeredMs !== null) this.#next();
        return;
      case 'expectPhrase': {
        const texts = step.phrases.map((phrase) => phrase.text);
        const found = this.#heard.find(
          ({ text, startMs }) => startMs >= this.#cursorMs && texts.includes(text),
        );
        if (found === undefined) return;
        this.#cursorMs = found.endMs;
        return this.#next();
      }
      case 'expectSpeech':
        if (this.#speechStartMs === undefined || this.#speechStartMs < this.#cursorMs) return;
        this.#cursorMs = this.#speechStartMs;
        return this.#next();
      case 'expectSilence':
        if (this.#speechStartMs !== undefined) this.#actions.push({ type: 'cancelTimer', id: 'pause' });
        else this.#pause(this.#silentSinceMs + step.forMs - this.#nowMs);
        return;
      case 'bargeIn':
        if (this.#bargingIn || this.#speechStartMs === undefined) return;
        this.#bargingIn = true;
        this.#actions.push({ type: 'cancelTimer', id: 'limit' });
        this.#pause((this.#utteranceStartMs ?? this.#speechStartMs) + step.afterMs - this.#nowMs);
        return;
      default:
        return;
    }
  }

  #pause(delayMs: number): void {
    this.#actions.push({ type: 'timer', id: 'pause', delayMs: Math.max(0, delayMs) });
  }

  #due(id: TimerId): void {
    const step = this.#step;
    if (id === 'call') return this.#fail(`the call lasted longer than ${this.script.limitMs} ms`);
    if (this.#phase.state === 'leaving') {
      this.#failure ??= 'the far end did not confirm the end of the call';
      return this.#over('caller');
    }
    if (step === undefined) return;
    if (id === 'limit') {
      const calling = this.#phase.state === 'calling';
      return this.#fail(`${calling ? 'no answer' : 'not'} within ${limitOf(step, calling)} ms`);
    }
    if (step.kind === 'bargeIn') {
      this.#actions.push({ type: 'input', input: step.input });
      this.#ledger.input(step.input);
    } else if (step.kind === 'wait' || step.kind === 'expectSilence') {
      this.#next();
    }
  }

  #answer(atMs: number): void {
    this.#answeredMs = atMs;
    if (this.#phase.state === 'leaving') {
      // The 200 crossed our CANCEL (RFC 3261 §9.1): the call stands, and a BYE must end it.
      this.#actions.push({ type: 'bye' });
      return;
    }
    if (!this.#phase.move('confirmed')) return;
    this.#cursorMs = atMs;
    this.#silentSinceMs = atMs;
    this.#ledger.answered(atMs);
    const step = this.#step;
    if (step?.kind === 'expectRefusal')
      return this.#fail('the call was answered, and a refusal was expected');
    if (step === undefined || !needsAnswer(step)) return this.#check();
    const limitMs = limitOf(step, false);
    this.#actions.push(
      limitMs === undefined
        ? { type: 'cancelTimer', id: 'limit' }
        : { type: 'timer', id: 'limit', delayMs: limitMs },
    );
    this.#begin(step);
    this.#check();
  }

  #refused({ status, reason, atMs }: { status: number; reason: string; atMs: number }): void {
    this.#refusedStatus = status;
    this.#endedMs = atMs;
    if (this.#phase.state === 'leaving') return this.#over('caller');
    const step = this.#step;
    const wanted = step?.kind === 'expectRefusal' && (step.status ?? status) === status;
    if (!wanted) this.#failAt(`the call was refused with ${status} ${reason}`);
    else if (this.#index < this.script.steps.length - 1) {
      this.#failAt('the call is over, and the script goes on');
    }
    this.#over('far end');
  }

  #hungUp(atMs: number): void {
    this.#endedMs = atMs;
    if (this.#phase.state === 'leaving') return this.#over('caller');
    const last = this.#index >= this.script.steps.length - 1;
    if (this.#step?.kind !== 'expectHangup') this.#failAt('the far end hung up too early');
    else if (!last) this.#failAt('the far end hung up, and the script goes on');
    this.#over('far end');
  }

  /** Hangs up; the far side's confirmation ends the run. */
  #leave(): void {
    const answered = this.#phase.state === 'confirmed';
    if (!this.#phase.move('leaving')) return;
    this.#endedMs = this.#nowMs;
    this.#actions.push(
      { type: 'cancelTimer', id: 'pause' },
      { type: 'timer', id: 'limit', delayMs: GOODBYE_LIMIT_MS },
      { type: answered ? 'bye' : 'cancel' },
    );
  }

  #fail(reason: string): void {
    if (this.#phase.state === 'leaving') return this.#over('caller');
    this.#failAt(reason);
    this.#leave();
  }

  #failAt(reason: string): void {
    const step = this.#step;
    this.#failure ??= step === undefined ? reason : `line ${step.line} (${describe(step)}): ${reason}`;
  }

  #over(by: ScriptOutcome['endedBy']): void {
    this.#endedBy = by;
    if (!this.#phase.move('over')) return;
    this.#actions.push(
      { type: 'cancelTimer', id: 'limit' },
      { type: 'cancelTimer', id: 'pause' },
      { type: 'cancelTimer', id: 'call' },
      { type: 'finish' },
    );
  }

  get #running(): boolean {
    return this.#phase.state === 'calling' || this.#phase.state === 'confirmed';
  }
}

type Phase = 'calling' | 'confirmed' | 'leaving' | 'over';

const PHASES: TransitionTable<Phase> = {
  calling: ['confirmed', 'leaving', 'over'],
  confirmed: ['leaving', 'over'],
  leaving: ['over'],
  over: [],
};

/** Steps that wait by themselves until the call is answered. */
function needsAnswer(step: ScriptStep): boolean {
  return !['wait', 'hangup', 'record', 'expectAnswer', 'expectRefusal', 'expectHangup'].includes(step.kind);
}

/** How long a step may take; undefined: as long as the call. */
function limitOf(step: ScriptStep, calling: boolean): number | undefined {
  if (calling && needsAnswer(step)) return SCRIPT_DEFAULTS.answerWithinMs;
  return 'withinMs' in step ? step.withinMs : undefined;
}

/** A step for people, without what was said or pressed: it ends in failures, and those in logs. */
function describe(step: ScriptStep): string {
  switch (step.kind) {
    case 'expectPhrase':
      return 'an expected sentence';
    case 'expectSpeech':
      return 'speech';
    case 'expectSilence':
      return `${step.forMs} ms of silence`;
    case 'expectHangup':
      return 'the far end to hang up';
    case 'expectAnswer':
      return 'an answer';
    case 'expectRefusal':
      return step.status === undefined ? 'a refusal' : `a refusal with ${step.status}`;
    case 'bargeIn':
      return 'speech to interrupt';
    default:
      return step.kind;
  }
}
