import { t } from 'tap';
import { plainWriting, wordKey } from '../../src/dialect/plain-writing.js';

t.test('writing is made simple, and each part still knows where it stood', async (t) => {
  const raw = '<|yue|>電 費 係 ＡＢ 嗰啲';
  const plain = plainWriting(raw);
  t.equal(plain.text, '电费系 AB 嗰啲');
  const at = plain.text.indexOf('系');
  t.equal(raw.slice(plain.rawStart(at), plain.rawEnd(at + 1)), '係');
  t.equal(raw.slice(plain.rawStart(0), plain.rawEnd(2)), '電 費');
});

t.test('the key ignores case, accents and Arabic spellings, and is as long as the text', async (t) => {
  t.equal(wordKey('Cuánto ES'), 'cuanto es');
  t.equal(wordKey('Cua\u0301nto'), 'cuanto');
  t.equal(wordKey('فاتُورَة'), wordKey('فاتورة'));
  t.equal(wordKey('أريد'), wordKey('اريد'));
  for (const text of ['Straße İstanbul', '𠊎係', 'ﬁn', '']) {
    const plain = plainWriting(text);
    t.equal(plain.key.length, plain.text.length, text);
  }
});

t.test('the end of a text is the end of what was written', async (t) => {
  t.equal(plainWriting('ab').rawEnd(2), 2);
  t.equal(plainWriting('').rawStart(0), 0);
  t.equal(plainWriting('').rawEnd(0), 0);
});
