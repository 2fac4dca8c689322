import { parentPort, workerData } from 'node:worker_threads';
import type { HostPort } from '../core/address.js';
import { systemClock } from '../core/clock.js';
import { DrachtioServer } from './drachtio/drachtio-server.js';
import type { RequestHandlerOptions } from './drachtio/request-handlers.js';
import { SipObservation } from './sip/sip-observation.js';
import type { ConnectionLimits } from './sip/connection-limits.js';
import type { TlsOptions } from './sip/tls-identity.js';
import type { ListenAddress } from './sip/transport.js';
import { hostServer, portLogger } from './worker-messages.js';

/** The SIP server's options as far as they can be copied into a worker. */
export interface DrachtioWorkerOptions {
  /** Where client applications connect. */
  readonly admin: HostPort;
  readonly secret: string;
  /** `udp:127.0.0.1:5060`, `tcp:`, `tls:`, `ws:`, `wss:`. */
  readonly sip: readonly string[];
  /** Needed for `tls:` and `wss:`. */
  readonly tls?: TlsOptions | undefined;
  /** What peers may take by connecting; what is left out has its default. */
  readonly connections?: Partial<ConnectionLimits> | undefined;
  /** What Contact and Via say instead of the address listened on. */
  readonly externalAddress?: string | undefined;
  /** Who decides where new requests go, per method; without one the connected applications get them. Default: none. */
  readonly requestHandlers?: readonly RequestHandlerOptions[] | undefined;
  /** Memory for the messages of the last calls, bytes. Default 16 MB; 0 keeps none. */
  readonly traceBytes?: number | undefined;
}

export interface DrachtioAddresses {
  readonly adminAddress: HostPort;
  readonly sipAddresses: readonly ListenAddress[];
}

if (parentPort !== null) {
  const logger = portLogger(parentPort, { server: 'sip' });
  hostServer<DrachtioAddresses>(parentPort, logger, async () => {
    const options = workerData as DrachtioWorkerOptions;
    const observer = new SipObservation(systemClock, options);
    const server = await DrachtioServer.listen({ ...options, clock: systemClock, logger, observer });
    return {
      addresses: { adminAddress: server.adminAddress, sipAddresses: [...server.sipAddresses] },
      counts: () => ({ ...server.counts() }),
      metrics: () => observer.metrics(server.counts()),
      trace: (key) => observer.trace(key),
      close: () => server.close(),
    };
  });
}
