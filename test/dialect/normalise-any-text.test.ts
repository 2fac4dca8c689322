import fc from 'fast-check';
import { t } from 'tap';
import { readDialectPacks } from '../../src/dialect-data.js';
import { dialectIds } from '../../src/dialect/catalogue.js';
import { DialectIdentifier } from '../../src/dialect/identify.js';
import { normalise } from '../../src/dialect/normalise.js';
import { readReply } from '../../src/dialect/replies.js';
import { turnCue } from '../../src/dialect/turn-cue.js';

const { packs } = await readDialectPacks();
const identifier = new DialectIdentifier(packs);

/** Words of the packs among anything that an engine or an attacker may send. */
const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '系',
        '唔系',
        '嗰',
        '𠊎',
        '電費',
        '<|zh|>',
        'é',
        'e\u0301',
        '嗯',
        '，',
        ' ',
        '冇',
        '啷个',
        'ﬁ',
        '\ud83d',
      ),
      fc.string({ unit: 'grapheme', maxLength: 4 }),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

t.test('whatever was said, spans stand in order inside both texts', async (t) => {
  fc.assert(
    fc.property(anyText, fc.constantFrom(...dialectIds), (raw, dialect) => {
      const read = normalise(raw, dialect, packs);
      let rawEnd = 0;
      let canonicalEnd = 0;
      for (const span of read.spans) {
        if (span.rawStart < rawEnd || span.rawEnd < span.rawStart || span.rawEnd > raw.length) return false;
        if (span.canonicalStart < canonicalEnd || span.canonicalEnd > read.canonical.length) return false;
        ({ rawEnd, canonicalEnd } = span);
      }
      return read.raw === raw;
    }),
    { numRuns: 500, seed: 6 },
  );
  t.pass();
});

t.test('whatever was said, nothing throws', async (t) => {
  fc.assert(
    fc.property(anyText, fc.constantFrom(...dialectIds, 'tlh', ''), (raw, dialect) => {
      identifier.identifyText(raw);
      readReply(raw, dialect, packs);
      turnCue(raw, dialect, packs);
    }),
    { numRuns: 500, seed: 6 },
  );
  t.pass();
});

t.test('a very long text takes no more than its length', async (t) => {
  const start = process.hrtime.bigint();
  const long = '唔系行了好不好'.repeat(3000);
  normalise(long, 'yue', packs);
  identifier.identifyText(long);
  readReply(long, 'yue', packs);
  readReply('行了'.repeat(10_000), 'cmn', packs);
  t.ok(process.hrtime.bigint() - start < 3_000_000_000n);
});
