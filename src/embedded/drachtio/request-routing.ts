import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Clock } from '../../core/clock.js';
import type { SipMessage } from '../sip/message.js';
import type { TlsIdentity } from '../sip/tls-identity.js';
import type { Source } from '../sip/transport.js';
import { AppConnection, type AppCommands } from './app-connection.js';
import type { AppRegistry } from './app-registry.js';
import type { ProxyCommand } from './proxy-command.js';
import type { AppAddress, RequestHandlers } from './request-handlers.js';

/** What becomes of a request that a request handler decides about. */
export type Decision =
  | { readonly action: 'give'; readonly app: AppConnection }
  | { readonly action: 'proxy'; readonly command: ProxyCommand }
  | {
      readonly action: 'refuse';
      readonly status: number;
      readonly reason: string | undefined;
      readonly contacts: readonly string[];
    };

/** An application that is called must be there and say the secret within this time. */
const connectMs = 5000;

export interface RequestRoutingOptions {
  readonly handlers: RequestHandlers;
  readonly apps: AppRegistry;
  readonly clock: Clock;
  readonly secret: string;
  /** Whom we trust when an application is connected to by TLS. */
  readonly tls: Pick<TlsIdentity, 'client' | 'verifyPeer'>;
  readonly greeting: () => string;
  readonly commands: AppCommands;
  /** An application that we have connected to; it is the server's to close. */
  readonly connected: (app: AppConnection) => void;
}

/** Carries out what request handlers say: the server connects to the application, instead of the other way round. */
export class RequestRouting {
  constructor(private readonly options: RequestRoutingOptions) {}

  handles(method: string): boolean {
    return this.options.handlers.for(method) !== undefined;
  }

  /** Never rejects. */
  async decide(request: SipMessage, source: Source): Promise<Decision> {
    const { handlers, apps } = this.options;
    const handler = handlers.for(request.method);
    if (handler === undefined) return unavailable;
    const instruction = await handlers.ask(handler, request, source);
    switch (instruction.action) {
      case 'reject':
        return { ...instruction, action: 'refuse', contacts: [] };
      case 'redirect':
        return { action: 'refuse', status: 302, reason: 'Moved', contacts: instruction.contacts };
      case 'proxy':
        return instruction;
      case 'tag': {
        const app = apps.next(request.method.toLowerCase(), instruction.tag);
        return app === undefined ? unavailable : { action: 'give', app };
      }
      case 'connect': {
        const app = await this.#connect(instruction);
        return app === undefined ? unavailable : { action: 'give', app };
      }
    }
  }

  /** Resolves when the application has said the secret; undefined when it does not. */
  #connect({ host, port, isSecure }: AppAddress): Promise<AppConnection | undefined> {
    const { clock, secret, tls, greeting, commands, connected } = this.options;
    return new Promise((resolve) => {
      const socket = isSecure
        ? connectTls({ host, port, secureContext: tls.client, rejectUnauthorized: tls.verifyPeer })
        : connect({ host, port });
      const limit = clock.after(connectMs, () => app.close());
      const app: AppConnection = new AppConnection(
        socket,
        secret,
        greeting(),
        {
          ...commands,
          // It gets what handlers give it, nothing else.
          route: () => undefined,
          removeRoute: () => undefined,
          authenticated: () => {
            limit.cancel();
            resolve(app);
          },
          closed: (closed) => {
            limit.cancel();
            resolve(undefined);
            commands.closed(closed);
          },
        },
        clock,
      );
      connected(app);
    });
  }
}

const unavailable: Decision = { action: 'refuse', status: 480, reason: undefined, contacts: [] };
