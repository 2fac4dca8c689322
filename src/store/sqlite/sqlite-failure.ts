import { errorCode, XiangyinError } from '../../core/errors.js';
import type { StoreErrorCode } from '../errors.js';
import type { StoreFailure } from './worker-messages.js';

/** What an error of better-sqlite3, Kysely or Node means to the owner of the database. */
export function failureOf(error: unknown, file: string): StoreFailure {
  if (error instanceof XiangyinError) {
    return { code: error.code as StoreErrorCode, details: error.details };
  }
  const reason = errorCode(error);
  return { code: storeCode(reason, error), details: { file, reason } };
}

function storeCode(reason: string, error: unknown): StoreErrorCode {
  // Extended result codes begin with the primary one (SQLITE_BUSY_SNAPSHOT, SQLITE_CORRUPT_INDEX):
  // https://www.sqlite.org/rescode.html
  if (/^SQLITE_(BUSY|LOCKED)/.test(reason)) return 'STORE_LOCKED';
  if (/^SQLITE_(CORRUPT|NOTADB|FORMAT)/.test(reason)) return 'STORE_CORRUPT';
  if (/^(SQLITE_FULL|ENOSPC)/.test(reason)) return 'STORE_DISK_FULL';
  if (reason === 'ERR_DLOPEN_FAILED' || (error instanceof Error && error.message.includes('bindings file'))) {
    return 'STORE_DRIVER_MISSING';
  }
  return 'STORE_UNAVAILABLE';
}
