import fc from 'fast-check';
import { t } from 'tap';
import { dialectIds } from '../../src/dialect/catalogue.js';
import { digitsAsWords } from '../../src/dialect/digit-words.js';

t.test('digits are read one by one in the dialect, in groups with a pause', async (t) => {
  t.equal(digitsAsWords('203', 'en-gb'), 'two zero three');
  t.equal(digitsAsWords('1234567', 'en-us'), 'one two three, four five six seven');
  t.equal(digitsAsWords('1234567890', 'cmn'), '一 二 三，四 五 六，七 八 九 零');
  t.equal(digitsAsWords('88', 'yue'), '八 八');
  t.equal(
    digitsAsWords('12', 'nan'),
    '一 二',
    'Sinitic languages without a table of their own share the characters',
  );
  t.equal(digitsAsWords('59', 'fr-ch'), 'cinq neuf');
});

t.test('groups are those asked for, the last size going on', async (t) => {
  t.equal(digitsAsWords('04051980', 'en-gb', [2, 2, 4]), 'zero four, zero five, one nine eight zero');
  t.equal(digitsAsWords('123456', 'en-gb', [2]), 'one two, three four, five six');
});

t.test('what is no digit is left out, and nothing gives nothing', async (t) => {
  t.equal(digitsAsWords('+44 (20)', 'de-de'), 'vier vier zwei null');
  t.equal(digitsAsWords('', 'cmn'), '');
  t.equal(digitsAsWords('42', 'tlh'), '4 2', 'an unknown dialect gets the digits themselves, parted');
});

t.test('no digit is lost in any dialect', async (t) => {
  t.doesNotThrow(() => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9]{1,24}$/), fc.constantFrom(...dialectIds), (digits, dialect) => {
        const words = digitsAsWords(digits, dialect)
          .split(/[,，،\s]+/)
          .filter((word) => word !== '');
        const table = [...'0123456789'].map((d) => digitsAsWords(d, dialect));
        return words.map((word) => String(table.indexOf(word))).join('') === digits;
      }),
    );
  });
});
