import { sql, type Kysely } from 'kysely';
import type { TaughtEntry, TaughtPhrase } from '../taught.js';
import type { Tables, TaughtRow } from './tables.js';

export async function teach(db: Kysely<Tables>, entry: TaughtEntry): Promise<void> {
  await db.replaceInto('taught').values(rowOf(entry)).execute();
}

export async function listTaught(db: Kysely<Tables>): Promise<readonly TaughtEntry[]> {
  const rows = await db.selectFrom('taught').selectAll().orderBy('taught_at_ms').orderBy('id').execute();
  return rows.map(entryOf);
}

export async function unteach(db: Kysely<Tables>, id: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('taught').where('id', '=', id).executeTakeFirst();
  return numDeletedRows > 0n;
}

export async function countMatch(db: Kysely<Tables>, id: string, atMs: number): Promise<void> {
  await db
    .updateTable('taught')
    .set({ matches: sql`matches + 1`, last_matched_ms: atMs })
    .where('id', '=', id)
    .execute();
}

export async function forgetSounds(db: Kysely<Tables>, callerKey: string): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('taught')
    .where('caller_key', '=', callerKey)
    .where('sound', 'is not', null)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

function rowOf(entry: TaughtEntry): TaughtRow {
  return {
    id: entry.id,
    dialect: entry.dialect,
    words: entry.words,
    sound: entry.sound && Buffer.from(entry.sound.buffer, entry.sound.byteOffset, entry.sound.byteLength),
    intent: entry.intent,
    phrases: JSON.stringify(entry.phrases),
    call_id: entry.callId,
    turn: entry.turn,
    caller_key: entry.callerKey,
    taught_by: entry.taughtBy,
    taught_at_ms: entry.taughtAtMs,
    matches: entry.matches,
    last_matched_ms: entry.lastMatchedMs,
  };
}

function entryOf(row: TaughtRow): TaughtEntry {
  return {
    id: row.id,
    dialect: row.dialect,
    words: row.words,
    // A copy: a Buffer of the driver may begin at an odd byte.
    sound: row.sound && new Int16Array(Uint8Array.from(row.sound).buffer),
    intent: row.intent,
    phrases: JSON.parse(row.phrases) as TaughtPhrase[],
    callId: row.call_id,
    turn: row.turn,
    callerKey: row.caller_key,
    taughtBy: row.taught_by,
    taughtAtMs: row.taught_at_ms,
    matches: row.matches,
    lastMatchedMs: row.last_matched_ms,
  };
}
