import type { Kysely } from 'kysely';

/** Where the measured gap of a turn went, as JSON. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('turns').addColumn('ledger', 'text').execute();
}
