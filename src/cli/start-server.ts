import { ControlClient } from '../http/control-client.js';
import { Server, type ServerOptions } from '../server.js';
import { cliError } from './errors.js';

/**
 * Starts the server. Rejects as Server.start does, with CLI_CONFIGURED_FILE for what an option names and is not there, and with
 * CLI_ALREADY_SERVED.
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  await refuseSecond(options.config.dataDir);
  try {
    return await Server.start(options);
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    const option = path === undefined ? undefined : optionThatSays(path, options.config);
    if (path === undefined || option === undefined) throw error;
    throw cliError('CLI_CONFIGURED_FILE', { option, path, code: code ?? 'unknown' }, error);
  }
}

/**
 * Rejects with CLI_ALREADY_SERVED where a server runs on this data folder: a second one would take its control, its users'
 * telephones and its registrations at the trunks away.
 */
export async function refuseSecond(dataDir: string): Promise<void> {
  let pid: number;
  try {
    ({ pid } = await (await ControlClient.open(dataDir)).status());
  } catch {
    return; // nobody, or somebody else on the port of one that was killed
  }
  throw cliError('CLI_ALREADY_SERVED', { dataDir, pid });
}

/** `dialplans.dir`, if that is where the path stands. */
export function optionThatSays(path: string, tree: object): string | undefined {
  for (const [key, value] of Object.entries(tree) as [string, unknown][]) {
    if (value === path) return key;
    const below = typeof value === 'object' && value !== null ? optionThatSays(path, value) : undefined;
    if (below !== undefined) return `${key}.${below}`;
  }
  return undefined;
}
