import { defineErrors } from '../core/errors.js';

export const storeError = defineErrors({
  STORE_UNAVAILABLE: {
    message:
      'the database {file} cannot be used ({reason}): check that its folder exists and may be written to',
    retryable: true,
    sipStatus: 503,
    httpStatus: 503,
  },
  STORE_LOCKED: {
    message:
      'the database {file} is locked by another process: close the program that holds it open, then try again',
    retryable: true,
    sipStatus: 503,
    httpStatus: 503,
  },
  STORE_DISK_FULL: {
    message: 'no space is left for the database {file}: make room on its disk, nothing is kept until then',
    retryable: true,
    sipStatus: 503,
    httpStatus: 503,
  },
  STORE_CORRUPT: {
    message:
      'the database {file} is damaged or no database: move it away to start with an empty one; `sqlite3 {file} .recover` may save what was in it',
    retryable: false,
    sipStatus: 503,
    httpStatus: 503,
  },
  STORE_NEWER_SCHEMA: {
    message:
      'the database {file} was written by a newer Xiangyin (it has {migration}): start that version, or give another dataDir',
    retryable: false,
    sipStatus: 503,
    httpStatus: 503,
  },
  STORE_DRIVER_MISSING: {
    message:
      'better-sqlite3 was not built for this Node: run `npm rebuild better-sqlite3` (on Debian: apt install build-essential python3)',
    retryable: false,
    sipStatus: 503,
    httpStatus: 503,
  },
  STORE_CALLER_KEY_UNUSABLE: {
    message:
      'the key of the caller memory {file} cannot be used ({reason}): mend its mode or folder; if it is lost, remove it, and callers are learnt anew',
    retryable: false,
    sipStatus: 503,
    httpStatus: 503,
  },
  STORE_CLOSED: {
    message: 'the store is closed already',
    retryable: false,
    sipStatus: 503,
    httpStatus: 503,
  },
  STORE_AMBIGUOUS_ID: {
    message: 'several calls begin with that: {candidates}. Give more of the id',
    retryable: false,
    sipStatus: 500,
    httpStatus: 409,
  },
});

/** The codes above. */
export type StoreErrorCode = Parameters<typeof storeError>[0];
