import { t } from 'tap';
import { dialectIds } from '../../../src/dialect/catalogue.js';
import { readSlotWords } from '../../../src/dialect/slots/read-slot-words.js';
import { saturday, shippedSlots, shippedWords, slotFiles } from './shipped-slots.js';

t.test('every shipped file is right, and every dialect of the catalogue has words', async (t) => {
  for (const { file, source } of slotFiles) t.strictSame(readSlotWords(source, file).problems, [], file);
  t.strictSame([...shippedWords.keys()].sort(), [...dialectIds].sort());
});

t.test('every way to say a time or a day reads its own example', async (t) => {
  for (const [dialect, words] of shippedWords) {
    for (const [type, patterns] of [
      ['time', words.time.patterns] as const,
      ['date', words.date.patterns] as const,
    ]) {
      for (const { say, example } of patterns) {
        const value = shippedSlots.readSlot(type, example.text, dialect, saturday)?.value;
        if (value !== example.value)
          t.fail(`${dialect} '${say}': ${example.text} is ${String(value)}, not ${example.value}`);
      }
    }
    t.ok(words.time.patterns.length > 5 && words.date.patterns.length > 5, dialect);
  }
});

t.test('every word for a day gives its day', async (t) => {
  for (const [dialect, { date }] of shippedWords) {
    for (const [value, list] of Object.entries(date.words)) {
      if (value === 'none' || /^[+-]/.test(value)) continue;
      for (const word of list) {
        const read = shippedSlots.readSlot('date', word, dialect, saturday)?.value;
        if (read !== value) t.fail(`${dialect}: ${word} is ${String(read)}, not ${value}`);
      }
    }
  }
  t.pass('all words were read');
});

/** Problems of a file as "line message". */
function problems(source: string): readonly string[] {
  return readSlotWords(source, 'x.yaml').problems.map(({ line, message }) => `${String(line)} ${message}`);
}

t.test('a mistake in a file is told with its line', async (t) => {
  const head = 'languages: [en]\nwriting: latin\nnumbers: {}\n';
  t.strictSame(problems(head), []);
  t.match(problems(`${head}nmbers: {}\n`), [/^4 the file: must NOT have additional properties \('nmbers'\)/]);
  t.match(problems('languages: [de]\nwriting: latin\nnumbers:\n  units: { 0: [null] }\n'), [
    /^4 numbers\.units\.0\.0: must be string/,
  ]);
  t.match(problems('languages: [klingon]\nwriting: latin\nnumbers: {}\n'), [/^1 'klingon' is no language/]);
  t.match(problems(`${head}dialects:\n  en-au: {}\n`), [/^5? ?.*'en-au' is no dialect/]);
  t.match(
    problems(
      `${head}time:\n  patterns:\n    - { say: 'half (past {h}', minutes: 30, example: a => 01:00 }\n`,
    ),
    [/^6 '\(' is not closed/],
  );
  t.match(problems('languages: [en\n'), [/this is not YAML/]);
});

t.test('a rule for minutes that cannot be read is refused', async (t) => {
  const source =
    "languages: [en]\nwriting: latin\nnumbers: {}\ntime:\n  patterns:\n    - { say: '{h} x', minutes: 5q, example: a => 01:00 }\n";
  t.match(problems(source), [/^6 .*minutes/]);
});

t.test('a dialect gives a word its own value, and the others keep theirs', async (t) => {
  const source = `languages: [en]
writing: latin
numbers: { units: { 1: [one], 2: [two] } }
dialects:
  en-gb: { numbers: { units: { 2: [one], 3: [three] } } }
`;
  const { words } = readSlotWords(source, 'x.yaml');
  t.strictSame(words?.get('en-gb')?.numbers.units, { 1: [], 2: ['one', 'two'], 3: ['three'] });
  t.strictSame(words?.get('en-us')?.numbers.units, { 1: ['one'], 2: ['two'] });
});
