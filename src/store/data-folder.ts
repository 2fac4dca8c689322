import { join } from 'node:path';

/** The database of a data folder, for the server that writes it and the commands that read it. */
export function databaseFile(dataDir: string): string {
  return join(dataDir, 'xiangyin.db');
}
