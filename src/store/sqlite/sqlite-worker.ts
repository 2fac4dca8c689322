import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { findCall, listCalls, saveCall } from './call-table.js';
import { migrate } from './migrations/migrate.js';
import { failureOf } from './sqlite-failure.js';
import type { Tables } from './tables.js';
import type { SqliteWorkerData, StoreAnswer, StoreCall, StoreRequest } from './worker-messages.js';

/** The thread that owns the database: statements block it, and no call. */
const { file, busyTimeoutMs } = workerData as SqliteWorkerData;

const opening = open();
opening.then(
  () => answer({ sequence: 0 }),
  (error: unknown) => answer({ sequence: 0, failure: failureOf(error, file) }),
);

// One request after the other: a list that follows a save has it.
let previous: Promise<void> = Promise.resolve();
parentPort?.on('message', (call: StoreCall) => {
  previous = previous.then(() => handle(call));
});

async function open(): Promise<Kysely<Tables>> {
  const database = new Database(file, { timeout: busyTimeoutMs });
  // WAL: commands read while the server writes. NORMAL loses no commit when the process dies, only the last ones when
  // the machine does, and saves an fsync per call: https://www.sqlite.org/pragma.html#pragma_synchronous
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = NORMAL');
  database.pragma('foreign_keys = ON');
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database }) });
  try {
    await migrate(db, file);
  } catch (error) {
    database.close();
    throw error;
  }
  return db;
}

async function handle({ sequence, request }: StoreCall): Promise<void> {
  try {
    answer({ sequence, value: await perform(await opening, request) });
  } catch (error) {
    answer({ sequence, failure: failureOf(error, file) });
  }
  if (request.type === 'close') parentPort?.close();
}

async function perform(db: Kysely<Tables>, request: StoreRequest): Promise<unknown> {
  switch (request.type) {
    case 'save':
      return saveCall(db, request.record);
    case 'list':
      return listCalls(db, request.query);
    case 'find':
      return findCall(db, request.key);
    case 'close':
      // SQLite writes the log back into the database and removes it when the last connection closes.
      return db.destroy();
  }
}

function answer(message: StoreAnswer): void {
  parentPort?.postMessage(message);
}
