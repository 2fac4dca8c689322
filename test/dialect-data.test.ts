import { appendFile, cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { t } from 'tap';
import { crossValidate } from '../src/dialect/cross-validate.js';
import { evaluate } from '../src/dialect/evaluate.js';
import { IntentMatcher } from '../src/dialect/intent-matcher.js';
import { learnedBytes } from '../src/dialect/learned-file.js';
import { familyOf } from '../src/dialect/packs.js';
import { readDialectData } from '../src/dialect-data.js';
import { dialectDataDir, readShippedSet } from '../src/dialect-files.js';

// Training several models takes seconds on a busy machine.
t.setTimeout(300_000);

const data = await readDialectData();
const known = new Set(data.intents.keys());

t.test('the shipped files have no problem', async (t) => {
  t.strictSame(data.problems, []);
  t.ok(data.packs.all.length > 10 && data.slots.dialects.length > 10);
});

t.test('every intent has examples in every language', async (t) => {
  for (const { language, examples } of data.examples.filter((one) => one.concepts.length > 0)) {
    const counts = new Map<string, number>();
    for (const { intent, dialect, texts } of examples) {
      if (dialect === language) counts.set(intent, texts.length);
    }
    for (const intent of known) t.ok((counts.get(intent) ?? 0) >= 13, `${language} ${intent}`);
  }
});

t.test('no sentence of the tuned set is an example as well', async (t) => {
  const set = await readShippedSet('tuned', known);
  const fold = (text: string) => text.replace(/[\s\p{P}]/gu, '').toLowerCase();
  const examples = new Map(
    data.examples.flatMap((one) =>
      one.examples.flatMap(({ dialect, texts }) => texts.map((text) => [fold(text), dialect] as const)),
    ),
  );
  // Of two or three words there are not many ways to say a thing.
  const long = (set?.lines ?? []).filter(
    ({ text }) => fold(text).length > (/\p{Script=Han}/u.test(text) ? 9 : 20),
  );
  t.ok(long.length > 400);
  t.strictSame(
    long.filter(({ text }) => examples.has(fold(text))),
    [],
  );
});

t.test('the tuned set is understood as it says', async (t) => {
  const set = await readShippedSet('tuned', known);
  t.strictSame(set?.problems, []);
  const lines = set?.lines ?? [];
  t.ok(lines.length >= 800 && new Set(lines.map(({ dialect }) => dialect)).size >= 12);
  const result = evaluate(lines, {
    intentOf: (text, dialect) => data.matcher.understand(text, dialect),
    slotOf: (type, text, dialect) => data.slots.readSlot(type, text, dialect)?.value,
    dialectOf: (text) => data.identifier.identifyText(text),
  });
  t.ok((result.intentAccuracy ?? 0) >= 0.96, `intents ${String(result.intentAccuracy)}`);
  t.ok(
    (result.intentAccuracyWhenSure ?? 0) >= 0.98,
    `intents when sure ${String(result.intentAccuracyWhenSure)}`,
  );
  t.ok((result.slotAccuracy ?? 0) >= 0.95, `slots ${String(result.slotAccuracy)}`);
  t.ok((result.identificationAccuracyWhenSure ?? 0) >= 0.97, 'identification, when it commits itself');
  t.equal(result.switchedOnNeutral, 0, 'neutral text never tells a dialect');
});

t.test('no sentence of the second held-out set is an example as well', async (t) => {
  const set = await readShippedSet('held-out-2', known);
  t.strictSame(set?.problems, []);
  const fold = (text: string) => text.replace(/[\s\p{P}]/gu, '').toLowerCase();
  const examples = new Set(
    data.examples.flatMap((one) => one.examples.flatMap(({ texts }) => texts.map(fold))),
  );
  const long = (set?.lines ?? []).map(({ text }) => fold(text)).filter((text) => text.length > 6);
  t.ok(long.length > 400);
  // How many, never which: nobody may look at them.
  t.equal(long.filter((text) => examples.has(text)).length, 0);
});

t.test('what is kept as learned is what the examples teach: else run `xiangyin dialect train`', async (t) => {
  const fresh = IntentMatcher.build(data.examples, data.packs);
  t.ok(data.learned.size > 5, 'the file is of these examples and packs');
  for (const dialect of ['fr-fr', 'yue']) {
    const family = familyOf(dialect);
    const [kept, now] = [data.learned.get(family), fresh.learned(dialect)].map((learned) =>
      learnedBytes({ digest: '', families: new Map(learned ? [[family, learned]] : []) }),
    );
    t.ok(kept !== undefined && now !== undefined && Buffer.compare(kept, now) === 0, family);
  }
});

t.test('without the file, or with one of other examples, everything is learned anew', async (t) => {
  const dir = t.testdir();
  await cp(dialectDataDir, dir, { recursive: true, filter: (source) => !source.endsWith('.ts') });
  const pack = join(dir, 'packs', 'fr.yaml');
  const words = await readFile(pack, 'utf8');
  await writeFile(pack, words.replace(/^words:/mu, 'words:\n  # one more\n'));
  t.equal((await readDialectData(dir)).learned.size, 0, 'words changed');
  await writeFile(pack, words.replace(/^replies:/mu, 'replies:\n  # one more\n'));
  t.ok((await readDialectData(dir)).learned.size > 5, 'answers are not learned from');
  await writeFile(join(dir, 'intents', 'hotline.learned'), 'no model');
  const { learned, matcher } = await readDialectData(dir);
  t.equal(learned.size, 0);
  t.equal(matcher.understand("l'électricité est coupée", 'fr-fr').intent, 'report-outage');
});

t.test('examples that the model has not seen are matched in Chinese', async (t) => {
  const chinese = data.examples.filter(({ language }) => familyOf(language) === 'sinitic');
  const { accuracy, accuracyWhenSure, perDialect } = crossValidate(chinese, data.packs, 5, 1);
  t.ok(accuracy >= 0.9, `all ${String(accuracy)}`);
  t.ok(accuracyWhenSure >= 0.95, `when sure ${String(accuracyWhenSure)}`);
  for (const dialect of ['cmn', 'yue', 'wuu']) {
    t.ok((perDialect[dialect]?.accuracy ?? 0) >= 0.87, `${dialect} ${String(perDialect[dialect]?.accuracy)}`);
  }
});

t.test('a broken file is told with its line, and the others are read', async (t) => {
  const dir = t.testdir();
  await cp(dialectDataDir, dir, { recursive: true, filter: (source) => !source.endsWith('.ts') });
  await appendFile(join(dir, 'intents', 'hotline', 'yue.yaml'), '  nothing: |\n    是\n');
  const broken = await readDialectData(dir);
  t.match(broken.problems, [{ file: /yue\.yaml$/, line: Number, message: /'nothing' is no intent/ }]);
  t.equal(broken.problems.length, 1);
  t.equal(broken.examples.length, data.examples.length - 1);
  await appendFile(join(dir, 'intents', 'hotline.yaml'), ' broken: [');
  t.match((await readDialectData(dir)).problems, [{ file: /hotline\.yaml$/ }]);
});
