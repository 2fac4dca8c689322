import { parentPort, workerData } from 'node:worker_threads';
import type { HostPort } from '../core/address.js';
import { systemClock } from '../core/clock.js';
import { DrachtioServer, type DrachtioSettings } from './drachtio/drachtio-server.js';
import { SipObservation } from './sip/sip-observation.js';
import type { ListenAddress } from './sip/transport.js';
import { hostServer, portLogger } from './worker-messages.js';

/** The SIP server's options as far as they can be copied into a worker. */
export interface DrachtioWorkerOptions extends DrachtioSettings {
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
