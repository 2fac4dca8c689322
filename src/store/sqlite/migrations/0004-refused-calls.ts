import { sql, type Kysely } from 'kysely';

/** Refused INVITEs are found by age, to be thrown away. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index calls_refused on calls (received_at_ms) where end_reason = 'rejected'`.execute(db);
}
