import type { Kysely } from 'kysely';
import type { CallerMemory } from '../caller-memory.js';
import type { CallerMemoryRow, Tables } from './tables.js';

export async function rememberCaller(db: Kysely<Tables>, key: string, memory: CallerMemory): Promise<void> {
  await db.replaceInto('caller_memory').values(rowOf(key, memory)).execute();
}

export async function recallCaller(
  db: Kysely<Tables>,
  key: string,
  nowMs: number,
): Promise<CallerMemory | undefined> {
  const row = await db
    .selectFrom('caller_memory')
    .selectAll()
    .where('key', '=', key)
    .where('expires_at_ms', '>', nowMs)
    .executeTakeFirst();
  return row === undefined ? undefined : memoryOf(row);
}

export async function forgetCaller(db: Kysely<Tables>, key: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('caller_memory').where('key', '=', key).executeTakeFirst();
  return numDeletedRows > 0n;
}

export async function pruneCallers(db: Kysely<Tables>, nowMs: number, seenBeforeMs: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('caller_memory')
    .where((row) => row.or([row('expires_at_ms', '<=', nowMs), row('last_seen_ms', '<', seenBeforeMs)]))
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** The first time counts: since then every call was one too many. */
export async function stopCalling(db: Kysely<Tables>, key: string, sinceMs: number): Promise<void> {
  await db
    .insertInto('stop_calling')
    .values({ key, since_ms: sinceMs })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
}

export async function stoppedSince(db: Kysely<Tables>, key: string): Promise<number | undefined> {
  const row = await db.selectFrom('stop_calling').selectAll().where('key', '=', key).executeTakeFirst();
  return row?.since_ms;
}

function rowOf(key: string, memory: CallerMemory): CallerMemoryRow {
  return {
    key,
    dialect: memory.dialect,
    language: memory.language,
    confidence: memory.confidence,
    source: memory.source,
    confirmations: memory.confirmations,
    last_intents: JSON.stringify(memory.lastIntents),
    voice_speed: memory.voiceSpeed,
    last_seen_ms: memory.lastSeenMs,
    consent: memory.consent,
    expires_at_ms: memory.expiresAtMs,
  };
}

function memoryOf(row: CallerMemoryRow): CallerMemory {
  return {
    dialect: row.dialect,
    language: row.language,
    confidence: row.confidence,
    source: row.source,
    confirmations: row.confirmations,
    lastIntents: JSON.parse(row.last_intents) as string[],
    voiceSpeed: row.voice_speed,
    lastSeenMs: row.last_seen_ms,
    consent: row.consent,
    expiresAtMs: row.expires_at_ms,
  };
}
