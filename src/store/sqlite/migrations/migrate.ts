import { Migrator } from 'kysely';
import type { Kysely, Migration } from 'kysely';
import { storeError } from '../../errors.js';
import * as callsAndTurns from './0001-calls-and-turns.js';
import * as turnGap from './0002-turn-gap.js';
import * as transfers from './0003-transfers.js';
import * as refusedCalls from './0004-refused-calls.js';
import * as callerMemory from './0005-caller-memory.js';
import * as taught from './0006-taught.js';
import * as turnLedger from './0007-turn-ledger.js';
import * as stopCalling from './0008-stop-calling.js';
import * as callMedia from './0009-call-media.js';

/** Every change of the tables, in order. One that was released is never edited: what it did wrong, the next one mends. */
const migrations: Readonly<Record<string, Migration>> = {
  '0001-calls-and-turns': callsAndTurns,
  '0002-turn-gap': turnGap,
  '0003-transfers': transfers,
  '0004-refused-calls': refusedCalls,
  '0005-caller-memory': callerMemory,
  '0006-taught': taught,
  '0007-turn-ledger': turnLedger,
  '0008-stop-calling': stopCalling,
  '0009-call-media': callMedia,
};

const table = 'schema_migrations';

/** Brings the database to the present tables. Throws STORE_NEWER_SCHEMA if it is already beyond them. */
export async function migrate<T>(db: Kysely<T>, file: string): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve({ ...migrations }) },
    migrationTableName: table,
    migrationLockTableName: `${table}_lock`,
  });
  const unknown = (await appliedMigrations(db)).find((name) => migrations[name] === undefined);
  if (unknown !== undefined) throw storeError('STORE_NEWER_SCHEMA', { file, migration: unknown });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}

async function appliedMigrations<T>(db: Kysely<T>): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === table)) return [];
  const untyped = db as unknown as Kysely<{ [table]: { name: string } }>;
  return (await untyped.selectFrom(table).select('name').execute()).map(({ name }) => name);
}
