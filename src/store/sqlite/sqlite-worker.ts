import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import type { CallRecord } from '../call-record.js';
import { findCall, listCalls, saveCalls } from './call-table.js';
import {
  forgetCaller,
  pruneCallers,
  recallCaller,
  rememberCaller,
  stopCalling,
  stoppedSince,
} from './caller-memory-table.js';
import { migrate } from './migrations/migrate.js';
import { pruneRefused } from './prune-refused.js';
import { failureOf } from './sqlite-failure.js';
import type { Tables } from './tables.js';
import { countMatch, forgetSounds, listTaught, teach, unteach } from './taught-table.js';
import type {
  SaveOutcome,
  SqliteWorkerData,
  StoreAnswer,
  StoreCall,
  StoreFailure,
  StoreRequest,
} from './worker-messages.js';

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
      return save(db, request.records);
    case 'list':
      return listCalls(db, request.query);
    case 'find':
      return findCall(db, request.key);
    case 'pruneRefused':
      return pruneRefused(db, request.beforeMs, request.keep);
    case 'remember':
      return rememberCaller(db, request.key, request.memory);
    case 'recall':
      return recallCaller(db, request.key, request.nowMs);
    case 'forget':
      return forgetCaller(db, request.key);
    case 'pruneCallers':
      return pruneCallers(db, request.nowMs, request.seenBeforeMs);
    case 'stopCalling':
      return stopCalling(db, request.key, request.atMs);
    case 'stoppedSince':
      return stoppedSince(db, request.key);
    case 'teach':
      return teach(db, request.entry);
    case 'listTaught':
      return listTaught(db);
    case 'unteach':
      return unteach(db, request.id);
    case 'taughtMatched':
      return countMatch(db, request.id, request.atMs);
    case 'forgetSounds':
      return forgetSounds(db, request.callerKey);
    case 'close':
      // SQLite writes the log back into the database and removes it when the last connection closes.
      return db.destroy();
  }
}

/** One commit for all; when that fails, each by itself, so that no record goes with another that cannot be kept. */
async function save(db: Kysely<Tables>, records: readonly CallRecord[]): Promise<SaveOutcome> {
  const failure = await outcome(saveCalls(db, records));
  if (records.length === 1 || failure === null) return records.map(() => failure);
  const outcomes: (StoreFailure | null)[] = [];
  for (const record of records) outcomes.push(await outcome(saveCalls(db, [record])));
  return outcomes;
}

function outcome(saved: Promise<void>): Promise<StoreFailure | null> {
  return saved.then(
    () => null,
    (error: unknown) => failureOf(error, file),
  );
}

function answer(message: StoreAnswer): void {
  parentPort?.postMessage(message);
}
