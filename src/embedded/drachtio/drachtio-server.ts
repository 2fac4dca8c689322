import type { HostPort } from '../../core/address.js';
import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/logger.js';
import type { ListenAddress } from '../sip/transport.js';

export interface DrachtioServerOptions {
  readonly admin: HostPort;
  readonly secret: string;
  readonly sip: readonly string[];
  readonly externalAddress?: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timers?: { readonly t1Ms?: number; readonly t2Ms?: number; readonly t4Ms?: number } | undefined;
}

export abstract class DrachtioServer {
  static listen(options: DrachtioServerOptions): Promise<DrachtioServer> {
    return Promise.reject(new Error(`not yet ${String(options)}`));
  }
  abstract readonly adminAddress: HostPort;
  abstract readonly sipAddresses: readonly ListenAddress[];
  abstract counts(): { transactions: number; dialogs: number; timers: number; sockets: number; apps: number };
  abstract close(): Promise<void>;
}
