import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { loadConfig } from '../config/load-config.js';
import type { Config } from '../config/schema.js';
import { errorCode } from '../core/errors.js';
import type { CallRecord } from '../store/call-record.js';
import type { CallStore } from '../store/call-store.js';
import { databaseFile } from '../store/data-folder.js';
import { createSqliteStore } from '../store/sqlite/sqlite-store.js';
import { cliError } from './errors.js';

/** What names the data folder on the command line. */
export interface DataFolderFlags {
  readonly config?: string;
  readonly dataDir?: string;
}

export const configOption = [
  '--config <file>',
  'configuration file (default: xiangyin.yaml here, if there is one)',
] as const;

/** A command that reads a data folder, or asks the server that runs on it. */
export function dataFolderCommand(parent: Command, usage: string, description: string): Command {
  return parent
    .command(usage)
    .description(description)
    .option(...configOption)
    .option('--data-dir <folder>', 'folder that the server writes to (default: ./data)');
}

/** What the flags, the environment and the configuration file say. */
export function configOf(flags: DataFolderFlags): Promise<Config> {
  return loadConfig({
    ...(flags.config !== undefined && { file: flags.config }),
    env: process.env,
    flags: { dataDir: flags.dataDir },
    cwd: process.cwd(),
  });
}

export async function dataDirOf(flags: DataFolderFlags): Promise<string> {
  return (await configOf(flags)).dataDir;
}

/**
 * Reads from the kept calls of a data folder, whether or not a server runs on it. A look leaves no database behind where
 * there was none: rejects with CLI_NO_DATABASE, and with CLI_DATA_FOLDER_UNREADABLE.
 */
export async function withKeptCalls<T>(dataDir: string, read: (store: CallStore) => Promise<T>): Promise<T> {
  const file = databaseFile(dataDir);
  await stat(file).catch((error: unknown) => {
    const reason = errorCode(error);
    if (reason === 'ENOENT') throw cliError('CLI_NO_DATABASE', { dataDir });
    throw cliError('CLI_DATA_FOLDER_UNREADABLE', { dataDir, reason }, error);
  });
  const store = await createSqliteStore({ file });
  try {
    return await read(store);
  } finally {
    await store.close();
  }
}

/** The call of an id, a beginning of one, or a SIP Call-ID. Rejects with CLI_NO_SUCH_CALL. */
export async function keptCall(dataDir: string, key: string): Promise<CallRecord> {
  const record = await withKeptCalls(dataDir, (store) => store.find(key));
  if (record === undefined) throw cliError('CLI_NO_SUCH_CALL', { key, dataDir });
  return record;
}
