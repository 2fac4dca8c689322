import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { CallRecord } from '../store/call-record.js';
import type { CallStore } from '../store/call-store.js';
import { callEnded } from './channels.js';

/** Tells that a call is over and stores its record. Resolves when that was tried; never rejects. */
export async function keepRecord(
  record: CallRecord,
  setupMs: number | null,
  store: CallStore,
  logger: Logger,
): Promise<void> {
  callEnded.publish({ record, setupMs });
  try {
    await store.save(record);
  } catch (error) {
    logger.error({ call: record.id, code: errorCode(error) }, 'the record of a call could not be stored');
  }
}
