import type { Timer } from '../../core/clock.js';
import { contactUris } from '../sip/dialog-state.js';
import type { SipMessage } from '../sip/message.js';
import type { ClientTransaction } from '../sip/transaction.js';
import type { ServerTransaction, TransactionLayer } from '../sip/transaction-layer.js';
import type { Source, Target } from '../sip/transport.js';
import { UnwantedAnswers } from '../sip/unwanted-answers.js';
import { finalFailure, towardsCaller } from './best-response.js';

/** A request ready to be forwarded, but for our Via. */
export interface Forwarded {
  readonly request: SipMessage;
  readonly target: Target;
}

export interface ForkOptions {
  readonly simultaneous: boolean;
  readonly followRedirects: boolean;
  readonly provisionalMs: number | undefined;
  readonly finalMs: number | undefined;
}

/** What the owner of a response context hears. */
export interface ContextEvents {
  /** A request has left for a destination. */
  attempt(request: SipMessage): void;
  /** A destination's final response, once for each; `source` is undefined when we made it ourselves. */
  final(response: SipMessage, source: Source | undefined, destination: string): void;
  /** The final response that the caller got from us. */
  answered(response: SipMessage): void;
  /** Nothing more is tried or waited for; called once. */
  done(): void;
}

interface Branch {
  readonly destination: string;
  /** Named by a 3xx: it says what the Request-URI is. */
  readonly redirected: boolean;
  state: 'idle' | 'active' | 'over';
  transaction: ClientTransaction | undefined;
  response: SipMessage | undefined;
  provisionalTimer: Timer | undefined;
  finalTimer: Timer | undefined;
  /** Those whose 2xx came too late. */
  late: UnwantedAnswers | undefined;
}

/** More destinations than this are not tried, however many redirections name them. */
const maxBranches = 30;

/** For the phones that have not been quick enough: no call that was missed (RFC 3326 §2). */
const answeredElsewhere = 'SIP;cause=200;text="Call completed elsewhere"';

/** One request on its way to one or more destinations, and what comes back (RFC 3261 §16.7). */
export class ResponseContext {
  readonly #branches: Branch[] = [];
  readonly #local = new Set<SipMessage>();
  /** False once no further destination is to be tried. */
  #searching = true;
  #isDone = false;

  constructor(
    private readonly layer: TransactionLayer,
    private readonly upstream: ServerTransaction,
    private readonly options: ForkOptions,
    /** Makes the request for a destination; undefined: nothing can be sent there. */
    private readonly build: (destination: string, redirected: boolean) => Forwarded | undefined,
    private readonly events: ContextEvents,
  ) {}

  /** Sends to the first destination, or to all. False: none of them can be reached at all. */
  start(destinations: readonly string[]): boolean {
    this.#add(destinations, false, this.#branches.length);
    this.#launch();
    return this.#branches.some(({ state }) => state === 'active');
  }

  /** No further destination is tried; those that ring are cancelled, and told why (RFC 3326). */
  cancel(reason?: string): void {
    const headers: Record<string, string> = reason === undefined ? {} : { Reason: reason };
    this.#searching = false;
    for (const branch of this.#branches) {
      if (branch.state === 'idle') branch.state = 'over';
      if (branch.state !== 'active') continue;
      branch.provisionalTimer?.cancel();
      branch.finalTimer?.cancel();
      branch.transaction?.cancel(headers);
    }
    this.#finish();
  }

  /** Stops all timers; sends nothing. */
  close(): void {
    this.#isDone = true;
    for (const branch of this.#branches) this.#over(branch);
  }

  #add(destinations: readonly string[], redirected: boolean, at: number): number {
    const fresh = destinations.filter(
      (destination, index) =>
        destinations.indexOf(destination) === index &&
        !this.#branches.some((branch) => branch.destination === destination),
    );
    const room = fresh.slice(0, Math.max(0, maxBranches - this.#branches.length));
    const branches = room.map((destination): Branch => ({
      destination,
      redirected,
      state: 'idle',
      transaction: undefined,
      response: undefined,
      provisionalTimer: undefined,
      finalTimer: undefined,
      late: undefined,
    }));
    this.#branches.splice(at, 0, ...branches);
    return branches.length;
  }

  /** Starts what may be started: all, or one when none is on its way. */
  #launch(): void {
    for (const branch of [...this.#branches]) {
      if (!this.#searching || this.#isDone) return;
      if (!this.options.simultaneous && this.#branches.some(({ state }) => state === 'active')) return;
      if (branch.state === 'idle') this.#send(branch);
    }
  }

  #send(branch: Branch): void {
    branch.state = 'over';
    const forwarded = this.build(branch.destination, branch.redirected);
    if (forwarded === undefined) return;
    try {
      branch.transaction = this.layer.request(forwarded.request, forwarded.target, (response, source) =>
        this.#receive(branch, response, source),
      );
    } catch {
      return; // no such transport
    }
    branch.state = 'active';
    this.events.attempt(forwarded.request);
    const { clock } = this.layer;
    const { provisionalMs, finalMs } = this.options;
    const giveUp = (): void => {
      this.#over(branch);
      branch.transaction?.cancel();
      this.#advance();
    };
    if (provisionalMs !== undefined) branch.provisionalTimer = clock.after(provisionalMs, giveUp);
    if (finalMs !== undefined) branch.finalTimer = clock.after(finalMs, giveUp);
  }

  #receive(branch: Branch, response: SipMessage, source: Source | undefined): void {
    const { status } = response;
    if (status < 200) {
      branch.provisionalTimer?.cancel();
      if (status > 100 && branch.state === 'active' && this.upstream.pending) this.#pass(response);
    } else if (status < 300) this.#accepted(branch, response, source);
    else if (branch.state === 'active') this.#failed(branch, response, source);
  }

  /** A 2xx goes to the caller at once, and so does each of another fork (§16.7 step 5). */
  #accepted(branch: Branch, response: SipMessage, source: Source | undefined): void {
    const first = branch.response === undefined;
    branch.response ??= response;
    this.#over(branch);
    const undecided = this.upstream.pending;
    if (!this.#pass(response)) this.#hangUp(branch, response, source);
    if (!first) return;
    this.events.final(response, source, branch.destination);
    if (undecided) this.events.answered(response);
    this.cancel(answeredElsewhere);
    this.#end();
  }

  #failed(branch: Branch, response: SipMessage, source: Source | undefined): void {
    this.#over(branch);
    branch.response = response;
    if (source === undefined) this.#local.add(response);
    this.events.final(response, source, branch.destination);
    const { status } = response;
    if (status >= 300 && status < 400 && this.#searching && this.options.followRedirects) {
      const at = this.#branches.indexOf(branch) + 1;
      // What is followed is no answer for the caller.
      if (this.#add(contactUris(response), true, at) > 0) branch.response = undefined;
    }
    // A challenge one destination after the other is the caller's to answer before others are disturbed.
    const challenged = (status === 401 || status === 407) && !this.options.simultaneous;
    if (status >= 600) this.cancel();
    else if (challenged) this.#searching = false;
    this.#advance();
  }

  #advance(): void {
    this.#launch();
    this.#finish();
  }

  /** When everything has been tried and nobody accepted, the caller gets the best of what came back. */
  #finish(): void {
    const open = this.#branches.some(
      ({ state }) => state === 'active' || (state === 'idle' && this.#searching),
    );
    if (open || this.#isDone) return;
    if (this.upstream.pending) {
      const responses = this.#branches.flatMap(({ response }) => response ?? []);
      const failure = finalFailure(this.upstream.request, responses, this.#local);
      this.upstream.respond(failure);
      this.events.answered(failure);
    }
    this.#end();
  }

  #end(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.events.done();
  }

  #over(branch: Branch): void {
    branch.state = 'over';
    branch.provisionalTimer?.cancel();
    branch.finalTimer?.cancel();
  }

  #pass(response: SipMessage): boolean {
    return this.upstream.respond(towardsCaller(response, this.upstream.request));
  }

  /** Accepted after the caller was refused or had cancelled: nobody else would acknowledge it and hang up. */
  #hangUp(branch: Branch, response: SipMessage, source: Source | undefined): void {
    const { transaction } = branch;
    if (transaction?.request.method !== 'INVITE' || source === undefined) return;
    // The routes before us are the caller's: only those behind us are ours.
    const mine = response.clone();
    const routes = response.getAll('record-route');
    const before = transaction.request.getAll('record-route').length;
    mine.remove('record-route');
    for (const route of routes.slice(0, Math.max(0, routes.length - before))) {
      mine.append('Record-Route', route);
    }
    branch.late ??= new UnwantedAnswers(this.layer);
    branch.late.hangUp(transaction.request, mine, source);
  }
}
