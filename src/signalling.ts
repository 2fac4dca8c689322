import { join } from 'node:path';
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
import { identifyCaller } from './sip/caller-identification.js';
import { Callers } from './sip/callers.js';
import { Dialer, type UserBindings } from './sip/dialer.js';
import type { DigestAlgorithm } from './sip/digest.js';
import { DigestAuthenticator } from './sip/digest-authenticator.js';
import { InviteRate } from './sip/invite-rate.js';
import { Locations, type Registration } from './sip/locations.js';
import { Registrar } from './sip/registrar.js';
import { SipAgent, type SipAgentOptions } from './sip/sip-agent.js';
import { sendRequest } from './sip/sip-request.js';
import { Trunks } from './sip/trunks.js';
import { Users } from './sip/users.js';

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
  /** Telephones of our users that are registered now. */
  readonly registrations: () => readonly Registration[];
  /** Takes registrations back (a second at most) and disconnects. Safe to call twice. */
  close(): Promise<void>;
}

/** Builds what stands between drachtio and the calls: identification, admission, an agent for each drachtio server. */
export async function openSignalling(options: SignallingOptions): Promise<Signalling> {
  const { config, drachtio, draining, clock, logger } = options;
  const trunks = new Trunks({ file: config.trunks, clock, logger });
  for (const problem of (await trunks.loadOrFail()).problems) logger.warn({}, problem);
  const callers = new Callers(config.callers, () => trunks.names);
  for (const problem of (await callers.loadOrFail()).problems) logger.warn({}, problem);
  const admission = admissionOf(options, callers);
  const users = new Users(config.dataDir, logger, config.sip.realm);
  users.refresh();
  const isUser = (name: string): boolean => users.find(name) !== undefined;
  const { realm } = config.sip;
  // The configuration's schema lets no other name pass.
  const algorithms = config.sip.digestAlgorithms as readonly DigestAlgorithm[];
  const authenticator = new DigestAuthenticator({
    realm,
    find: (name) => users.find(name),
    clock,
    logger,
    algorithms,
  });
  const locations = new Locations({
    clock,
    logger,
    userId: (name) => users.find(name)?.id,
    file: join(config.dataDir, 'registrations.json'),
  });
  await locations.load();
  const registrar = new Registrar({ authenticator, locations, clock });
  const identification = {
    trunkOf: (address: string) => trunks.trunkOf(address),
    isUser,
    authenticator,
  };
  const identify: SipAgentOptions['identify'] = (request) => identifyCaller(identification, request);
  const agents = drachtio.map(
    (daemon) => new SipAgent({ drachtio: daemon, admission, identify, draining, clock, logger }),
  );
  const isOwnHost = (host: string): boolean =>
    host === realm.toLowerCase() ||
    // directHosts names our own address when another SIP server runs on this machine.
    (!trunks.mayDial(host) && ownHosts(config, agents).includes(host));
  // Whoever is no user any more is not called, registered or not.
  const bindings = (user: string) => (isUser(user) ? locations.bindings(user) : []);
  const reached: UserBindings = {
    bindings,
    undelivered: (user, telephone) => locations.undelivered(user, telephone),
  };
  const dialers = agents.map((agent, index) => {
    const { srf } = agent;
    registrar.serve(srf);
    const dialer = new Dialer({ srf, clock, logger, trunks, locations: reached, isUser, isOwnHost });
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
    registrations: () => locations.all().filter(({ user }) => isUser(user)),
    close: async () => {
      await trunks.close();
      for (const agent of agents) agent.close();
      await locations.close();
    },
  };
}

/** Lower case, IPv6 without brackets. */
function ownHosts({ sip }: Config, agents: readonly SipAgent[]): readonly string[] {
  const listening = agents.flatMap((agent) => agent.sipAddresses);
  const hosts = listening.map((address) => /\/\[?(.*?)\]?:\d+$/.exec(address)?.[1] ?? '');
  return [...hosts, ...(sip.externalAddress === undefined ? [] : [sip.externalAddress.toLowerCase()])];
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
