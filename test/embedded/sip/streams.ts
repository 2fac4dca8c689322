import { systemClock } from '../../../src/core/clock.js';
import {
  ConnectionGate,
  defaultConnectionLimits,
  type ConnectionLimits,
} from '../../../src/embedded/sip/connection-limits.js';
import { networkInterfaces } from 'node:os';
import { loadTlsIdentity, type TlsOptions } from '../../../src/embedded/sip/tls-identity.js';
import type { Receive } from '../../../src/embedded/sip/transport.js';
import type { StreamSurroundings } from '../../../src/embedded/sip/transport-stream.js';

/** What a stream listener needs, for one that stands alone. `troubles` collects what its connections died of. */
export async function surroundings(
  receive: Receive,
  limits: Partial<ConnectionLimits> = {},
  tls: TlsOptions = {},
): Promise<StreamSurroundings & { readonly troubles: string[] }> {
  const all = { ...defaultConnectionLimits, ...limits };
  const troubles: string[] = [];
  return {
    receive,
    troubles,
    trouble: (error) => void troubles.push((error as NodeJS.ErrnoException).code ?? error.message),
    clock: systemClock,
    limits: all,
    gate: new ConnectionGate(all),
    tls: await loadTlsIdentity(tls, []),
  };
}

/** Whether this machine has ::1. */
export const hasIPv6 = Object.values(networkInterfaces())
  .flat()
  .some((entry) => entry?.address === '::1');
