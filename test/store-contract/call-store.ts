import { t } from 'tap';
import type { Test } from 'tap';
import type { CallStore } from '../../src/store/call-store.js';
import { sampleLedger, sampleRecord, sampleTransfer, sampleTurn } from './sample-record.js';

/**
 * The promises of {@link CallStore}, for any implementation. `build` makes an empty store, `reopen` a second one on what
 * the first kept.
 */
export function callStoreContract(
  name: string,
  build: (t: Test) => Promise<{ store: CallStore; reopen: () => Promise<CallStore> }>,
): void {
  const test = (
    promise: string,
    body: (t: Test, store: CallStore, reopen: () => Promise<CallStore>) => Promise<void>,
  ) =>
    t.test(`${name}: ${promise}`, async (t) => {
      const { store, reopen } = await build(t);
      t.teardown(() => store.close());
      await body(t, store, reopen);
    });

  test('an empty store lists and finds nothing', async (t, store) => {
    t.strictSame(await store.list({}), []);
    t.equal(await store.find('20261121-013502-9f3c1a7e'), undefined);
  });

  test('what was saved comes back the same', async (t, store) => {
    const full = sampleRecord({
      detail: 'it said "quotes", 乡音 and \'; drop table calls; --',
      turns: [
        sampleTurn({ said: [], outcome: 'none', heard: null, confidence: null, heardMs: null }),
        sampleTurn({
          outcome: 'keys',
          heard: '0042',
          confidence: null,
          bargedIn: true,
          dialect: 'cmn',
          gapMs: 243.5,
          ledger: sampleLedger(),
        }),
        sampleTurn({
          ledger: sampleLedger({
            from: 'speech',
            bargeIn: { wholeMs: 131.5, detectionMs: 110, stopMs: 21.5 },
          }),
        }),
      ],
      transfers: [
        sampleTransfer({
          by: 'refer',
          outcome: 'refused',
          sipStatus: 603,
          answeredMs: null,
          detail: 'it declined',
        }),
        sampleTransfer({ node: null }),
      ],
      media: {
        packetsReceived: 995,
        packetsSent: 1000,
        lossReceived: 0.005,
        jitterReceivedMs: 3.25,
        lossSent: null,
        jitterSentMs: null,
        roundTripMs: null,
      },
    });
    const bare = sampleRecord({
      id: '20261121-020000-00000001',
      direction: 'outbound',
      dialplan: null,
      dialplanVersion: null,
      answeredAtMs: null,
      endReason: 'rejected',
      sipStatus: 404,
      q850Cause: null,
      path: [],
      turns: [],
      recording: null,
    });
    await store.save(full);
    await store.save(bare);
    t.strictSame(await store.find(full.id), full);
    t.strictSame(await store.find(bare.id), bare);
  });

  test('a second save of an id replaces the first, turns and all', async (t, store) => {
    const turns = [sampleTurn(), sampleTurn(), sampleTurn()];
    await store.save(sampleRecord({ turns, transfers: [sampleTransfer()] }));
    const later = sampleRecord({ turns: [sampleTurn({ heard: 'no' })], endReason: 'local-bye' });
    await store.save(later);
    t.strictSame(await store.list({}), [later]);
  });

  test('a list is newest first, at most the limit, 20 if none is given', async (t, store) => {
    for (let i = 0; i < 25; i++) {
      const order = (i * 7) % 25;
      await store.save(
        sampleRecord({ id: `call-${String(order).padStart(3, '0')}`, receivedAtMs: 1000 + order }),
      );
    }
    const ids = (await store.list({})).map(({ id }) => id);
    t.equal(ids.length, 20);
    t.equal(ids[0], 'call-024');
    t.strictSame(ids, [...ids].sort().reverse());
    t.strictSame(
      (await store.list({ limit: 2 })).map(({ id }) => id),
      ['call-024', 'call-023'],
    );
    t.strictSame(await store.list({ limit: 0 }), []);
  });

  test('a list has the turns of each call, in their order', async (t, store) => {
    const first = sampleRecord({ id: 'aaaa', turns: ['a', 'b', 'c'].map((node) => sampleTurn({ node })) });
    const second = sampleRecord({ id: 'bbbb', turns: ['d', 'e'].map((node) => sampleTurn({ node })) });
    await store.save(first);
    await store.save(second);
    t.strictSame(await store.list({}), [second, first]);
  });

  test('a list may be narrowed by time and by either number', async (t, store) => {
    await store.save(
      sampleRecord({ id: 'one', receivedAtMs: 1000, calledNumber: '1000', callingNumber: '7' }),
    );
    await store.save(
      sampleRecord({ id: 'two', receivedAtMs: 2000, calledNumber: '2000', callingNumber: '7' }),
    );
    await store.save(
      sampleRecord({ id: 'three', receivedAtMs: 3000, calledNumber: '1000', callingNumber: '8' }),
    );
    const ids = async (query: Parameters<CallStore['list']>[0]) =>
      (await store.list(query)).map(({ id }) => id);
    t.strictSame(await ids({ sinceMs: 2000 }), ['three', 'two']);
    t.strictSame(await ids({ calledNumber: '1000' }), ['three', 'one']);
    t.strictSame(await ids({ callingNumber: '7' }), ['two', 'one']);
    t.strictSame(await ids({ callingNumber: '7', calledNumber: '1000', sinceMs: 500, limit: 5 }), ['one']);
    t.strictSame(await ids({ calledNumber: '100' }), [], 'a number is the whole number');
  });

  test('a call is found by its id, a beginning of it, and its SIP Call-ID', async (t, store) => {
    const one = sampleRecord({ id: '20261121-013502-aaaa0000', sipCallId: 'one@x' });
    const two = sampleRecord({ id: '20261121-013502-bbbb0000', sipCallId: 'two@x' });
    const short = sampleRecord({ id: '20261121-013502', sipCallId: 'three@x' });
    for (const record of [one, two]) await store.save(record);
    t.strictSame(await store.find('20261121-013502-b'), two);
    t.strictSame(await store.find('one@x'), one);
    t.equal(await store.find('one'), undefined, 'a beginning of a Call-ID is not enough');
    t.equal(await store.find('20261121-013502-c'), undefined);
    t.equal(await store.find('%'), undefined);
    t.equal(await store.find('2026%bbbb0000'), undefined, 'there are no wildcards');
    await t.rejects(store.find('2026'), {
      code: 'STORE_AMBIGUOUS_ID',
      message: /20261121-013502-aaaa0000, 20261121-013502-bbbb0000/,
    });
    t.equal(await store.find('202'), undefined, 'three characters are no beginning');
    await store.save(short);
    t.strictSame(await store.find('20261121-013502'), short, 'a whole id goes before a beginning');
  });

  test('the newest of several calls with one SIP Call-ID is found', async (t, store) => {
    await store.save(sampleRecord({ id: 'newer', receivedAtMs: 2000, sipCallId: 'x@y' }));
    await store.save(sampleRecord({ id: 'older', receivedAtMs: 1000, sipCallId: 'x@y' }));
    t.equal((await store.find('x@y'))?.id, 'newer');
  });

  test('a list sees every save that was called before it, awaited or not', async (t, store) => {
    const saves = Array.from({ length: 50 }, (_, i) => store.save(sampleRecord({ id: `call-${i}` })));
    t.equal((await store.list({ limit: 100 })).length, 50);
    await Promise.all(saves);
  });

  test('refused INVITEs are pruned by age and by number, no other call ever', async (t, store) => {
    const refused = (id: string, receivedAtMs: number) =>
      sampleRecord({ id, receivedAtMs, endReason: 'rejected', turns: [], recording: null, journal: null });
    await store.save(sampleRecord({ id: 'call', receivedAtMs: 1, recording: null, journal: null }));
    await store.save({ ...refused('recorded', 2), recording: 'x.wav' });
    await store.save({ ...refused('outbound', 3), direction: 'outbound' });
    for (let i = 0; i < 10; i++) await store.save(refused(`refused-${i}`, 100 + i));
    t.equal(await store.pruneRefused(103, 100), 3);
    t.equal(await store.pruneRefused(103, 5), 2);
    t.equal(await store.pruneRefused(103, 5), 0);
    t.strictSame(
      (await store.list({ limit: 100 })).map(({ id }) => id),
      ['refused-9', 'refused-8', 'refused-7', 'refused-6', 'refused-5', 'outbound', 'recorded', 'call'],
    );
    t.equal(await store.pruneRefused(0, 0), 5);
  });

  test('close keeps what was saved, and may be called twice', async (t, store, reopen) => {
    const saved = store.save(sampleRecord());
    await Promise.all([store.close(), store.close()]);
    await saved;
    await store.close();
    const again = await reopen();
    t.teardown(() => again.close());
    t.strictSame(await again.find(sampleRecord().id), sampleRecord());
  });

  test('nothing can be asked of a closed store', async (t, store) => {
    await store.close();
    await t.rejects(store.save(sampleRecord()), { code: 'STORE_CLOSED' });
    await t.rejects(store.list({}), { code: 'STORE_CLOSED' });
    await t.rejects(store.find('x'), { code: 'STORE_CLOSED' });
  });
}
