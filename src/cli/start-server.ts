import { Server, type ServerOptions } from '../server.js';
import { cliError } from './errors.js';

/** Starts the server. Rejects as Server.start does, and with CLI_CONFIGURED_FILE for what an option names and is not there. */
export async function startServer(options: ServerOptions): Promise<Server> {
  try {
    return await Server.start(options);
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    const option = path === undefined ? undefined : optionThatSays(path, options.config);
    if (path === undefined || option === undefined) throw error;
    throw cliError('CLI_CONFIGURED_FILE', { option, path, code: code ?? 'unknown' }, error);
  }
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
