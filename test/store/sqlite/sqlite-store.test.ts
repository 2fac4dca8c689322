import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { t } from 'tap';
import type { Test } from 'tap';
import { createSqliteStore } from '../../../src/store/sqlite/sqlite-store.js';
import { callStoreContract } from '../../store-contract/call-store.js';
import { callerMemoryContract } from '../../store-contract/caller-memory.js';
import { taughtContract } from '../../store-contract/taught.js';
import { sampleRecord } from '../../store-contract/sample-record.js';

// Each has its own database, and waits most of its time: records of 100 ms are written together.
t.jobs = 4;

callStoreContract('SQLite', async (t) => {
  const file = join(t.testdir(), 'data', 'xiangyin.db');
  return { store: await createSqliteStore({ file }), reopen: () => createSqliteStore({ file }) };
});

callerMemoryContract('SQLite', async (t) => {
  const file = join(t.testdir(), 'data', 'xiangyin.db');
  const open = async () => {
    const store = await createSqliteStore({ file });
    return { callers: store.callers, close: () => store.close() };
  };
  return { ...(await open()), reopen: open };
});

taughtContract('SQLite', async (t) => {
  const file = join(t.testdir(), 'data', 'xiangyin.db');
  const open = async () => {
    const store = await createSqliteStore({ file });
    return { taught: store.taught, close: () => store.close() };
  };
  return { ...(await open()), reopen: open };
});

/** A database with one call in it, closed. */
async function keptDatabase(t: Test): Promise<string> {
  const file = join(t.testdir(), 'kept.db');
  const store = await createSqliteStore({ file });
  await store.save(sampleRecord());
  await store.close();
  return file;
}

t.test('a closed database is one file, with its log written back', async (t) => {
  const file = await keptDatabase(t);
  t.strictSame(await readdir(join(file, '..')), ['kept.db']);
});

t.test('the database and its log are for the owner only', async (t) => {
  const file = join(t.testdir(), 'x.db');
  const store = await createSqliteStore({ file });
  t.teardown(() => store.close());
  await store.save(sampleRecord());
  for (const name of [file, `${file}-wal`]) t.equal((await stat(name)).mode & 0o777, 0o600, name);
});

t.test('a record that cannot be kept is refused, and the store goes on', async (t) => {
  const store = await createSqliteStore({ file: join(t.testdir(), 'x.db') });
  t.teardown(() => store.close());
  const odd = { ...sampleRecord(), detail: (() => 'a function') as unknown as string };
  await t.rejects(store.save(odd), { name: 'DataCloneError' });
  const wrong = { ...sampleRecord(), endReason: null as unknown as 'error' };
  await t.rejects(store.save(wrong), { code: 'STORE_UNAVAILABLE', message: /SQLITE_CONSTRAINT_NOTNULL/ });
  t.strictSame(await store.list({}), [], 'nothing of it is kept');
  await store.save(sampleRecord());
  t.equal((await store.list({})).length, 1);
});

t.test('of records saved together each is kept or refused by itself', async (t) => {
  const store = await createSqliteStore({ file: join(t.testdir(), 'x.db') });
  t.teardown(() => store.close());
  const record = (id: string, other: object = {}) => ({ ...sampleRecord(), id, ...other });
  const outcomes = await Promise.allSettled([
    store.save(record('call-1')),
    store.save(record('call-2', { endReason: null })),
    store.save(record('call-3', { detail: () => 'a function' })),
    store.save(record('call-4', { detail: 'first' })),
    store.save(record('call-4', { detail: 'second' })),
  ]);
  t.same(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected', 'fulfilled', 'fulfilled'],
  );
  t.same((await store.list({})).map(({ id }) => id).sort(), ['call-1', 'call-4']);
  t.equal((await store.find('call-4'))?.detail, 'second', 'the later of one id counts');
});

t.test('what was saved just before the close is there', async (t) => {
  const file = join(t.testdir(), 'x.db');
  const store = await createSqliteStore({ file });
  const saved = store.save(sampleRecord());
  await store.close();
  await saved;
  const again = await createSqliteStore({ file });
  t.teardown(() => again.close());
  t.equal((await again.list({})).length, 1);
});

t.test('a second process may read while the first has it open for writing', async (t) => {
  const file = join(t.testdir(), 'x.db');
  const writer = await createSqliteStore({ file });
  const reader = await createSqliteStore({ file });
  t.teardown(() => Promise.all([writer.close(), reader.close()]));
  await writer.save(sampleRecord());
  t.strictSame(await reader.list({}), [sampleRecord()]);
});

t.test(
  'a database that another process holds locked is refused as locked, at opening and at saving',
  async (t) => {
    const file = await keptDatabase(t);
    const store = await createSqliteStore({ file, busyTimeoutMs: 20 });
    t.teardown(() => store.close());
    const other = new Database(file);
    t.teardown(() => other.close());
    other.exec('BEGIN IMMEDIATE');
    await t.rejects(store.save(sampleRecord()), {
      code: 'STORE_LOCKED',
      retryable: true,
      message: /another process/,
    });
    other.exec('COMMIT');
    await store.save(sampleRecord({ id: 'after-the-lock' }));
    t.equal((await store.find('after-the-lock'))?.id, 'after-the-lock', 'the store goes on after the lock');
    await store.close();

    other.pragma('locking_mode = EXCLUSIVE');
    other.exec('BEGIN EXCLUSIVE; UPDATE calls SET detail = NULL; COMMIT');
    await t.rejects(createSqliteStore({ file, busyTimeoutMs: 20 }), { code: 'STORE_LOCKED' });
  },
);

t.test('a file that is no database is refused and left alone', async (t) => {
  const noDatabase = join(t.testdir(), 'x.db');
  await writeFile(noDatabase, 'this is a letter to my aunt, and no database at all\n'.repeat(100));
  await t.rejects(createSqliteStore({ file: noDatabase }), {
    code: 'STORE_CORRUPT',
    retryable: false,
    message: /x\.db is damaged.*move it away/,
  });
  t.match(await readFile(noDatabase, 'utf8'), /^this is a letter/);
});

t.test('a database that is damaged inside is told as damaged when the damage is met', async (t) => {
  const file = await keptDatabase(t);
  const bytes = await readFile(file);
  // The first page, with the tables' names, stays whole; what is in them does not.
  await writeFile(file, bytes.fill(0xff, 4096));
  const damaged = createSqliteStore({ file }).then(async (store) => {
    t.teardown(() => store.close());
    await store.list({});
  });
  await t.rejects(damaged, { code: 'STORE_CORRUPT', retryable: false });
});

t.test('a database of a newer version is refused by name and not touched', async (t) => {
  const file = await keptDatabase(t);
  const other = new Database(file);
  other.exec(`INSERT INTO schema_migrations (name, timestamp) VALUES ('9999-from-the-future', '2030-01-01')`);
  other.close();
  await t.rejects(createSqliteStore({ file }), {
    code: 'STORE_NEWER_SCHEMA',
    message: /newer Xiangyin \(it has 9999-from-the-future\)/,
  });
});

t.test('migrations run once, and are remembered in schema_migrations', async (t) => {
  const file = await keptDatabase(t);
  await (await createSqliteStore({ file })).close();
  const other = new Database(file, { readonly: true });
  t.teardown(() => other.close());
  t.strictSame(other.prepare('SELECT name FROM schema_migrations ORDER BY name').pluck().all(), [
    '0001-calls-and-turns',
    '0002-turn-gap',
    '0003-transfers',
    '0004-refused-calls',
    '0005-caller-memory',
    '0006-taught',
    '0007-turn-ledger',
    '0008-stop-calling',
    '0009-call-media',
  ]);
  t.equal(other.pragma('journal_mode', { simple: true }), 'wal');
});

t.test('a database of an older version is brought up to date with its calls kept', async (t) => {
  const file = await keptDatabase(t);
  const other = new Database(file);
  other.exec(
    `ALTER TABLE turns DROP COLUMN gap_ms; DROP TABLE transfers; DROP INDEX calls_refused; DROP TABLE caller_memory;
     DROP TABLE taught; ALTER TABLE turns DROP COLUMN ledger;
     ALTER TABLE calls DROP COLUMN stop_calling; DROP TABLE stop_calling; ALTER TABLE calls DROP COLUMN media;
     DELETE FROM schema_migrations WHERE name <> '0001-calls-and-turns'`,
  );
  other.close();
  const store = await createSqliteStore({ file });
  t.teardown(() => store.close());
  t.strictSame(await store.list({}), [sampleRecord()]);
});

t.test('a folder that cannot be made is refused with the reason', async (t) => {
  const dir = t.testdir({ taken: 'a file' });
  await t.rejects(createSqliteStore({ file: join(dir, 'taken', 'x.db') }), {
    code: 'STORE_UNAVAILABLE',
    message: /(EEXIST|ENOTDIR)/,
  });
  const folder = t.testdir({ 'x.db': {} });
  await t.rejects(createSqliteStore({ file: join(folder, 'x.db') }), {
    code: 'STORE_UNAVAILABLE',
    message: /EISDIR/,
  });
});
