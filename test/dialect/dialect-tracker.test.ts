import { t } from 'tap';
import { readDialectPacks } from '../../src/dialect-data.js';
import { DialectTracker } from '../../src/dialect/dialect-tracker.js';
import { DialectIdentifier } from '../../src/dialect/identify.js';
import type { TurnEvidence } from '../../src/dialect/turn-evidence.js';
import { neutral } from './identify-sentences.js';

const { packs } = await readDialectPacks();
const identifier = new DialectIdentifier(packs);

function said(text: string, sound: Omit<TurnEvidence, 'words'> = {}): TurnEvidence {
  return { words: identifier.identifyText(text), ...sound };
}

const cantonese = '唔该，我屋企停咗电，几时有返电呀';
const sichuan = '喂，我屋头停电了，啷个办嘛';
const wu = '阿拉屋里呒没电了，哪能办';

t.test('one turn that leaves no doubt switches a call about which nothing is known', async (t) => {
  for (const [text, dialect] of [
    [cantonese, 'yue'],
    [sichuan, 'cmn-sichuan'],
    [wu, 'wuu'],
  ] as const) {
    const tracker = new DialectTracker('cmn');
    t.match(tracker.hear(said(text)), { dialect, switched: true, reason: 'sure' }, text);
    t.equal(tracker.state, 'settled');
    t.match(tracker.hear(said(text)), { dialect, switched: false, reason: 'kept' }, 'and then it stays');
  }
});

t.test('neutral words never switch, whatever the dialect and the sound', async (t) => {
  const sound = {
    engineLanguage: new Map([['yue', 0.99]]),
    recognizers: new Map([['yue', 0.99]]),
    voicedMs: 4000,
  };
  for (const assumed of ['cmn', 'yue', 'wuu', 'cmn-sichuan']) {
    const tracker = new DialectTracker(assumed);
    for (const text of neutral) {
      t.notOk(tracker.hear(said(text)).switched, text);
      if (identifier.identifyText(text).markers.length === 0)
        t.notOk(tracker.hear(said(text, sound)).switched, text);
    }
    t.equal(tracker.dialect, assumed);
    t.equal(tracker.switches, 0);
  }
});

t.test('a dialect that is settled is left only after two turns in a row', async (t) => {
  const tracker = new DialectTracker('cmn', { dialect: 'yue', confirmations: 3, ageDays: 10 });
  t.equal(tracker.state, 'settled');
  t.equal(tracker.hear(said(sichuan)).dialect, 'yue');
  t.equal(tracker.hear(said(cantonese)).dialect, 'yue', 'the streak is broken');
  t.equal(tracker.hear(said(sichuan)).dialect, 'yue');
  t.equal(tracker.hear(said('一百二')).dialect, 'yue', 'neutral words neither break nor make it');
  t.match(tracker.hear(said(sichuan)), { dialect: 'cmn-sichuan', switched: true, reason: 'twice' });
});

t.test('memory is where a call begins; an old or single one is left at the first sure turn', async (t) => {
  t.equal(new DialectTracker('cmn', { dialect: 'wuu', confirmations: 1, ageDays: 1 }).dialect, 'wuu');
  for (const remembered of [
    { dialect: 'wuu', confirmations: 1, ageDays: 1 },
    { dialect: 'wuu', confirmations: 3, ageDays: 400 },
  ]) {
    const tracker = new DialectTracker('cmn', remembered);
    t.equal(tracker.state, 'assumed');
    t.match(tracker.hear(said(cantonese)), { dialect: 'yue', switched: true });
  }
  t.equal(new DialectTracker('cmn', { dialect: 'tlh', confirmations: 3, ageDays: 0 }).dialect, 'cmn');
});

t.test('words that point the same way twice are enough, if each alone is not', async (t) => {
  const text = '帮我查一哈嘛';
  t.notOk(identifier.identifyText(text).sure);
  const tracker = new DialectTracker('cmn');
  const heard = { recognizers: new Map([['cmn-sichuan', 0.9]]) };
  t.notOk(tracker.hear(said(text, heard)).switched);
  t.match(tracker.hear(said(text, heard)), { dialect: 'cmn-sichuan', switched: true, reason: 'twice' });
});

t.test('an engine whose text tells nothing is heeded by its sound, twice', async (t) => {
  const sound = {
    engineLanguage: new Map([['yue', 0.95]]),
    recognizers: new Map([['yue', 0.9]]),
    voicedMs: 3000,
  };
  const tracker = new DialectTracker('cmn');
  t.notOk(tracker.hear(sound).switched);
  t.match(tracker.hear(sound), { dialect: 'yue', switched: true, reason: 'twice' });
  const short = new DialectTracker('cmn');
  const tooShort = { engineLanguage: new Map([['yue', 0.99]]), voicedMs: 400 };
  for (let turn = 0; turn < 5; turn += 1) t.notOk(short.hear(tooShort).switched, '喂 is too short to tell');
});

t.test('words and sound that contradict each other make it ask, once, in both', async (t) => {
  const tracker = new DialectTracker('cmn');
  const sound = { recognizers: new Map([['yue', 0.95]]), voicedMs: 3000 };
  const turn = said('我要交电费', sound);
  t.equal(tracker.hear(turn).ask, undefined);
  t.match(tracker.hear(turn), { switched: false, ask: ['cmn', 'yue'], reason: 'doubt' });
  t.equal(tracker.state, 'asking');
  for (let more = 0; more < 6; more += 1) t.equal(tracker.hear(turn).ask, undefined, 'not again');
  t.match(tracker.choose('yue'), { dialect: 'yue', switched: true, reason: 'chosen' });
});

t.test('a call switches at most twice by itself, and asks before the second time', async (t) => {
  const tracker = new DialectTracker('cmn');
  let asked = 0;
  for (let round = 0; round < 12; round += 1) {
    for (const text of [cantonese, cantonese, sichuan, sichuan, wu, wu]) {
      if (tracker.hear(said(text)).ask !== undefined) asked += 1;
    }
  }
  t.equal(tracker.switches, 2);
  t.equal(asked, 1);
  const before = tracker.dialect;
  const reasons = [cantonese, cantonese, sichuan, sichuan, wu, wu].map(
    (text) => tracker.hear(said(text)).reason,
  );
  t.equal(tracker.dialect, before);
  t.ok(reasons.includes('enough-switches'));
  t.match(tracker.choose('en-gb'), { dialect: 'en-gb', switched: true }, 'his own wish is not counted');
});

t.test('what the caller chose is not undone by his words, but by another choice', async (t) => {
  const tracker = new DialectTracker('cmn');
  t.match(tracker.choose('yue'), { switched: true });
  for (let turn = 0; turn < 5; turn += 1)
    t.match(tracker.hear(said(sichuan)), { dialect: 'yue', switched: false });
  t.match(tracker.choose('yue'), { switched: false });
  t.match(tracker.choose('wuu'), { dialect: 'wuu', switched: true });
});

t.test('a recognizer that is neither sure nor not says nothing', async (t) => {
  const tracker = new DialectTracker('cmn');
  for (const probability of [0.5, Number.NaN, 0, -1]) {
    t.notOk(tracker.hear({ recognizers: new Map([['yue', probability]]) }).switched);
  }
});

t.test(
  'words of a dialect, expected in it alone and heard well in it alone, are enough at once',
  async (t) => {
    const text = '帮我查一哈嘛';
    const heard = {
      recognizers: new Map([
        ['cmn-sichuan', 0.9],
        ['cmn', 0.1],
      ]),
      understoodIn: 'cmn-sichuan',
    };
    t.match(new DialectTracker('cmn').hear(said(text, heard)), { dialect: 'cmn-sichuan', reason: 'sure' });
    for (const less of [
      { ...heard, understoodIn: 'cmn' },
      { recognizers: heard.recognizers },
      {
        ...heard,
        recognizers: new Map([
          ['cmn-sichuan', 0.9],
          ['cmn', 0.8],
        ]),
      },
    ]) {
      t.notOk(new DialectTracker('cmn').hear(said(text, less)).switched);
    }
    const settled = new DialectTracker('cmn', { dialect: 'yue', confirmations: 3, ageDays: 1 });
    t.notOk(settled.hear(said(text, heard)).switched, 'but not to leave one that is settled');
    for (const words of neutral.filter((one) => identifier.identifyText(one).markers.length === 0)) {
      t.notOk(new DialectTracker('cmn').hear(said(words, heard)).switched, words);
    }
  },
);

t.test('the likeliest dialects: those that something spoke for, then those of other languages', async (t) => {
  const tracker = new DialectTracker('cmn');
  const spoken = ['cmn-sichuan', 'yue', 'cmn-henan', 'wuu'];
  t.strictSame(tracker.likeliest(spoken), ['yue', 'wuu', 'cmn-sichuan', 'cmn-henan']);
  tracker.hear(said('帮我查一哈嘛'));
  t.equal(tracker.likeliest(spoken)[0], 'cmn-sichuan');
  tracker.hear({
    recognizers: new Map([
      ['yue', 0.05],
      ['cmn', 0.9],
    ]),
  });
  t.equal(tracker.likeliest(spoken).at(-1), 'yue', 'and last what something spoke against');
  t.strictSame(tracker.likeliest([]), []);
});
