import type { Kysely } from 'kysely';

/** What was taught: words or sounds of callers that were not understood, and what they mean. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('taught')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('dialect', 'text', (column) => column.notNull())
    .addColumn('words', 'text')
    .addColumn('sound', 'blob')
    .addColumn('intent', 'text')
    .addColumn('phrases', 'text', (column) => column.notNull())
    .addColumn('call_id', 'text', (column) => column.notNull())
    .addColumn('turn', 'integer', (column) => column.notNull())
    .addColumn('caller_key', 'text')
    .addColumn('taught_by', 'text', (column) => column.notNull())
    .addColumn('taught_at_ms', 'integer', (column) => column.notNull())
    .addColumn('matches', 'integer', (column) => column.notNull())
    .addColumn('last_matched_ms', 'integer')
    .execute();
  await db.schema.createIndex('taught_caller_key').on('taught').column('caller_key').execute();
}
