import t from 'tap';
import { expectedSpeech, turnPhrases, wishPhrases } from '../../src/call/turn-phrases.js';
import { DialectPacks } from '../../src/dialect/packs.js';
import { readPack } from '../../src/dialect/read-pack.js';
import type { CollectAction, OpenSpeech } from '../../src/dialog/action.js';

const packs = new DialectPacks(
  [
    `dialect: en
replies: { repeat: [what, say that again, come again, please repeat, once more], slower: [slow down], louder: [speak up] }`,
    'dialect: cmn\nreplies: { repeat: [啥, 再说一遍], slower: [慢一点], louder: [大声点] }',
  ].flatMap((text) => readPack(text, 'pack.yaml').pack ?? []),
);

const asks = (texts: readonly string[], dialect: string): CollectAction => ({
  type: 'collect',
  node: 'main.ask',
  phrases: texts.map((text) => ({ id: text, text, dialect })),
  keys: undefined,
  noInputMs: 5000,
  interDigitTimeoutMs: 3000,
  sensitive: false,
});
const textsOf = (phrases: readonly { text: string }[]) => phrases.map(({ text }) => text);

t.test(
  'every question understands the wishes in the words of its dialect, but none of one syllable',
  async (t) => {
    t.same(textsOf(turnPhrases(asks(['pay'], 'en-gb'), 'en-gb', packs)), [
      'say that again',
      'come again',
      'please repeat',
      'slow down',
      'speak up',
    ]);
    t.same(textsOf(wishPhrases('cmn-sichuan', packs)), ['再说一遍', '慢一点', '大声点']);
  },
);

t.test('in the dialect of the phrases, where the caller speaks another', async (t) => {
  t.match(textsOf(turnPhrases(asks(['交费'], 'cmn'), 'cmn-sichuan', packs)), ['再说一遍']);
  t.match(textsOf(turnPhrases(asks(['pay'], 'en-gb'), 'yue', packs)), ['say that again']);
});

t.test('a word that the dialplan has itself means what it says there', async (t) => {
  t.notOk(textsOf(turnPhrases(asks(['Slow down'], 'en-gb'), 'en-gb', packs)).includes('slow down'));
});

t.test('where nothing is listened for, or nobody knows words, there is nothing more', async (t) => {
  t.same(turnPhrases(asks([], 'en-gb'), 'en-gb', packs), []);
  t.same(turnPhrases(asks(['pay'], 'en-gb'), 'en-gb', undefined), []);
});

t.test('the endpoint is told what is asked', async (t) => {
  const open = { interim: true, openSpeech: true };
  const speech: OpenSpeech = {
    autonomy: 'open',
    set: undefined,
    intents: [],
    replies: [],
    slot: undefined,
    confirming: undefined,
    spoken: [],
    expected: true,
  };
  const slot = (type: 'digits' | 'text' | 'date') => ({
    ...asks([], 'en-gb'),
    speech: { ...speech, slot: { type, minDigits: 4, maxDigits: 8, min: undefined, max: undefined } },
  });
  t.match(expectedSpeech(asks(['pay'], 'en-gb'), [], { interim: true, openSpeech: false }), {
    kind: 'closed',
  });
  t.match(expectedSpeech(asks(['pay'], 'en-gb'), [], open), { kind: 'closed' });
  t.match(expectedSpeech({ ...asks(['pay'], 'en-gb'), speech }, [], open), { kind: 'open' });
  t.match(expectedSpeech(slot('digits'), [], open), { kind: 'digits', minDigits: 4, maxDigits: 8 });
  t.match(expectedSpeech(slot('text'), [], open), { kind: 'address' });
  t.match(expectedSpeech(slot('date'), [], open), { kind: 'open' });
  t.match(expectedSpeech(slot('date'), [], undefined), { kind: 'closed', interim: false });
});
