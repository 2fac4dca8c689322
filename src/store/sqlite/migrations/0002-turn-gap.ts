import type { Kysely } from 'kysely';

/** The measured gap of a turn. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('turns').addColumn('gap_ms', 'real').execute();
}
