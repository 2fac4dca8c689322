import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { defineErrors, errorCode } from './errors.js';

const folderError = defineErrors({
  CORE_FOLDER_UNMAKEABLE: {
    message: 'the folder {path} cannot be made ({reason}): choose another one',
    retryable: false,
    sipStatus: 503,
    httpStatus: 503,
  },
});

/**
 * Makes a folder and those above it; one that is there is kept as it is. Rejects CORE_FOLDER_UNMAKEABLE. Node's own recursive
 * mkdir tries for ever where a folder is there and nothing can be made in it, as in /proc.
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  const whole = resolve(path);
  try {
    await makeBelow(whole, mode);
  } catch (error) {
    throw folderError('CORE_FOLDER_UNMAKEABLE', { path: whole, reason: reasonOf(error) }, error);
  }
}

async function makeBelow(path: string, mode: number): Promise<void> {
  const above = dirname(path);
  if (above !== path && !(await isThere(above))) await makeBelow(above, mode);
  try {
    await mkdir(path, { mode });
  } catch (error) {
    // Another process may have made it since.
    if (errorCode(error) !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EEXIST: 'a file of that name is there',
  // The folder above is there.
  ENOENT: 'that file system takes no folders',
  ENOTDIR: 'a file stands where a folder above it should be',
  EPERM: 'this user may not write there',
  EROFS: 'that file system is read-only',
};

function reasonOf(error: unknown): string {
  const code = errorCode(error);
  return reasons[code] ?? code;
}
