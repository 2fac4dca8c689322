import { readdir } from 'node:fs/promises';
import { t } from 'tap';
import { addCallersCommand } from '../../src/cli/callers.js';
import { CallerKeys } from '../../src/store/caller-keys.js';
import { databaseFile } from '../../src/store/data-folder.js';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { sampleTaught } from '../store-contract/taught.js';
import { sampleMemory } from '../store-contract/caller-memory.js';
import { runCommand } from './run-command.js';
import { serveFakeControl } from './serve-fake-control.js';

t.afterEach(() => (process.exitCode = 0));

const later = Date.now() + 86_400_000;

t.test('a running server is asked, and erases', async (t) => {
  const { control, dataDir } = await serveFakeControl(t);
  const run = (...line: string[]) =>
    runCommand(t, addCallersCommand, ['callers', ...line, '--data-dir', dataDir]);
  control.callers.set('+8613800138000', sampleMemory());
  const shown = await run('show', '+8613800138000');
  t.match(shown, /yue \(Cantonese, 广东话\): by his words, 97 % sure/);
  t.match(shown, /wanted +bill, person/);
  t.notMatch(shown, /138/, 'the number is not said again');
  t.strictSame(JSON.parse(await run('show', '+8613800138000', '--json')), {
    remembered: true,
    ...sampleMemory(),
  });
  t.equal(process.exitCode, 0);
  t.notMatch(shown, /stop mark/);
  control.stoppedSinceMs = Date.UTC(2026, 10, 21);
  t.match(await run('show', '+8613800138000'), /stop mark +asked on 2026-11-2[01] .* not to be called/);
  t.match(JSON.parse(await run('show', '+8613800138000', '--json')), {
    stoppedSinceMs: Date.UTC(2026, 10, 21),
  });
  control.stoppedSinceMs = undefined;
  t.equal(
    await run('forget', '+8613800138000', '--json'),
    '{"forgotten":true,"taught":{"erased":0,"kept":0}}',
  );
  t.equal(await run('forget', '+8613800138000'), 'nothing was remembered of this number');
  t.equal(await run('show', '+8613800138000', '--json'), '{"remembered":false}');
  t.equal(process.exitCode, 1);
  t.match(control.asked, [
    'show caller +8613800138000',
    'show caller +8613800138000',
    'show caller +8613800138000',
    'show caller +8613800138000',
    'forget caller +8613800138000',
  ]);
});

t.test('without a server the data folder is asked, however the number is written', async (t) => {
  const dataDir = t.testdir();
  const run = (...line: string[]) =>
    runCommand(t, addCallersCommand, ['callers', ...line, '--data-dir', dataDir]);
  t.equal(await run('show', '123'), 'nothing is remembered of this number');
  t.equal(await run('forget', '123', '--json'), '{"forgotten":false,"taught":{"erased":0,"kept":0}}');
  t.strictSame(await readdir(dataDir), [], 'a look leaves nothing behind');
  const key = (await CallerKeys.open(dataDir)).keyOf('+8613800138000');
  const store = await createSqliteStore({ file: databaseFile(dataDir) });
  await store.callers.remember(
    key ?? '',
    sampleMemory({ expiresAtMs: later, source: 'choice', consent: 'given' }),
  );
  await store.close();
  t.match(await run('show', '0086 138-0013-8000'), /he chose it[^]*he agreed/);
  t.match(JSON.parse(await run('show', '+8613800138000', '--json')), { remembered: true, dialect: 'yue' });
  const again = await createSqliteStore({ file: databaseFile(dataDir) });
  await again.callers.stopCalling(key ?? '', 1_700_000_000_000);
  await again.close();
  t.match(await run('show', '+8613800138000'), /stop mark +asked on 2023-11-1/);
  t.equal(await run('forget', '+8613800138000'), 'forgotten');
  t.match(
    await run('show', '+8613800138000'),
    /nothing is remembered of this number\nstop mark/,
    'the wish not to be called outlives what is forgotten',
  );
  t.strictSame((await readdir(dataDir)).sort(), ['caller-memory.key', 'xiangyin.db']);
});

t.test('sounds taught from his recordings go with him, unless they are to stay', async (t) => {
  const dataDir = t.testdir();
  const run = (...line: string[]) =>
    runCommand(t, addCallersCommand, ['callers', 'forget', '123', ...line, '--data-dir', dataDir]);
  const callerKey = (await CallerKeys.open(dataDir)).keyOf('123') ?? null;
  const store = await createSqliteStore({ file: databaseFile(dataDir) });
  const sound = new Int16Array(8000);
  await store.taught.teach(sampleTaught({ id: 'his-sound', words: null, sound, callerKey }));
  await store.taught.teach(sampleTaught({ id: 'his-words', callerKey }));
  await store.taught.teach(sampleTaught({ id: 'another', words: null, sound, callerKey: 'aa' }));
  await store.close();
  t.match(await run('--keep-taught'), /nothing was remembered[^]*2 taught from his calls stay: /);
  t.match(
    await run(),
    /erased with it: 1 taught from the sound[^]*1 taught from his calls stay \(words only\)/,
  );
  t.strictSame(JSON.parse(await run('--json')), { forgotten: false, taught: { erased: 0, kept: 1 } });
  const again = await createSqliteStore({ file: databaseFile(dataDir) });
  t.teardown(() => again.close());
  t.strictSame((await again.taught.list()).map(({ id }) => id).sort(), ['another', 'his-words']);
});
