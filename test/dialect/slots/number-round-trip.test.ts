import fc from 'fast-check';
import { t } from 'tap';
import { dialectIds, findDialect } from '../../../src/dialect/catalogue.js';
import { digitsAsWords } from '../../../src/dialect/digit-words.js';
import { slotTypes } from '../../../src/dialect/slots/slot-value.js';
import { saturday, shippedSlots } from './shipped-slots.js';
import * as say from './spoken-words.js';

const speakers: readonly (readonly [
  name: string,
  dialects: readonly string[],
  speak: (n: number) => string,
  most: number,
])[] = [
  [
    'Chinese',
    ['cmn', 'cmn-henan', 'yue', 'wuu', 'nan', 'hak', 'gan', 'hsn', 'cjy'],
    say.inChinese,
    99_999_999,
  ],
  ['English', ['en-us', 'en-gb', 'en-in'], say.inEnglish, 999_999],
  ['Indian English', ['en-in'], say.inIndianEnglish, 999_999_999],
  ['Spanish', ['es-mx', 'es-es'], say.inSpanish, 999_999],
  ['Portuguese', ['pt-br', 'pt-pt'], say.inPortuguese, 999_999],
  ['French', ['fr-fr', 'fr-ch'], say.inFrench, 999_999],
  ['Swiss French', ['fr-ch', 'fr-fr'], say.inSwissFrench, 999_999],
  ['German', ['de-de', 'de-at', 'de-ch'], say.inGerman, 999_999],
  ['Arabic', ['ar-eg', 'ar-gulf'], say.inArabic, 999_999],
];

for (const [name, dialects, speak, most] of speakers) {
  t.test(`every number said in ${name} is read back, as digits and as an amount`, async (t) => {
    t.doesNotThrow(() => {
      fc.assert(
        fc.property(
          fc.oneof(fc.integer({ min: 0, max: 1200 }), fc.integer({ min: 0, max: most })),
          fc.constantFrom(...dialects),
          (value, dialect) => {
            const words = speak(value);
            const digits = shippedSlots.readSlot('digits', words, dialect)?.value;
            const amount = shippedSlots.readSlot('amount', words, dialect)?.value;
            if (digits !== String(value) || amount !== String(value)) {
              throw new Error(
                `${dialect}: ${words} is ${String(digits)} and ${String(amount)}, not ${String(value)}`,
              );
            }
          },
        ),
        { seed: 20261121, numRuns: 400 },
      );
    });
  });
}

t.test('a Chinese number whose last unit is left out is the same amount', async (t) => {
  t.doesNotThrow(() => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 99_999 }),
        fc.constantFrom('cmn', 'yue', 'wuu'),
        (value, dialect) => {
          return shippedSlots.readSlot('amount', say.inShortChinese(value), dialect)?.value === String(value);
        },
      ),
      { seed: 20261121, numRuns: 400 },
    );
  });
});

t.test('digits read out one by one are read back in every dialect', async (t) => {
  t.doesNotThrow(() => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9]{4,12}$/), fc.constantFrom(...dialectIds), (digits, dialect) => {
        const said = digitsAsWords(digits, dialect);
        const read = shippedSlots.readSlot('digits', said, dialect)?.value;
        if (read !== digits) throw new Error(`${dialect}: ${said} is ${String(read)}, not ${digits}`);
      }),
      { seed: 20261121, numRuns: 400 },
    );
  });
});

t.test('every clock time and calendar day written in figures is read back', async (t) => {
  const two = (value: number) => String(value).padStart(2, '0');
  t.doesNotThrow(() => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 23 }),
        fc.integer({ min: 0, max: 59 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 28 }),
        fc.constantFrom(...dialectIds),
        (hour, minute, month, day, dialect) => {
          const time = `${two(hour)}:${two(minute)}`;
          const read = shippedSlots.readSlot('time', time, dialect)?.value;
          const date = shippedSlots.readSlot('date', `2026-${two(month)}-${two(day)}`, dialect)?.value;
          if (read !== time || date !== `${two(month)}-${two(day)}`) {
            throw new Error(
              `${dialect}: ${time} ${two(month)}-${two(day)} is ${String(read)} ${String(date)}`,
            );
          }
        },
      ),
      { seed: 20261121, numRuns: 300 },
    );
  });
});

t.test('whatever is said, reading it does not fail, and takes no longer than a moment', async (t) => {
  const started = Date.now();
  t.doesNotThrow(() => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 300 }),
          fc
            .array(
              fc.constantFrom(...'一二三十百千万点半个块零〇号月差分廿呀15:/-. and half to six five double'),
              { maxLength: 600 },
            )
            .map((a) => a.join('')),
        ),
        fc.constantFrom(...dialectIds),
        fc.constantFrom(...slotTypes),
        (text, dialect, type) => {
          const read = shippedSlots.readSlot(type, text, dialect, saturday);
          if (read !== undefined && !(read.confidence > 0 && read.confidence < 1))
            throw new Error(`${type} ${text}`);
          if (read !== undefined && type === 'digits' && !/^\d+$/.test(read.value))
            throw new Error(read.value);
        },
      ),
      { seed: 20261121, numRuns: 300 },
    );
  });
  t.ok(Date.now() - started < 20_000, 'three hundred long texts were read');
  t.ok(dialectIds.every((id) => findDialect(id) !== undefined));
});
