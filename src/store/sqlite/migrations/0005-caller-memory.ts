import type { Kysely } from 'kysely';

/** What is remembered of callers, by keyed hash of the number. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('caller_memory')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('dialect', 'text', (column) => column.notNull())
    .addColumn('language', 'text', (column) => column.notNull())
    .addColumn('confidence', 'real', (column) => column.notNull())
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('confirmations', 'real', (column) => column.notNull())
    .addColumn('last_intents', 'text', (column) => column.notNull())
    .addColumn('voice_speed', 'real')
    .addColumn('last_seen_ms', 'integer', (column) => column.notNull())
    .addColumn('consent', 'text', (column) => column.notNull())
    .addColumn('expires_at_ms', 'integer', (column) => column.notNull())
    .execute();
  for (const column of ['expires_at_ms', 'last_seen_ms'])
    await db.schema.createIndex(`caller_memory_${column}`).on('caller_memory').column(column).execute();
}
