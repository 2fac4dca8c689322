import type { Config } from './config/schema.js';
import type { Clock } from './core/clock.js';
import type { Logger } from './core/logger.js';
import type { Daemon } from './daemons.js';
import {
  Admission,
  bodyStep,
  capacityStep,
  contactStep,
  drainingStep,
  scannerStep,
} from './sip/admission.js';
import { stranger } from './sip/caller-identity.js';
import { SipAgent } from './sip/sip-agent.js';

export interface SignallingOptions {
  readonly config: Config;
  readonly drachtio: readonly Daemon[];
  readonly draining: () => boolean;
  readonly liveCalls: () => number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The SIP room put together from the configuration. */
export interface Signalling {
  /** One for each drachtio server; not yet connected. */
  readonly agents: readonly SipAgent[];
  /** Safe to call twice. */
  close(): void;
}

/** Builds what stands between drachtio and the calls: identification, admission, an agent for each drachtio server. */
export function openSignalling(options: SignallingOptions): Promise<Signalling> {
  const { config, drachtio, draining, liveCalls, clock, logger } = options;
  const admission = new Admission([
    drainingStep(draining),
    contactStep,
    scannerStep,
    bodyStep,
    capacityStep(liveCalls, config.calls.maxConcurrent),
  ]);
  const identify = () => stranger;
  const agents = drachtio.map(
    (daemon) => new SipAgent({ drachtio: daemon, admission, identify, draining, clock, logger }),
  );
  return Promise.resolve({
    agents,
    close: () => {
      for (const agent of agents) agent.close();
    },
  });
}
