import { t } from 'tap';
import { readDialectData } from '../../src/dialect-data.js';

const { matcher } = await readDialectData();
const strange = { id: 'taught-1', dialect: 'wuu', words: '帮我轧轧苗头看', intent: 'bill-query' };
t.afterEach(() => matcher.teach([]));

t.test('a sentence that was taught is understood, and nearly the same one too', async (t) => {
  const before = matcher.understand(strange.words, 'wuu');
  t.notOk(before.sure && before.intent === 'bill-query', 'it was not before');
  matcher.teach([strange]);
  t.match(matcher.understand(strange.words, 'wuu'), {
    intent: 'bill-query',
    sure: true,
    taught: 'taught-1',
  });
  t.match(matcher.understand('帮我轧轧苗头看啊', 'wuu'), { intent: 'bill-query', taught: 'taught-1' });
  t.match(
    matcher.understand(strange.words, 'cmn'),
    { intent: 'bill-query' },
    'whoever says it in that family',
  );
});

t.test('what was taught leaves other sentences as they were', async (t) => {
  const sentences = [
    '我要交电费',
    '家里停电了',
    '帮我转人工',
    '今天天气不错',
    '好的',
    '唔该，我想问下我嘅电费几多呀',
  ];
  const before = sentences.map((text) => matcher.understand(text, 'cmn'));
  matcher.teach([strange]);
  t.strictSame(
    sentences.map((text) => matcher.understand(text, 'cmn')),
    before,
  );
});

t.test('what is taken back is not understood any more', async (t) => {
  const before = matcher.understand(strange.words, 'wuu');
  matcher.teach([strange]);
  matcher.understand(strange.words, 'wuu');
  matcher.teach([]);
  t.strictSame(matcher.understand(strange.words, 'wuu'), before);
});

t.test('other languages, and intents that this hotline does not have, are not touched', async (t) => {
  matcher.teach([
    { ...strange, words: 'flibber the wobble' },
    { ...strange, dialect: 'en-gb', words: 'flibber the wobble', intent: 'order-pizza' },
  ]);
  t.equal(matcher.understand('flibber the wobble', 'en-gb').taught, undefined);
});
