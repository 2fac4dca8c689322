import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../core/errors.js';
import { httpError } from './errors.js';

/** How a command on this machine reaches and convinces the running server. */
export interface ControlAccess {
  /** Where the server listens: `http://127.0.0.1:8080`. */
  readonly base: string;
  readonly token: string;
}

/** Who may read the data folder's token may end calls: that is the user that runs the server. */
const ownerOnly = 0o600;

/** Leaves the token and the server's address where commands find them, in one step. */
export async function writeControlAccess(dataDir: string, access: ControlAccess): Promise<void> {
  const file = fileOf(dataDir);
  const fresh = `${file}.${process.pid}`;
  await mkdir(dataDir, { recursive: true });
  await rm(fresh, { force: true });
  await writeFile(fresh, `${access.token}\n${access.base}\n`, { mode: ownerOnly, flag: 'wx' });
  await rename(fresh, file);
}

/** Rejects with HTTP_NO_SERVER when there is none, HTTP_CONTROL_TOKEN_UNREADABLE when it is another user's. */
export async function readControlAccess(dataDir: string): Promise<ControlAccess> {
  const file = fileOf(dataDir);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const reason = errorCode(error);
    if (reason === 'ENOENT')
      throw httpError('HTTP_NO_SERVER', { dataDir, reason: 'it has no control.token' }, error);
    throw httpError('HTTP_CONTROL_TOKEN_UNREADABLE', { file, reason }, error);
  }
  const [secret, base] = text.split('\n');
  if (!secret || !base) throw httpError('HTTP_CONTROL_TOKEN_UNREADABLE', { file, reason: 'it is cut short' });
  return { token: secret, base };
}

/** Takes the token away when the server ends, unless another server has written its own since. */
export async function removeControlAccess(dataDir: string, access: ControlAccess): Promise<void> {
  const present = await readControlAccess(dataDir).catch(() => undefined);
  if (present?.token === access.token) await rm(fileOf(dataDir), { force: true });
}

function fileOf(dataDir: string): string {
  return join(dataDir, 'control.token');
}
