import type { Clock, Timer } from '../core/clock.js';
import { uuid } from '../core/ids.js';
import type { Logger } from '../core/logger.js';
import { StateMachine, type TransitionTable } from '../core/state-machine.js';
import type { SipAnswer, SipRequest } from './sip-request.js';
import { sipUser } from './sip-user.js';
import { trunkUri, type Trunk, type TrunkHost, type TrunkRegistrationSettings } from './trunk.js';

/** `failed`: not registered, the next attempt is waiting. `refreshing`: registered, and asking to stay so. */
export type RegistrationState = 'idle' | 'registering' | 'registered' | 'refreshing' | 'failed' | 'closed';

const moves: TransitionTable<RegistrationState> = {
  idle: ['registering', 'closed'],
  registering: ['registered', 'failed', 'closed'],
  registered: ['refreshing', 'failed', 'closed'],
  refreshing: ['registered', 'failed', 'closed'],
  failed: ['registering', 'closed'],
  closed: [],
};

export interface TrunkRegistrationOptions {
  readonly trunk: Trunk;
  /** Where. */
  readonly host: TrunkHost;
  readonly send: (request: SipRequest) => Promise<SipAnswer | undefined>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** 0 to 1, for the jitter. */
  readonly random: () => number;
}

/** Timer F of RFC 3261 §17.1.2.2: after that the SIP server has given up as well. */
const answerLimitMs = 32_000;
/** What is waited for the answer to our farewell. */
const unregisterLimitMs = 1000;
/** A refresh that fails must leave time for another before the registration runs out. */
const refreshAt = 0.8;

/** Keeps a trunk registered at one host of its carrier (RFC 3261 §10.2): refreshes before it expires, tries again after failures. */
export class TrunkRegistration {
  readonly #machine: StateMachine<RegistrationState>;
  readonly #callId = uuid();
  readonly #host: TrunkHost;
  readonly #settings: TrunkRegistrationSettings;
  #cseq = 0;
  #failures = 0;
  #expiresSeconds: number;
  /** On the monotonic clock; the registration is over then, whatever we do. */
  #validUntilMs = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;
  /** The final status of the last attempt; undefined: it was answered well, or not at all. */
  #lastStatus: number | undefined;

  constructor(private readonly options: TrunkRegistrationOptions) {
    const { trunk, host, logger } = options;
    if (trunk.registration === undefined) throw new TypeError('it has no registration');
    this.#settings = trunk.registration;
    this.#host = host;
    this.#expiresSeconds = trunk.registration.expiresSeconds;
    this.#machine = new StateMachine<RegistrationState>(moves, 'idle', (from, to) => {
      const fields = { trunk: trunk.name, host: trunkUri(host), status: this.#lastStatus };
      if (to === 'failed') logger.warn(fields, 'registration at the trunk failed; trying again');
      else if (to === 'registered' && from === 'registering') logger.info(fields, 'registered at the trunk');
    });
  }

  get state(): RegistrationState {
    return this.#machine.state;
  }

  /** What the carrier said to the last attempt; null: it was well, or there was no answer. */
  get refusedWith(): number | null {
    const status = this.#lastStatus;
    return status === undefined || status < 300 ? null : status;
  }

  /** Registers now: at the start, and when the connection to drachtio is back. Nothing happens while an answer is awaited. */
  start(): void {
    const { state } = this;
    if (state === 'registering' || state === 'refreshing' || state === 'closed') return;
    this.#timer?.cancel();
    this.#machine.move(state === 'registered' ? 'refreshing' : 'registering');
    void this.#attempt();
  }

  /** Takes the registration back where there is one; at most a second. Safe to call twice. */
  async close(): Promise<void> {
    // One that is asked for may have been granted by the time that the carrier reads this.
    const mayBeThere = this.state === 'registering' || this.options.clock.nowMs() < this.#validUntilMs;
    if (!this.#machine.move('closed')) return;
    this.#timer?.cancel();
    if (mayBeThere) await this.#send(0, unregisterLimitMs);
  }

  async #attempt(): Promise<void> {
    const answer = await this.#send(this.#expiresSeconds, answerLimitMs);
    if (this.state === 'closed') return;
    this.#lastStatus = answer?.status;
    if (answer === undefined || answer.status >= 300) this.#failed(answer);
    else this.#registered(answer);
  }

  #registered(answer: SipAnswer): void {
    const { clock } = this.options;
    const seconds = grantedSeconds(answer, sipUser(this.#settings.user)) ?? this.#expiresSeconds;
    this.#failures = 0;
    this.#validUntilMs = clock.nowMs() + seconds * 1000;
    this.#machine.move('registered');
    // Trunks of one server must not refresh in step: up to a tenth earlier.
    const jitter = 1 - this.options.random() / 10;
    this.#again(Math.max(1000, seconds * 1000 * refreshAt * jitter));
  }

  #failed(answer: SipAnswer | undefined): void {
    const { clock, random } = this.options;
    const minimum = Number(answer?.header('Min-Expires'));
    // RFC 3261 §10.2.8: 423 says what would be long enough; asked once more at once.
    const tooBrief = answer?.status === 423 && minimum > this.#expiresSeconds && minimum <= 86_400;
    if (tooBrief) this.#expiresSeconds = minimum;
    else this.#failures += 1;
    const stillValidMs = this.#validUntilMs - clock.nowMs();
    if (stillValidMs <= 0 || !this.#machine.move('registered')) this.#machine.move('failed');
    if (tooBrief) {
      this.#again(0);
      return;
    }
    const { retryMs, retryMaxMs } = this.#settings;
    const doubled = Math.min(retryMaxMs, retryMs * 2 ** Math.min(20, this.#failures - 1));
    const asked = Number(answer?.header('Retry-After')?.match(/\d+/)?.[0] ?? 0) * 1000;
    // Between half and the whole: servers that lost a carrier together do not come back together.
    this.#again(Math.max(Math.min(asked, retryMaxMs), doubled * (0.5 + random() / 2)));
  }

  /** The next attempt; what is registered and runs out before it is told as failed in time. */
  #again(delayMs: number): void {
    const { clock } = this.options;
    const stillValidMs = this.#validUntilMs - clock.nowMs();
    if (this.state === 'registered' && stillValidMs < delayMs) {
      this.#timer = clock.after(stillValidMs, () => {
        this.#machine.move('failed');
        this.#timer = clock.after(delayMs - stillValidMs, () => this.start());
      });
    } else {
      this.#timer = clock.after(delayMs, () => this.start());
    }
  }

  async #send(expires: number, limitMs: number): Promise<SipAnswer | undefined> {
    const { trunk, send } = this.options;
    const user = sipUser(this.#settings.user);
    const { host, transport } = this.#host;
    const domain = host.includes(':') ? `[${host}]` : host;
    const address = `<sip:${user}@${domain}>`;
    const suffix = transport === 'udp' ? '' : `;transport=${transport}`;
    // RFC 3261 §10.2: one Call-ID for all registrations, with a rising CSeq. The library sends up to three more with
    // credentials, and another request may leave before their answer comes.
    this.#cseq += 4;
    const answer = await send({
      method: 'REGISTER',
      uri: trunkUri(this.#host),
      proxy: trunk.proxy,
      headers: {
        From: address,
        To: address,
        Contact: `<sip:${user}@localhost${suffix}>`,
        Expires: String(expires),
        'Call-ID': this.#callId,
        CSeq: `${String(this.#cseq)} REGISTER`,
      },
      credentials: trunk.credentials,
      limitMs,
    });
    this.#cseq = Math.max(this.#cseq, answer?.cseq ?? 0);
    return answer;
  }
}

/** What the registrar granted our Contact: its `expires` parameter, else the Expires header (RFC 3261 §10.2.4). */
export function grantedSeconds(answer: SipAnswer, user: string): number | undefined {
  const contacts = (answer.header('Contact') ?? '').split(/,(?=\s*(?:"[^"]*"\s*)?<|\s*sips?:)/);
  const ours = contacts.find((contact) => contact.includes(`:${user}@`)) ?? contacts[0] ?? '';
  const granted =
    /;\s*expires\s*=\s*"?(\d{1,9})/i.exec(ours)?.[1] ??
    /^\s*(\d{1,9})/.exec(answer.header('Expires') ?? '')?.[1];
  return granted === undefined || Number(granted) === 0 ? undefined : Number(granted);
}
