import { t } from 'tap';
import type { Test } from 'tap';
import type { LearntInCall } from '../../src/call/memory-after-call.js';
import { beginning, RememberedCallers } from '../../src/call/remembered-callers.js';
import { ManualClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import type { CallerMemory, CallerMemoryStore } from '../../src/store/caller-memory.js';

/** In memory; `hold` keeps what is asked until `release`. */
class HeldStore implements CallerMemoryStore {
  readonly memories = new Map<string, CallerMemory>();
  readonly stopped = new Map<string, number>();
  readonly pruned: [nowMs: number, seenBeforeMs: number][] = [];
  broken = false;
  #held: Promise<void> = Promise.resolve();

  hold(): () => void {
    let release: () => void = () => undefined;
    this.#held = new Promise((resolve) => (release = resolve));
    return release;
  }
  async remember(key: string, memory: CallerMemory): Promise<void> {
    await this.#held;
    this.memories.set(key, memory);
  }
  async recall(key: string): Promise<CallerMemory | undefined> {
    await this.#held;
    if (this.broken) throw new Error('the disk is gone');
    return this.memories.get(key);
  }
  async forget(key: string): Promise<boolean> {
    await this.#held;
    return this.memories.delete(key);
  }
  stopCalling(key: string, atMs: number): Promise<void> {
    if (this.broken) return Promise.reject(new Error('the disk is gone'));
    this.stopped.set(key, atMs);
    return Promise.resolve();
  }
  stoppedSince(key: string): Promise<number | undefined> {
    return Promise.resolve(this.stopped.get(key));
  }
  prune(nowMs: number, seenBeforeMs: number): Promise<number> {
    this.pruned.push([nowMs, seenBeforeMs]);
    return Promise.resolve(0);
  }
}

const number = '+8613800138000';
const learnt: LearntInCall = {
  dialect: { dialect: 'yue', confidence: 0.97, source: 'words' },
  intents: ['bill'],
  consent: undefined,
};

async function setUp(t: Test, changes: { enabled?: boolean } = {}) {
  const clock = new ManualClock();
  const store = new HeldStore();
  const callers = await RememberedCallers.open(t.testdir(), {
    enabled: true,
    retentionDays: 180,
    halfLifeDays: 180,
    consent: 'notice',
    store,
    clock,
    logger: silentLogger,
    ...changes,
  });
  t.teardown(() => callers.close());
  return { clock, store, callers };
}

t.test('the next call of a number begins with what the last one taught', async (t) => {
  const { callers, store, clock } = await setUp(t);
  const first = callers.recall(number);
  t.equal(await first?.caller, undefined);
  first?.learn(learnt);
  await callers.close();
  t.strictSame(
    [...store.memories.keys()].filter((key) => key.includes('138')),
    [],
    'no number is kept',
  );
  t.match(await callers.show('0086 138 0013 8000'), {
    dialect: 'yue',
    confirmations: 1,
    lastIntents: ['bill'],
  });
  clock.advance(180 * 86_400_000);
  t.strictSame(await callers.recall(number)?.caller, {
    dialect: 'yue',
    confirmations: 0.5,
    ageDays: 0,
    voiceSpeed: null,
  });
});

t.test('who asked to be spoken to slower need not ask again', async (t) => {
  const { callers } = await setUp(t);
  callers.recall(number)?.learn({ ...learnt, voiceSpeed: 0.8 });
  await callers.close();
  const remembered = await callers.recall(number)?.caller;
  t.same(beginning('yue', remembered), { dialect: 'yue', voiceSpeed: 0.8 });
  t.same(beginning('yue', undefined), { dialect: 'yue' });
  callers.recall(number)?.learn(learnt);
  await callers.close();
  t.equal(
    (await callers.recall(number)?.caller)?.voiceSpeed,
    0.8,
    'a call that says nothing of it changes nothing',
  );
});

t.test('a caller without a number, or where it is switched off, is not remembered', async (t) => {
  const { callers } = await setUp(t);
  t.equal(callers.recall('anonymous'), undefined);
  t.equal(callers.recall(''), undefined);
  t.equal(await callers.show('anonymous'), undefined);
  t.equal(await callers.forget('anonymous'), false);
  t.equal((await setUp(t, { enabled: false })).callers.recall(number), undefined);
});

t.test('a call does not wait for a slow store, and what it teaches is kept all the same', async (t) => {
  const { callers, store, clock } = await setUp(t);
  callers.recall(number)?.learn(learnt);
  await callers.close();
  const release = store.hold();
  const call = callers.recall(number);
  clock.advance(50);
  t.equal(await call?.caller, undefined);
  call?.learn(learnt);
  release();
  await callers.close();
  t.equal(Math.round((await callers.show(number))?.confirmations ?? 0), 2);
});

t.test('a store that fails costs the memory, not the call', async (t) => {
  const { callers, store, clock } = await setUp(t);
  store.broken = true;
  const call = callers.recall(number);
  t.equal(await call?.caller, undefined);
  store.remember = () => Promise.reject(new Error('the disk is gone'));
  call?.learn(learnt);
  await callers.close();
  t.equal(clock.pendingTimers, 0);
});

t.test('who is erased during a call is not remembered by its end', async (t) => {
  const { callers, store, clock } = await setUp(t);
  callers.recall(number)?.learn(learnt);
  await callers.close();
  const call = callers.recall(number);
  clock.advance(1000);
  t.equal(await callers.forget('+86 138 0013 8000'), true);
  call?.learn(learnt);
  await callers.close();
  t.equal(store.memories.size, 0);
  clock.advance(1000);
  callers.recall(number)?.learn(learnt);
  await callers.close();
  t.equal(store.memories.size, 1, 'a later call is another matter');
});

t.test('what is being kept when somebody is erased does not come after', async (t) => {
  const { callers, store } = await setUp(t);
  const release = store.hold();
  callers.recall(number)?.learn(learnt);
  const forgotten = callers.forget(number);
  release();
  await forgotten;
  t.equal(store.memories.size, 0);
});

t.test('who refuses in a call is forgotten', async (t) => {
  const { callers, store } = await setUp(t);
  callers.recall(number)?.learn(learnt);
  await callers.close();
  callers.recall(number)?.learn({ ...learnt, consent: 'refused' });
  await callers.close();
  t.equal(store.memories.size, 0);
});

t.test('what is too old is thrown away at the start and every hour', async (t) => {
  const { callers, store, clock } = await setUp(t);
  t.strictSame(store.pruned, [[clock.wallMs(), clock.wallMs() - 180 * 86_400_000]]);
  clock.advance(3_600_000);
  t.equal(store.pruned.length, 2);
  await callers.close();
  clock.advance(3_600_000);
  t.equal(store.pruned.length, 2, 'not after the close');
});

t.test('who wants no more calls is marked by a hash, also where nobody is remembered', async (t) => {
  const { callers, store, clock } = await setUp(t, { enabled: false });
  clock.advance(1000);
  callers.stopCalling(number);
  callers.stopCalling('');
  await callers.close();
  t.equal(store.stopped.size, 1);
  t.notMatch([...store.stopped.keys()].join(), /138/);
  t.equal(await callers.stoppedSince(number), clock.wallMs());
  t.equal(await callers.stoppedSince('+8613800138001'), undefined);
  store.broken = true;
  t.doesNotThrow(() => callers.stopCalling(number));
});
