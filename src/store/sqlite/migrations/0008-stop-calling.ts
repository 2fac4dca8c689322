import { sql, type Kysely } from 'kysely';

/** Who asked not to be called any more: calls in which it was said, and the keyed hashes of their numbers. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('calls')
    .addColumn('stop_calling', 'integer', (column) => column.notNull().defaultTo(sql`0`))
    .execute();
  await db.schema
    .createTable('stop_calling')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('since_ms', 'integer', (column) => column.notNull())
    .execute();
}
