import t from 'tap';
import { ManualClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import type { CallRecord } from '../../src/store/call-record.js';
import type { CallStore } from '../../src/store/call-store.js';
import { BoundedRefusals, type RefusedCallsOptions } from '../../src/store/refused-calls.js';
import { sampleRecord } from '../store-contract/sample-record.js';

const refused = (id: string) => sampleRecord({ id, endReason: 'rejected', recording: null, journal: null });

function open(changes: Partial<RefusedCallsOptions> = {}) {
  const clock = new ManualClock();
  const saved: CallRecord[] = [];
  const pruned: (readonly [beforeMs: number, keep: number])[] = [];
  const warned: object[] = [];
  const inner: CallStore = {
    save: (record) => Promise.resolve(void saved.push(record)),
    list: () => Promise.resolve([]),
    find: () => Promise.resolve(undefined),
    pruneRefused: (beforeMs, keep) => {
      pruned.push([beforeMs, keep]);
      return Promise.resolve(0);
    },
    close: () => Promise.resolve(),
  };
  const logger = { ...silentLogger, warn: (fields: object) => void warned.push(fields) };
  const options = { maxAgeMs: 5000, maxCount: 7, perSecond: 3, clock, logger, ...changes };
  return { clock, saved, pruned, warned, store: new BoundedRefusals(inner, options) };
}

t.test('a flood of refused INVITEs stores so many a second, other calls all', async (t) => {
  const { clock, saved, warned, store } = open();
  for (let i = 0; i < 100; i++) await store.save(refused(`a${i}`));
  await store.save(sampleRecord());
  t.strictSame(
    saved.map(({ id }) => id),
    ['a0', 'a1', 'a2', sampleRecord().id],
  );
  clock.advance(1000);
  await store.save(refused('later'));
  t.equal(saved.at(-1)?.id, 'later');
  clock.advance(60_000);
  t.same(warned, [{ notKept: 97 }], 'and the operator is told once');
  clock.advance(60_000);
  t.equal(warned.length, 1);
});

t.test(
  'what is too old or too much is thrown away at the start and every minute, until the close',
  async (t) => {
    const { clock, pruned, store } = open();
    t.same(pruned, [[clock.wallMs() - 5000, 7]]);
    clock.advance(60_000);
    t.same(pruned[1], [clock.wallMs() - 5000, 7]);
    await store.close();
    t.equal(clock.pendingTimers, 0);
  },
);

t.test('with room for none, none is stored', async (t) => {
  const { saved, store } = open({ maxCount: 0 });
  await store.save(refused('x'));
  t.equal(saved.length, 0);
});
