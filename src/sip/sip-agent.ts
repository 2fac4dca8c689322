import type Srf from 'drachtio-srf';
import type { HostPort } from '../core/address.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import { TypedEmitter } from '../core/typed-emitter.js';
import type { Admission, Refusal } from './admission.js';
import { DrachtioConnection } from './drachtio-connection.js';
import { IncomingCall } from './incoming-call.js';

export interface SipAgentOptions {
  readonly drachtio: { readonly address: HostPort; readonly secret: string };
  readonly admission: Admission;
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
  #connection: DrachtioConnection | undefined;

  private constructor(private readonly options: SipAgentOptions) {
    super();
  }

  /** Connects to the server. Listeners of `call` must be set by `prepare`: an INVITE may come with the connection. */
  static async open(options: SipAgentOptions, prepare: (agent: SipAgent) => void): Promise<SipAgent> {
    const agent = new SipAgent(options);
    prepare(agent);
    const { drachtio, clock, logger } = options;
    agent.#connection = await DrachtioConnection.open(
      { address: drachtio.address, secret: drachtio.secret, clock, logger },
      (srf) => {
        srf.invite((request, response) => agent.#invite(srf, request, response));
        srf.use('options', (_request: Srf.SrfRequest, response: Srf.SrfResponse) => {
          response.send(options.draining() ? 503 : 200);
        });
      },
    );
    agent.#connection.on('connected', () => agent.emit('connected')).on('lost', () => agent.emit('lost'));
    return agent;
  }

  get srf(): Srf {
    return this.connection.srf;
  }

  get connection(): DrachtioConnection {
    if (this.#connection === undefined) throw new TypeError('SipAgent used before open() resolved');
    return this.#connection;
  }

  /** Takes no more INVITEs and disconnects. Dialogs that are still up go on at the daemon without us. */
  close(): void {
    this.#connection?.close();
  }

  #invite(srf: Srf, request: Srf.SrfRequest, response: Srf.SrfResponse): void {
    const { admission, clock, logger } = this.options;
    const call = new IncomingCall(srf, request, response, clock, logger);
    const refusal = admission.examine({
      sourceAddress: call.sourceAddress,
      userAgent: call.userAgent,
      hasContact: request.has('Contact'),
      calledNumber: call.calledNumber,
    });
    if (refusal === undefined) {
      if (!this.emit('call', call)) call.refuse(503);
      return;
    }
    this.emit('refused', call, refusal);
    call.refuse(refusal.status, refusal.headers);
  }
}
