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
  rateStep,
  scannerStep,
  type IsFavoured,
} from './sip/admission.js';
import { stranger } from './sip/caller-identity.js';
import { Callers } from './sip/callers.js';
import { Dialer } from './sip/dialer.js';
import { InviteRate } from './sip/invite-rate.js';
import { SipAgent, type SipAgentOptions } from './sip/sip-agent.js';
import { sendRequest } from './sip/sip-request.js';
import { trunkIdentity } from './sip/trunk-identity.js';
import { Trunks } from './sip/trunks.js';

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
  /** Who places calls: one for each agent, in the same order. They know no callers; who may dial is checked before. */
  readonly dialers: readonly Dialer[];
  readonly trunks: Trunks;
  readonly callers: Callers;
  /** Takes registrations back (a second at most) and disconnects. Safe to call twice. */
  close(): Promise<void>;
}

/** Builds what stands between drachtio and the calls: identification, admission, an agent for each drachtio server. */
export async function openSignalling(options: SignallingOptions): Promise<Signalling> {
  const { config, drachtio, draining, clock, logger } = options;
  const callers = new Callers(config.callers);
  for (const problem of (await callers.loadOrFail()).problems) logger.warn({}, problem);
  const admission = admissionOf(options, callers);
  const trunks = new Trunks({ file: config.trunks, clock, logger });
  for (const problem of (await trunks.loadOrFail()).problems) logger.warn({}, problem);
  const identify: SipAgentOptions['identify'] = (request) => {
    // Whoever else a request claims to come from: what the carrier's address sends is the carrier's.
    const trunk = trunks.trunkOf(request.source_address);
    return trunk === undefined ? stranger : trunkIdentity(trunk, request);
  };
  const agents = drachtio.map(
    (daemon) => new SipAgent({ drachtio: daemon, admission, identify, draining, clock, logger }),
  );
  const dialers = agents.map((agent, index) => {
    const { srf } = agent;
    const dialer = new Dialer({ srf, clock, logger, trunks, locations: { bindings: () => [] } });
    agent.on('lost', () => dialer.lost());
    // A carrier knows one registration of us: the first drachtio server's.
    if (index === 0) {
      agent.on('connected', () => trunks.connect((request) => sendRequest(srf, clock, request)));
    }
    return dialer;
  });
  return {
    agents,
    dialers,
    trunks,
    callers,
    close: async () => {
      await trunks.close();
      for (const agent of agents) agent.close();
    },
  };
}

/** The cheap and general steps come first: what a flood brings is refused before anything is looked up. */
function admissionOf({ config, draining, liveCalls, clock }: SignallingOptions, callers: Callers): Admission {
  const { invitesPerSecond, invitesPerSecondPerAddress } = config.admission;
  const rate = new InviteRate({
    clock,
    perSecond: invitesPerSecond,
    perSecondPerAddress: invitesPerSecondPerAddress,
  });
  const places = { limit: config.calls.maxConcurrent, reserved: config.calls.reservedForFavoured };
  const isFavoured: IsFavoured = (invite) => callers.isFavoured(invite);
  return new Admission([
    drainingStep(draining),
    rateStep(rate, isFavoured),
    contactStep,
    scannerStep,
    callers.step,
    bodyStep,
    capacityStep(liveCalls, places, isFavoured),
  ]);
}
