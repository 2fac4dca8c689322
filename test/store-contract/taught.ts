import { t } from 'tap';
import type { Test } from 'tap';
import type { TaughtEntry, TaughtStore } from '../../src/store/taught.js';

/** A sentence of Wu that means a phrase of a menu and an intent. */
export function sampleTaught(changes: Partial<TaughtEntry> = {}): TaughtEntry {
  return {
    id: 'taught-9f3c1a7e',
    dialect: 'wuu',
    words: '电费要几钿',
    sound: null,
    intent: 'bill-query',
    phrases: [{ text: '查询电费', dialect: 'cmn' }],
    callId: '20261121-013502-9f3c1a7e',
    turn: 2,
    callerKey: 'aa',
    taughtBy: 'ming',
    taughtAtMs: 1_763_688_902_000,
    matches: 0,
    lastMatchedMs: null,
    ...changes,
  };
}

interface Opened {
  readonly taught: TaughtStore;
  close(): Promise<void>;
}

/** The promises of {@link TaughtStore}, for any implementation; `reopen` opens what the first kept once more. */
export function taughtContract(
  name: string,
  build: (t: Test) => Promise<Opened & { reopen: () => Promise<Opened> }>,
): void {
  const test = (
    promise: string,
    body: (t: Test, taught: TaughtStore, reopen: () => Promise<TaughtStore>) => Promise<void>,
  ) =>
    t.test(`${name}: ${promise}`, async (t) => {
      const { taught, close, reopen } = await build(t);
      t.teardown(close);
      await body(t, taught, async () => {
        await close();
        const again = await reopen();
        t.teardown(() => again.close());
        return again.taught;
      });
    });

  const sound = Int16Array.from({ length: 4801 }, (_, i) => ((i * 7919) % 65_536) - 32_768);

  test('nothing is taught where nobody taught', async (t, taught) => {
    t.strictSame(await taught.list(), []);
    t.equal(await taught.unteach('taught-1'), false);
    t.equal(await taught.forgetSounds('aa'), 0);
    await taught.matched('taught-1', 5);
    t.strictSame(await taught.list(), []);
  });

  test('what was taught comes back the same, in the order of teaching, also after a restart', async (t, taught, reopen) => {
    const byWords = sampleTaught({ id: 'taught-b', taughtAtMs: 1 });
    const bySound = sampleTaught({ id: 'taught-a', taughtAtMs: 2, words: null, sound, intent: null });
    const intentAlone = sampleTaught({ id: 'taught-c', taughtAtMs: 3, phrases: [], callerKey: null });
    for (const entry of [intentAlone, bySound, byWords]) await taught.teach(entry);
    t.strictSame(await taught.list(), [byWords, bySound, intentAlone]);
    const again = await reopen();
    t.strictSame(await again.list(), [byWords, bySound, intentAlone]);
  });

  test('what is taken back is gone, and nothing else', async (t, taught, reopen) => {
    await taught.teach(sampleTaught({ id: 'taught-1' }));
    await taught.teach(sampleTaught({ id: 'taught-2' }));
    t.equal(await taught.unteach('taught-1'), true);
    t.equal(await taught.unteach('taught-1'), false, 'once');
    t.strictSame(
      (await (await reopen()).list()).map(({ id }) => id),
      ['taught-2'],
    );
  });

  test('every match is counted, and the last one known', async (t, taught) => {
    await taught.teach(sampleTaught({ id: 'taught-1' }));
    await taught.teach(sampleTaught({ id: 'taught-2' }));
    await Promise.all([taught.matched('taught-1', 10), taught.matched('taught-1', 20)]);
    t.match(await taught.list(), [
      { id: 'taught-1', matches: 2, lastMatchedMs: 20 },
      { id: 'taught-2', matches: 0, lastMatchedMs: null },
    ]);
  });

  test('who is forgotten leaves no sound of his; words and what others said stay', async (t, taught) => {
    await taught.teach(sampleTaught({ id: 'his-words', taughtAtMs: 1 }));
    await taught.teach(sampleTaught({ id: 'his-sound', words: null, sound }));
    await taught.teach(sampleTaught({ id: 'another', words: null, sound, callerKey: 'ab', taughtAtMs: 2 }));
    await taught.teach(sampleTaught({ id: 'nobody', words: null, sound, callerKey: null, taughtAtMs: 3 }));
    t.equal(await taught.forgetSounds('aa'), 1);
    t.strictSame(
      (await taught.list()).map(({ id }) => id),
      ['his-words', 'another', 'nobody'],
    );
  });

  test('nothing can be asked once it is closed', async (t, taught, reopen) => {
    await reopen();
    await t.rejects(taught.list(), { code: 'STORE_CLOSED' });
    await t.rejects(taught.teach(sampleTaught()), { code: 'STORE_CLOSED' });
  });
}
