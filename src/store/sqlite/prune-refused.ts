import { sql, type Kysely } from 'kysely';
import type { Tables } from './tables.js';

/** Deletes refused INVITEs that are too old, then all but the newest `keep`. Returns how many went. */
export async function pruneRefused(db: Kysely<Tables>, beforeMs: number, keep: number): Promise<number> {
  // `isRefused` in SQL. The literal leads to the index that has it.
  const refused = db
    .selectFrom('calls')
    .select('id')
    .where(sql<boolean>`end_reason = 'rejected'`)
    .where('direction', '=', 'inbound')
    .where('recording', 'is', null)
    .where('journal', 'is', null);
  const old = await db
    .deleteFrom('calls')
    .where('id', 'in', refused.where('received_at_ms', '<', beforeMs))
    .executeTakeFirst();
  // SQLite has no offset without a limit; -1 is none.
  const surplusIds = refused
    .orderBy('received_at_ms', 'desc')
    .orderBy('id', 'desc')
    .limit(-1)
    .offset(Math.max(0, keep));
  const surplus = await db.deleteFrom('calls').where('id', 'in', surplusIds).executeTakeFirst();
  return Number(old.numDeletedRows + surplus.numDeletedRows);
}
