import type Srf from 'drachtio-srf';
import type { HostPort } from '../core/address.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import { TypedEmitter } from '../core/typed-emitter.js';
import type { Admission, Refusal } from './admission.js';
import type { Identification } from './caller-identification.js';
import { stranger } from './caller-identity.js';
import { DrachtioConnection } from './drachtio-connection.js';
import { IncomingCall } from './incoming-call.js';
import { isAnonymous } from './anonymous-caller.js';
import { answerOptions, refuseMethod, refusedMethods } from './options-answer.js';

export interface SipAgentOptions {
  readonly drachtio: { readonly address: HostPort; readonly secret: string };
  readonly admission: Admission;
  /** Who sends an INVITE, or the challenge that makes them prove it. */
  readonly identify: (request: Srf.SrfRequest) => Identification;
  /** Whether OPTIONS is answered 503 instead of 200, so that carriers route around us. */
  readonly draining: () => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

export type SipAgentEvents = {
  /** An INVITE that passed admission. The listener owns it from now on. */
  call: [call: IncomingCall];
  /** An INVITE that did not; the refusal goes out after the listeners ran. */
  refused: [call: IncomingCall, refusal: Refusal];
  connected: [];
  lost: [];
};

/** The application at one drachtio server: takes its INVITEs, answers its OPTIONS. */
export class SipAgent extends TypedEmitter<SipAgentEvents> {
  readonly #connection: DrachtioConnection;

  constructor(private readonly options: SipAgentOptions) {
    super();
    const { drachtio, clock, logger } = options;
    this.#connection = new DrachtioConnection({
      address: drachtio.address,
      secret: drachtio.secret,
      clock,
      logger,
    });
    this.#connection.on('connected', () => this.emit('connected')).on('lost', () => this.emit('lost'));
    this.srf.invite((request, response) => this.#invite(request, response));
    this.srf.use('options', (_request: Srf.SrfRequest, response: Srf.SrfResponse) => {
      answerOptions(response, options.draining());
    });
    for (const method of refusedMethods) {
      this.srf.use(method, (_request: Srf.SrfRequest, response: Srf.SrfResponse) =>
        refuseMethod(method, response),
      );
    }
  }

  /** Needed by the media room: the media leg of a call goes through the caller's drachtio. */
  get srf(): Srf {
    return this.#connection.srf;
  }

  get connected(): boolean {
    return this.#connection.connected;
  }

  /** Of the drachtio server's client port. */
  get address(): string {
    return this.#connection.address;
  }

  /** What the drachtio server listens on, e.g. `udp/127.0.0.1:5060`; known once connected. */
  get sipAddresses(): readonly string[] {
    return this.#connection.sipAddresses;
  }

  /** Called once, when the listeners of `call` are set: INVITEs come from now on. Rejects as the connection does. */
  connect(): Promise<void> {
    return this.#connection.connect();
  }

  /** Takes no more INVITEs and disconnects. Dialogs that are still up go on at the daemon without us. */
  close(): void {
    this.#connection.close();
  }

  #invite(request: Srf.SrfRequest, response: Srf.SrfResponse): void {
    const { admission, identify, clock, logger } = this.options;
    const identified = identify(request);
    const isUnproven = identified.kind === 'challenge' || identified.kind === 'denied';
    // Whoever has not proven to be somebody is a stranger until then: who floods us in a user's name meets the limits of
    // admission first, and gets no challenge for each INVITE.
    const identity = isUnproven ? stranger : identified;
    const call = new IncomingCall(this.srf, request, response, identity, clock, logger);
    const refusal =
      admission.examine({
        identity,
        sourceAddress: call.sourceAddress,
        userAgent: call.userAgent,
        hasContact: request.has('Contact'),
        hasForeignBody: call.hasForeignBody,
        calledNumber: call.calledNumber,
        callingNumber: call.callingNumber,
        isAnonymous: isAnonymous(request),
      }) ?? (identified.kind === 'denied' ? identified.refusal : undefined);
    if (refusal === undefined) {
      if (identified.kind === 'challenge') call.refuse(identified.status, identified.headers);
      else if (!this.emit('call', call)) call.refuse(503);
      return;
    }
    this.emit('refused', call, refusal);
    call.refuse(refusal.status, refusal.headers);
  }
}
