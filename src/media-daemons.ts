import type { Config } from './config/schema.js';
import { parseHostPort, type HostPort } from './core/address.js';
import type { Clock } from './core/clock.js';
import type { Logger } from './core/logger.js';
import type { Daemons } from './daemons.js';
import { serverError } from './errors.js';
import type { MediaServerOptions } from './media/media-server.js';

/** What the `agent`th drachtio connection needs to reach each media server. Throws SERVER_ADDRESS_INVALID. */
export function mediaServersOf(
  { config, clock, logger }: { readonly config: Config; readonly clock: Clock; readonly logger: Logger },
  { freeswitch }: Daemons,
  agent: number,
): MediaServerOptions[] {
  const { profile, eventSocketListen, eventSocketAdvertise } = config.mediaServer;
  const listen = hostPort('mediaServer.eventSocketListen', eventSocketListen);
  const advertise =
    eventSocketAdvertise === undefined
      ? undefined
      : hostPort('mediaServer.eventSocketAdvertise', eventSocketAdvertise);
  return freeswitch.map(({ address, secret }, index) => {
    // Each connection waits on a port of its own.
    const nth = agent * freeswitch.length + index;
    return {
      address,
      secret,
      profile,
      eventSocketListen: furtherPort(listen, nth),
      eventSocketAdvertise: advertise && furtherPort(advertise, nth),
      clock,
      logger,
    };
  });
}

/** An address of the configuration. Throws SERVER_ADDRESS_INVALID, which names the option. */
export function hostPort(option: string, value: string): HostPort {
  const parsed = parseHostPort(value);
  if (parsed === undefined) throw serverError('SERVER_ADDRESS_INVALID', { option, value });
  return parsed;
}

/** The port `by` further; 0 stays 0, any free one. */
function furtherPort({ host, port }: HostPort, by: number): HostPort {
  return { host, port: port === 0 ? 0 : port + by };
}
