import type { Kysely } from 'kysely';

/** What was tried to connect callers with somebody else. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('transfers')
    .addColumn('call_id', 'text', (column) => column.notNull().references('calls.id').onDelete('cascade'))
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('node', 'text')
    .addColumn('target', 'text', (column) => column.notNull())
    .addColumn('method', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('sip_status', 'integer')
    .addColumn('detail', 'text')
    .addColumn('start_ms', 'real', (column) => column.notNull())
    .addColumn('answered_ms', 'real')
    .addColumn('ended_ms', 'real', (column) => column.notNull())
    .addPrimaryKeyConstraint('transfers_key', ['call_id', 'position'])
    .execute();
}
