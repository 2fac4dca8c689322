import type { Kysely } from 'kysely';

/** How a call's packets fared: JSON, since it is only ever read with its call. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('calls').addColumn('media', 'text').execute();
}
