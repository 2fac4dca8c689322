import { t } from 'tap';
import { readDialectPacks } from '../../src/dialect-data.js';
import { isDialectId } from '../../src/dialect/catalogue.js';
import { normalise } from '../../src/dialect/normalise.js';
import { wordKey } from '../../src/dialect/plain-writing.js';
import { packFamilies, readPack } from '../../src/dialect/read-pack.js';
import { DialectPacks } from '../../src/dialect/packs.js';
import { parseReply } from '../../src/dialect/replies.js';

const { packs, problems } = await readDialectPacks();

t.test('every shipped pack is right', async (t) => {
  t.strictSame(problems, []);
  for (const { dialect } of packs.all) t.ok(isDialectId(dialect) || packFamilies.includes(dialect), dialect);
});

for (const pack of packs.all) {
  t.test(`every word of ${pack.dialect} is read in its example, in all its writings`, async (t) => {
    for (const { word, spellings, means, example } of pack.words) {
      const read = normalise(example.text, pack.dialect, packs);
      t.equal(read.canonical, example.canonical, example.text);
      if (wordKey(word) === wordKey(means)) continue;
      const span = read.spans.find((each) => each.word === word);
      t.ok(span, `${word} is found in ${example.text}`);
      if (span === undefined) continue;
      t.equal(read.canonical.slice(span.canonicalStart, span.canonicalEnd), means);
      const said = example.text.slice(span.rawStart, span.rawEnd);
      t.ok([word, ...spellings].some((each) => wordKey(each) === wordKey(said)));
      for (const spelling of spellings) {
        const respelt = example.text.slice(0, span.rawStart) + spelling + example.text.slice(span.rawEnd);
        t.equal(
          normalise(respelt, pack.dialect, packs).canonical,
          example.canonical,
          `${spelling} means what ${word} means`,
        );
      }
    }
  });

  t.test(`an answer of ${pack.dialect} is read as what the pack says it is`, async (t) => {
    // Families are no dialect: their phrases are read with each of theirs.
    if (!isDialectId(pack.dialect)) return;
    for (const kind of ['yes', 'no'] as const) {
      for (const phrase of pack.replies[kind]) {
        t.strictSame(parseReply(phrase, pack.dialect, packs), { reply: kind, whole: true }, phrase);
      }
    }
  });
}

t.test(
  'a dialect has its own words first, then those of what it falls back to, then its family’s',
  async (t) => {
    t.strictSame(
      packs.chain('hsn').map(({ dialect }) => dialect),
      ['hsn', 'cmn-hunan', 'cmn', 'sinitic'],
    );
    t.strictSame(packs.chain('tlh'), []);
    const two = new DialectPacks(
      ['cmn', 'yue'].flatMap(
        (dialect) =>
          readPack(
            `dialect: ${dialect}\nwords: [{ word: 系, means: ${dialect}, example: 系 => ${dialect} }]\nreplies: { yes: [系] }\n` +
              `soundCosts: [{ a: n, b: l, cost: ${dialect === 'yue' ? '0.1' : '0.5'} }]\n`,
            dialect,
          ).pack ?? [],
      ),
    );
    t.equal(normalise('系', 'yue', two).canonical, 'yue');
    t.strictSame(two.repliesOf('yue', 'yes'), ['系']);
    t.strictSame(two.soundCostsOf('yue'), [{ a: 'n', b: 'l', cost: 0.1 }]);
  },
);
