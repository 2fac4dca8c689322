import type { Socket } from 'node:net';
import { formatHostPort, type HostPort } from '../../core/address.js';
import type { Clock } from '../../core/clock.js';
import { errorCode } from '../../core/errors.js';
import { OnceLogger, type Logger } from '../../core/logger.js';
import type { ConnectionLimits } from '../sip/connection-limits.js';
import type { SipObserver } from '../sip/sip-observer.js';
import { SourceBudget, type SourceBudgetOptions } from '../sip/source-budget.js';
import { sipTimers, type TimerOptions } from '../sip/timers.js';
import { loadTlsIdentity, type TlsIdentity, type TlsOptions } from '../sip/tls-identity.js';
import { TransactionLayer } from '../sip/transaction-layer.js';
import type { ListenAddress } from '../sip/transport.js';
import { uriHost } from '../sip/uri.js';
import { AppConnection, type AppCommands, type SipCommand } from './app-connection.js';
import { AppListener } from './app-listener.js';
import { AppRegistry } from './app-registry.js';
import { CallContext } from './call-context.js';
import { DialogTable } from './call-dialog.js';
import { Proxy } from './proxy.js';
import { RecordRoute } from './record-route.js';
import { RequestHandlers, type RequestHandlerOptions } from './request-handlers.js';
import { RequestRouting } from './request-routing.js';
import { disown } from './session-keeping.js';
import { Uac } from './uac.js';
import { Uas } from './uas.js';

/** The version whose behaviour this server has; clients look at it to know what they may ask. */
const version = 'v0.9.10';

/** What of a SIP server's options can be copied into a worker. */
export interface DrachtioSettings {
  /** Where applications connect; never beyond this host with a secret that others know. */
  readonly admin: HostPort;
  /** Where they connect by TLS, with our certificate. Default: nowhere. */
  readonly adminTls?: HostPort | undefined;
  readonly secret: string;
  /** `udp:127.0.0.1:5060`, `tcp:`, `tls:`, `ws:`, `wss:`. */
  readonly sip: readonly string[];
  /** Needed for `tls:`, `wss:` and {@link adminTls}. */
  readonly tls?: TlsOptions | undefined;
  /** What peers may take by connecting; what is left out has its default. */
  readonly connections?: Partial<ConnectionLimits> | undefined;
  /** What Via and Contact say instead of the address listened on. */
  readonly externalAddress?: string | undefined;
  /** Who decides where new requests go, per method; without one the connected applications get them. Default: none. */
  readonly requestHandlers?: readonly RequestHandlerOptions[] | undefined;
}

export interface DrachtioServerOptions extends DrachtioSettings {
  /** `127.0.0.1:5353`; default: the system's. */
  readonly dnsServers?: readonly string[] | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default 500, 4000, 5000 ms. */
  readonly timers?: TimerOptions | undefined;
  /** Told of every SIP message. */
  readonly observer?: SipObserver | undefined;
  /** What strangers may cost; what is left out has its default. */
  readonly sourceBudget?: Partial<SourceBudgetOptions> | undefined;
}

/**
 * A SIP server for applications that speak the drachtio protocol: it holds sockets, transactions and dialogs, they
 * decide about calls. See README.md beside for what it does alone.
 */
export class DrachtioServer {
  readonly #context: CallContext;
  readonly #uas: Uas;
  readonly #uac: Uac;
  readonly #proxy: Proxy;
  readonly #handlers: RequestHandlers;
  readonly #connections = new Set<AppConnection>();
  #closed = false;

  /** Rejects SIP_ADDRESS_IN_USE naming the port, SIP_BAD_LISTEN_ADDRESS, SIP_LISTEN_FAILED, SIP_TLS_…. */
  static async listen(options: DrachtioServerOptions): Promise<DrachtioServer> {
    const layer = await TransactionLayer.listen({
      listen: options.sip,
      externalAddress: options.externalAddress,
      tls: options.tls,
      connections: options.connections,
      dnsServers: options.dnsServers,
      clock: options.clock,
      timers: sipTimers(options.timers),
      logger: options.logger,
      observer: options.observer,
      budget: new SourceBudget(options.clock, options.sourceBudget),
    });
    const listeners: AppListener[] = [];
    try {
      const { admin, adminTls, tls = {} } = options;
      const secured = adminTls === undefined ? [] : [`tls:${formatHostPort(adminTls)}`];
      const identity = await loadTlsIdentity({ ...tls, connectOnly: adminTls === undefined }, secured);
      listeners.push(await AppListener.listen(admin));
      if (adminTls !== undefined) listeners.push(await AppListener.listen(adminTls, identity.server));
      return new DrachtioServer(options, layer, listeners, identity);
    } catch (error) {
      await Promise.all([layer.close(), ...listeners.map((listener) => listener.close())]);
      throw error;
    }
  }

  private constructor(
    private readonly options: DrachtioServerOptions,
    private readonly layer: TransactionLayer,
    private readonly listeners: readonly AppListener[],
    tls: TlsIdentity,
  ) {
    this.#context = new CallContext(layer, new DialogTable(), new AppRegistry());
    const commands = this.#commands();
    this.#handlers = new RequestHandlers(options.requestHandlers ?? []);
    this.#proxy = new Proxy(this.#context, new RecordRoute(options.secret));
    const routing = new RequestRouting({
      handlers: this.#handlers,
      apps: this.#context.apps,
      clock: options.clock,
      secret: options.secret,
      tls,
      greeting: () => this.#greeting(),
      commands,
      connected: (app) => void this.#connections.add(app),
    });
    this.#uas = new Uas(this.#context, this.#proxy, routing);
    this.#uac = new Uac(this.#context);
    layer.user = {
      knows: (request) =>
        this.#context.dialogs.forRequest(request) !== undefined || this.#proxy.isRouted(request),
      refusal: (request) => this.#uas.refusal(request),
      request: (transaction) => {
        if (!this.#proxy.routed(transaction)) this.#uas.request(transaction);
      },
      cancel: (cancel, invite) => {
        if (!this.#proxy.cancel(cancel, invite)) this.#uas.cancel(cancel, invite);
      },
      ack: (ack, source) => {
        if (!this.#proxy.ack(ack)) this.#uas.ack(ack, source);
      },
    };
    const connected = (socket: Socket): void => {
      const app = new AppConnection(socket, options.secret, this.#greeting(), commands, options.clock);
      this.#connections.add(app);
    };
    const failed = (error: Error): void =>
      options.logger.warn({ error: errorCode(error) }, 'the application port reported an error');
    for (const listener of listeners) listener.serve(connected, failed);
  }

  get adminAddress(): HostPort {
    return (this.listeners[0] as AppListener).address;
  }

  /** Undefined: applications connect in the clear alone. */
  get adminTlsAddress(): HostPort | undefined {
    return this.listeners[1]?.address;
  }

  get sipAddresses(): readonly ListenAddress[] {
    return this.layer.transport.addresses;
  }

  /**
   * What is there now. `sockets` are those of SIP, `apps` the connected applications. `lingering` are finished
   * transactions that RFC 3261 keeps for up to 32 s to absorb repetitions; they and their timers are in no other figure.
   */
  counts(): {
    transactions: number;
    lingering: number;
    dialogs: number;
    timers: number;
    sockets: number;
    apps: number;
  } {
    return {
      ...this.layer.counts(),
      dialogs: this.#context.dialogs.size,
      apps: this.#connections.size,
    };
  }

  /** Closes all sockets and timers at once; sends nothing. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#uas.close();
    this.#uac.close();
    this.#proxy.close();
    this.#handlers.close();
    for (const dialog of [...this.#context.dialogs]) this.#context.dialogs.remove(dialog);
    const closed = this.listeners.map((listener) => listener.close());
    for (const app of this.#connections) app.close();
    await Promise.all([...closed, this.layer.close()]);
  }

  #commands(): AppCommands {
    const { apps, dialogs } = this.#context;
    const once = new OnceLogger(this.options.logger);
    return {
      route: (app, verb) => apps.add(app, verb),
      removeRoute: (app, verb) => apps.remove(app, verb),
      authenticated: () => undefined,
      sip: (app, command) => this.#sip(app, command),
      proxy: (app, messageId, txn, command) => this.#uas.forward(app, messageId, txn, command),
      closed: (app) => {
        this.#connections.delete(app);
        if (this.#closed) return;
        apps.removeAll(app);
        this.#uas.appClosed(app);
        this.#uac.appClosed(app);
        // Answered calls go on without it; what their peers ask inside them gets 481.
        for (const dialog of [...dialogs]) {
          if (dialog.app === app) disown(this.#context, dialog);
        }
      },
      dropped: (reason) =>
        this.options.logger.warn({ reason }, 'the connection of an application was refused'),
      failed: (error) =>
        once.warn(errorCode(error), { error: errorCode(error) }, 'a command of an application failed here'),
    };
  }

  #sip(app: AppConnection, command: SipCommand): void {
    if (command.message.status > 0) this.#uas.respond(app, command);
    else this.#uac.request(app, command);
  }

  /** `HOSTPORTS|VERSION|LOCALHOSTPORTS`, the first as the world sees us. */
  #greeting(): string {
    const list = (outside: boolean): string =>
      this.sipAddresses
        .map(({ protocol, host, port }) => {
          const shown = outside ? (this.options.externalAddress ?? host) : host;
          return `${protocol}/${uriHost(shown)}:${port}`;
        })
        .join(',');
    return `${list(true)}|${version}|${list(false)}`;
  }
}
