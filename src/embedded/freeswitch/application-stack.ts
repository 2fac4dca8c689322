import { errorCode } from '../../core/errors.js';
import { uuid as newUuid } from '../../core/ids.js';
import type { Logger } from '../../core/logger.js';
import type { ExecuteRequest } from './event-socket-session.js';

/** Why an application must stop before its end. */
export type Interruption = 'break' | 'hangup';

/** What an application writes to the caller while it is the innermost one. */
export interface FrameWriter {
  /** Hot. Adds one frame to `out`; false when it had nothing this time. */
  mix(out: Int16Array): boolean;
}

/** One application being executed on a channel. */
export class Execution {
  readonly uuid: string;
  readonly application: string;
  readonly argument: string;
  /** Set while the application has sound for the caller. */
  writer: FrameWriter | undefined;
  /** Takes a key while the application is innermost; true when it was used up. */
  onDigit: ((digit: string) => boolean) | undefined;
  interruption: Interruption | undefined;
  response: string | undefined;
  isFinished = false;
  readonly holdsLock: boolean;
  #onInterrupt: ((why: Interruption) => void) | undefined;

  constructor(request: ExecuteRequest) {
    this.uuid = request.eventUuid ?? newUuid();
    this.application = request.application;
    this.argument = request.argument;
    this.holdsLock = request.eventLock;
  }

  /** Called once, at once if it has already happened. A later registration replaces an earlier one. */
  set onInterrupt(fn: ((why: Interruption) => void) | undefined) {
    this.#onInterrupt = fn;
    if (fn !== undefined && this.interruption !== undefined) fn(this.interruption);
  }

  interrupt(why: Interruption): void {
    if (this.isFinished || this.interruption === 'hangup') return;
    this.interruption = why;
    this.#onInterrupt?.(why);
  }

  /** Resolves with the promise, or with undefined as soon as the application is interrupted. */
  async unlessInterrupted<T>(promise: Promise<T>): Promise<T | undefined> {
    return Promise.race([
      promise,
      new Promise<undefined>((resolve) => {
        this.onInterrupt = () => resolve(undefined);
      }),
    ]).finally(() => {
      this.onInterrupt = undefined;
      // The loser's failure has nobody left to tell.
      promise.catch(() => undefined);
    });
  }
}

/** Runs one application. The result is the Application-Response; undefined is `_none_`. */
export type Application = (execution: Execution) => string | undefined | Promise<string | undefined>;

export interface StackEvents {
  started(execution: Execution): void;
  completed(execution: Execution): void;
  /** There is no such application: the real server hangs the call up without a completion. */
  unknown(application: string): void;
}

/** Messages waiting behind an event-lock: beyond this the client has lost its mind. */
const MAX_QUEUED = 1000;
/** More nested applications than this is a loop in the client. */
const MAX_DEPTH = 64;

/**
 * The applications running on a channel. A new one runs at once, nested inside the running one, which goes on afterwards:
 * so the real server behaves, whose applications parse messages in their loops. Only event-lock makes later ones wait.
 */
export class ApplicationStack {
  readonly #stack: Execution[] = [];
  readonly #queued: ExecuteRequest[] = [];
  #closed = false;
  #drained: (() => void) | undefined;

  constructor(
    private readonly find: (name: string) => Application | undefined,
    private readonly events: StackEvents,
    private readonly logger: Logger,
  ) {}

  /** The innermost application: the only one that hears keys and writes sound. */
  get innermost(): Execution | undefined {
    return this.#stack[this.#stack.length - 1];
  }

  execute(request: ExecuteRequest): void {
    if (this.#closed) return;
    if (this.#stack.some((execution) => execution.holdsLock)) {
      if (this.#queued.length < MAX_QUEUED) this.#queued.push(request);
      return;
    }
    const application = this.find(request.application);
    if (application === undefined || this.#stack.length >= MAX_DEPTH) {
      this.events.unknown(request.application);
      return;
    }
    this.#run(application, request, request.loops);
  }

  /** `uuid_break`: ends the innermost application, or with `all` every one and what waits behind them. */
  break(all: boolean): boolean {
    if (all) this.#queued.length = 0;
    const targets = all ? [...this.#stack].reverse() : [this.innermost];
    let broken = false;
    for (const execution of targets) {
      if (execution === undefined) continue;
      broken = true;
      execution.interrupt('break');
    }
    return broken;
  }

  /** Ends all applications, innermost first; resolves when each has reported its completion. */
  close(): Promise<void> {
    this.#closed = true;
    this.#queued.length = 0;
    const drained = new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
    for (const execution of [...this.#stack].reverse()) execution.interrupt('hangup');
    if (this.#stack.length === 0) this.#drained?.();
    return drained;
  }

  #run(application: Application, request: ExecuteRequest, loopsLeft: number): void {
    const execution = new Execution(request);
    this.#stack.push(execution);
    this.events.started(execution);
    const finish = (response: string | undefined): void => {
      execution.response = response;
      execution.isFinished = true;
      execution.writer = undefined;
      execution.onDigit = undefined;
      this.#settle();
      const again = loopsLeft < 0 || loopsLeft > 1;
      if (again && execution.interruption === undefined && !this.#closed) {
        this.#run(application, request, loopsLeft - 1);
      }
    };
    const fail = (error: unknown): void => {
      this.logger.error(
        { application: execution.application, code: errorCode(error) },
        'an application failed',
      );
      finish(undefined);
    };
    try {
      const result = application(execution);
      if (result instanceof Promise) void result.then(finish, fail);
      else finish(result);
    } catch (error) {
      fail(error);
    }
  }

  /** Reports finished applications from the inside out: one that ends before what runs inside it waits for that. */
  #settle(): void {
    for (;;) {
      const top = this.innermost;
      if (top === undefined || !top.isFinished) break;
      this.#stack.pop();
      this.events.completed(top);
    }
    if (this.#stack.length === 0) this.#drained?.();
    if (!this.#stack.some((execution) => execution.holdsLock)) {
      const next = this.#queued.shift();
      if (next !== undefined) this.execute(next);
    }
  }
}
