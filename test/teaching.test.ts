import { t } from 'tap';
import { silentLogger } from '../src/core/logger.js';
import { systemClock } from '../src/core/clock.js';
import { TaughtInHouse, type SentencePupil } from '../src/teaching.js';
import type { TaughtSentence } from '../src/dialect/taught-sentences.js';
import { CallerKeys } from '../src/store/caller-keys.js';
import type { TaughtEntry, TaughtStore } from '../src/store/taught.js';
import { sampleTaught } from './store-contract/taught.js';

class ShelfStore implements TaughtStore {
  readonly counted: string[] = [];

  constructor(private entries: readonly TaughtEntry[]) {}

  teach(entry: TaughtEntry): Promise<void> {
    this.entries = [...this.entries, entry];
    return Promise.resolve();
  }

  list(): Promise<readonly TaughtEntry[]> {
    return Promise.resolve(this.entries);
  }

  unteach(id: string): Promise<boolean> {
    const there = this.entries.some((entry) => entry.id === id);
    this.entries = this.entries.filter((entry) => entry.id !== id);
    return Promise.resolve(there);
  }

  matched(id: string): Promise<void> {
    this.counted.push(id);
    return Promise.resolve();
  }

  forgetSounds(callerKey: string): Promise<number> {
    const before = this.entries.length;
    this.entries = this.entries.filter((entry) => entry.sound === null || entry.callerKey !== callerKey);
    return Promise.resolve(before - this.entries.length);
  }
}

class Pupils {
  sentencesKnown: readonly TaughtSentence[] = [];
  readonly soundsKnown = new Set<string>();
  readonly sentences: SentencePupil = {
    onTaught: undefined,
    teach: (sentences) => {
      this.sentencesKnown = sentences;
      return Promise.resolve();
    },
  };
  readonly sounds = {
    teach: ({ id }: { id: string }) => {
      if (id === 'unusable') return Promise.resolve('short' as const);
      this.soundsKnown.add(id);
      return Promise.resolve(undefined);
    },
    unteach: (id: string) => void this.soundsKnown.delete(id),
  };
}

const sound = new Int16Array(8000);
const entries = [
  sampleTaught({ id: 'intent', words: '帮我看看', phrases: [] }),
  sampleTaught({ id: 'wording', words: '帮我轧轧苗头', intent: null }),
  sampleTaught({ id: 'sound', words: null, sound, intent: null }),
];

async function open(dataDir: string, shelf: TaughtStore, pupils: Pupils) {
  const { sentences, sounds } = pupils;
  return TaughtInHouse.open({
    calls: { find: () => Promise.resolve(undefined) },
    taught: shelf,
    dataDir,
    library: { dialplans: [] },
    sentences,
    sounds,
    clock: systemClock,
    logger: silentLogger,
  });
}

t.test('what was taught before the start counts from the first call', async (t) => {
  const pupils = new Pupils();
  const house = await open(t.testdir(), new ShelfStore(entries), pupils);
  t.match(pupils.sentencesKnown, [{ id: 'intent', words: '帮我看看', intent: 'bill-query' }]);
  t.equal(pupils.sentencesKnown.length, 1);
  t.strictSame([...pupils.soundsKnown], ['sound']);
  t.strictSame(
    house.wordings.map(({ id }) => id),
    ['wording'],
  );
});

t.test('what is taken back is taken from everybody', async (t) => {
  const pupils = new Pupils();
  const house = await open(t.testdir(), new ShelfStore(entries), pupils);
  for (const { id } of entries) await house.teaching.unteach(id);
  t.strictSame([pupils.sentencesKnown, [...pupils.soundsKnown], house.wordings], [[], [], []]);
  await t.rejects(house.teaching.unteach('sound'), { code: 'QUALITY_NOT_TAUGHT' });
});

t.test('who is forgotten is heard by his recordings no more', async (t) => {
  const dataDir = t.testdir();
  const pupils = new Pupils();
  const shelf = new ShelfStore([]);
  const house = await open(dataDir, shelf, pupils);
  t.strictSame(await house.teaching.forgetCaller('+8613800138000'), { erased: 0, kept: 0 });

  const callerKey = (await CallerKeys.open(dataDir)).keyOf('+8613800138000') ?? null;
  for (const entry of entries) await shelf.teach({ ...entry, callerKey });
  t.equal(await house.teaching.ofCaller('+8613800138000'), 3);
  t.strictSame(await house.teaching.forgetCaller('+8613800138000'), { erased: 1, kept: 2 });
  t.strictSame([...pupils.soundsKnown], []);
});

t.test('matches are counted, whoever tells them, before the house is closed', async (t) => {
  const pupils = new Pupils();
  const shelf = new ShelfStore(entries);
  const house = await open(t.testdir(), shelf, pupils);
  house.matched('wording');
  pupils.sentences.onTaught?.('intent');
  await house.close();
  t.strictSame(shelf.counted, ['wording', 'intent']);
});

t.test(
  'a sound that cannot be used, or a store that cannot be read, keeps nobody from calling',
  async (t) => {
    const pupils = new Pupils();
    const unusable = sampleTaught({ id: 'unusable', words: null, sound });
    await open(t.testdir(), new ShelfStore([unusable, ...entries]), pupils);
    t.strictSame([...pupils.soundsKnown], ['sound']);
    const broken = new ShelfStore(entries);
    broken.list = () => Promise.reject(new Error('gone'));
    t.strictSame((await open(t.testdir(), broken, new Pupils())).wordings, []);
  },
);
