import { t } from 'tap';
import type { Test } from 'tap';
import type { CallerMemory, CallerMemoryStore } from '../../src/store/caller-memory.js';

/** What is remembered of somebody who spoke Cantonese in two calls. */
export function sampleMemory(changes: Partial<CallerMemory> = {}): CallerMemory {
  return {
    dialect: 'yue',
    language: 'yue',
    confidence: 0.97,
    source: 'words',
    confirmations: 1.75,
    lastIntents: ['bill', 'person'],
    voiceSpeed: null,
    lastSeenMs: 1_763_688_902_000,
    consent: 'notice',
    expiresAtMs: 1_779_240_902_000,
    ...changes,
  };
}

interface Opened {
  readonly callers: CallerMemoryStore;
  close(): Promise<void>;
}

/** The promises of {@link CallerMemoryStore}, for any implementation; `reopen` opens what the first kept once more. */
export function callerMemoryContract(
  name: string,
  build: (t: Test) => Promise<Opened & { reopen: () => Promise<Opened> }>,
): void {
  const test = (
    promise: string,
    body: (t: Test, callers: CallerMemoryStore, reopen: () => Promise<CallerMemoryStore>) => Promise<void>,
  ) =>
    t.test(`${name}: ${promise}`, async (t) => {
      const { callers, close, reopen } = await build(t);
      t.teardown(close);
      await body(t, callers, async () => {
        await close();
        const again = await reopen();
        t.teardown(() => again.close());
        return again.callers;
      });
    });

  test('nobody is remembered who was never kept', async (t, callers) => {
    t.equal(await callers.recall('aa', 0), undefined);
    t.equal(await callers.forget('aa'), false);
    t.equal(await callers.prune(1e15, 1e15), 0);
  });

  test('what was remembered comes back the same, also after a restart', async (t, callers, reopen) => {
    const spare = sampleMemory({ lastIntents: [], voiceSpeed: 0.8, source: 'choice', consent: 'given' });
    await callers.remember('aa', sampleMemory());
    await callers.remember('bb', spare);
    t.strictSame(await callers.recall('aa', 0), sampleMemory());
    const again = await reopen();
    t.strictSame(await again.recall('aa', 0), sampleMemory());
    t.strictSame(await again.recall('bb', 0), spare);
    t.equal(await again.recall('a', 0), undefined, 'a key is the whole key');
  });

  test('a later memory of the same key replaces the first', async (t, callers) => {
    const later = sampleMemory({ dialect: 'cmn-sichuan', language: 'cmn', confirmations: 1 });
    void callers.remember('aa', sampleMemory());
    void callers.remember('aa', later);
    t.strictSame(await callers.recall('aa', 0), later, 'in the order of asking, awaited or not');
  });

  test('what has expired is not given out', async (t, callers) => {
    await callers.remember('aa', sampleMemory({ expiresAtMs: 5000 }));
    t.ok(await callers.recall('aa', 4999));
    t.equal(await callers.recall('aa', 5000), undefined);
  });

  test('who is forgotten is forgotten, and nobody else', async (t, callers, reopen) => {
    await callers.remember('aa', sampleMemory());
    await callers.remember('ab', sampleMemory());
    t.equal(await callers.forget('aa'), true);
    t.equal(await callers.forget('aa'), false, 'once');
    const again = await reopen();
    t.equal(await again.recall('aa', 0), undefined);
    t.ok(await again.recall('ab', 0));
  });

  test('pruning throws away what has expired or was not seen for long', async (t, callers) => {
    await callers.remember('expired', sampleMemory({ lastSeenMs: 900, expiresAtMs: 1000 }));
    await callers.remember('long ago', sampleMemory({ lastSeenMs: 499, expiresAtMs: 9000 }));
    await callers.remember('lately', sampleMemory({ lastSeenMs: 500, expiresAtMs: 1001 }));
    t.equal(await callers.prune(1000, 500), 2);
    t.equal(await callers.recall('expired', 0), undefined);
    t.equal(await callers.recall('long ago', 0), undefined);
    t.ok(await callers.recall('lately', 0));
  });

  test('who asked not to be called stays marked, whatever else is forgotten, since the first time', async (t, callers, reopen) => {
    t.equal(await callers.stoppedSince('aa'), undefined);
    await callers.stopCalling('aa', 1000);
    await callers.stopCalling('aa', 2000);
    await callers.remember('aa', sampleMemory());
    await callers.forget('aa');
    await callers.prune(1e15, 1e15);
    const again = await reopen();
    t.equal(await again.stoppedSince('aa'), 1000);
    t.equal(await again.stoppedSince('ab'), undefined);
  });

  test('nothing can be asked once it is closed', async (t, callers, reopen) => {
    await reopen();
    await t.rejects(callers.recall('aa', 0), { code: 'STORE_CLOSED' });
    await t.rejects(callers.remember('aa', sampleMemory()), { code: 'STORE_CLOSED' });
    await t.rejects(callers.forget('aa'), { code: 'STORE_CLOSED' });
  });
}
